package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/conformance/server"
	"github.com/doorbook/doorbook/e2e/rig"
)

// servers are started by the first test that needs them.
var servers server.Rack

func TestMain(m *testing.M) {
	code := rig.Main(m)
	servers.Close()
	os.Exit(code)
}

// newDatabase gives the URL of a database of the test's own, on the MongoDB that all tests share.
// It takes one message at a time, so what several nodes do at once is atomic, and the program has
// patience with it, however busy the machine is.
func newDatabase(t *testing.T) string {
	t.Helper()
	base, settings, _ := strings.Cut(servers.Mongo(t), "?")
	settings = strings.TrimPrefix(settings+"&timeoutMS=300000&connectTimeoutMS=300000&serverSelectionTimeoutMS=300000", "&")
	url := fmt.Sprintf("%s/e2e_%s_%d?%s", strings.TrimRight(base, "/"), strings.ToLower(t.Name()), os.Getpid(), settings)
	t.Cleanup(func() { _ = rig.Mongo(t, url).Drop(context.Background()) })
	return url
}
