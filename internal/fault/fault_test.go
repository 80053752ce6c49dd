package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/fault"
)

// TestFrom: an error that is no fault is Internal, and its text is for the log alone.
func TestFrom(t *testing.T) {
	t.Parallel()
	cause := errors.New("password=hunter2 at /var/lib")
	f := fault.From(cause)
	if f.Kind != fault.Internal || strings.Contains(f.Public, "hunter2") || !errors.Is(f, cause) || !strings.Contains(f.Error(), "hunter2") {
		t.Errorf("%+v", f)
	}
	mine := fault.Wrap(fault.Conflict, "It exists.", cause)
	for _, err := range []error{mine, fmt.Errorf("two walls: %w", fmt.Errorf("one wall: %w", mine)), errors.Join(errors.New("x"), mine)} {
		if got := fault.From(err); got != mine {
			t.Errorf("%v becomes %+v", err, got)
		}
	}
	if fault.From(nil) != nil {
		t.Error("nothing becomes something")
	}
	if fault.New(fault.NotFound, "Gone.").Error() != "Gone." {
		t.Error("a public text is not the whole story")
	}
}

func TestIs(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("outside: %w", fault.New(fault.Throttled, "Wait."))
	if !fault.Is(err, fault.Throttled) || fault.Is(err, fault.Busy) || fault.Is(nil, fault.Internal) || !fault.Is(errors.New("x"), fault.Internal) {
		t.Error("kinds are mixed up")
	}
}
