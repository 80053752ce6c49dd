package conformance

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/doorbook/doorbook/conformance/server"
)

// servers are started by the first test that needs them.
var servers server.Rack

// manyAtOnce lets more tests run at once than there are processors, unless -parallel is given: most
// of the time they wait for a server.
func manyAtOnce() {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
}

func TestMain(m *testing.M) {
	if job := os.Getenv(writerVariable); job != "" {
		if err := runWriter(context.Background(), job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	manyAtOnce()
	code := m.Run()
	servers.Close()
	os.Exit(code)
}
