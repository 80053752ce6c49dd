package span_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/span"
)

// TestParse: what is a time, and that it is written as it is read.
func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30m": 30 * time.Minute, "2h": 2 * time.Hour, "400d": 400 * 24 * time.Hour, "0m": 0, "65535d": 65535 * 24 * time.Hour,
	} {
		if got, ok := span.Parse(text); !ok || got != want {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
		if got, ok := span.Parse(span.String(want)); !ok || got != want {
			t.Errorf("%v is written %q", want, span.String(want))
		}
	}
	for _, text := range []string{"", "m", "30", "30s", "-1m", "1h30m", "1.5h", " 1h", "65536d", "1D"} {
		if got, ok := span.Parse(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}
