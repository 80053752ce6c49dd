package conformance

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/doorbook/doorbook/conformance/server"
)

// servers are started by the first test that needs them.
var servers server.Rack

func TestMain(m *testing.M) {
	if job := os.Getenv(writerVariable); job != "" {
		if err := runWriter(context.Background(), job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	servers.Close()
	os.Exit(code)
}
