package e2e_test

import (
	"os"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
