package view

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                         "",
		"/plain?x=1&y=<b>":         "/plain?x=1&y=<b>",
		"Grüße, 世界 😀":              "Grüße, 世界 😀",
		"a\nb\tc\x1b[0m\x7f":       `a\u000ab\u0009c\u001b[0m\u007f`,
		"\u0085\u009b":             `\u0085\u009b`,
		"\u202egnp.exe":            `\u202egnp.exe`,
		"\u2066a\u2069":            `\u2066a\u2069`,
		"\u200b\u200d\ufeff\u2060": `\u200b\u200d\ufeff\u2060`,
		"\u2028\u2029":             `\u2028\u2029`,
		"a\u00a0b\u3000c":          `a\u00a0b\u3000c`,
		"\u00ad\u115f\u3164\ufe0f": `\u00ad\u115f\u3164\ufe0f`,
		"\U000e0041":               `\U000e0041`,
		"\xff\xc3":                 `\xff\xc3`,
		"\ufffd":                   "\ufffd",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestOwnNameKeepsWhatScriptsNeed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"👩\u200d💻 Ada":      "👩\u200d💻 Ada",
		"می\u200cخواهم":     "می\u200cخواهم",
		"❤\ufe0f":           "❤\ufe0f",
		"Ada\u00a0L":        "Ada\u00a0L",
		"\u202eAda\x00\xff": `\u202eAda\u0000\xff`,
	} {
		if got := asWritten(in); got != want {
			t.Errorf("asWritten(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestClipped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"}, {"longer", 5, "longe…"}, {"äöüß!", 5, "äöüß!"}, {"äöüß!!", 5, "äöüß!…"}, {"\u202e\u202e", 1, `\u202e…`},
	} {
		if got := clipped(tt.in, tt.limit); got != tt.want {
			t.Errorf("clipped(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
	if got := clipped(strings.Repeat("x", 1<<20), 200); len(got) > 210 {
		t.Errorf("%d bytes are left", len(got))
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[int]string{
		0: "0", 7: "7", -7: "-7", 999: "999", 1000: "1,000", -1000: "-1,000", 12345: "12,345", -123456: "-123,456", 1234567: "1,234,567",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := count(in); got != want {
			t.Errorf("count(%d) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[int]string{
		0: "0", 1200: "1,200", 8000: "8,000", 10000: "10k", 400000: "400k", 2000000: "2M", 60000000: "60M", 3e9: "3B", 1e12: "1T", 4e15: "4P",
		math.MaxInt64: "9,223P",
	} {
		if got := short(in); got != want {
			t.Errorf("short(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for in, want := range map[time.Duration]string{
		-1: "", 0: "", 999: "< 1 µs", 1500: "1 µs", 412 * time.Microsecond: "412 µs", 1290 * time.Microsecond: "1.2 ms",
		9999 * time.Microsecond: "9.9 ms", 10 * time.Millisecond: "10 ms", 999 * time.Millisecond: "999 ms", 1500 * time.Millisecond: "1.5 s",
		59 * time.Second: "59 s", 119 * time.Second: "119 s", 2 * time.Minute: "2 min", math.MaxInt64: "153,722,867 min",
	} {
		if got := took(in); got != want {
			t.Errorf("took(%d) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[time.Duration]string{
		0: "0 minutes", time.Minute: "1 minute", time.Hour: "60 minutes", 90 * time.Minute: "90 minutes", 24 * time.Hour: "24 hours",
		48 * time.Hour: "48 hours", 72 * time.Hour: "3 days",
	} {
		if got := span(in); got != want {
			t.Errorf("span(%v) = %q, want %q", in, got, want)
		}
	}
}
