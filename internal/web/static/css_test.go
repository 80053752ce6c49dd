package static_test

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/web/static"
)

var colourForm = regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6});`)

// schemes reads the colours of both schemes from the style sheet. The dark one names every colour
// anew.
func schemes(t *testing.T) map[string]map[string]string {
	t.Helper()
	content, err := fs.ReadFile(static.FS, "app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, rest, ok := strings.Cut(string(content), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark scheme")
	}
	dark, _, _ := strings.Cut(rest, "*, *::before")
	out := map[string]map[string]string{}
	for name, text := range map[string]string{"light": light, "dark": dark} {
		out[name] = map[string]string{}
		for _, m := range colourForm.FindAllStringSubmatch(text, -1) {
			out[name][m[1]] = m[2]
		}
	}
	if l, d := len(out["light"]), len(out["dark"]); l != d || l < 15 {
		t.Fatalf("%d colours in light, %d in dark", l, d)
	}
	return out
}

// luminance and contrast are those of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || hex == "" {
		t.Fatalf("colour %q: %v", hex, err)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(n>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// TestContrast: text 4.5 to 1 (WCAG 1.4.3), what one must see to use a page 3 to 1 (1.4.11,
// 2.4.11).
func TestContrast(t *testing.T) {
	t.Parallel()
	pairs := []struct {
		colour, on string
		least      float64
	}{
		{"ink", "paper", 4.5},
		{"ink", "raised", 4.5},
		{"ink", "accent-soft", 4.5},
		{"ink", "warn-soft", 4.5},
		{"ink", "bad-soft", 4.5},
		{"paper", "ink", 4.5}, // a pressed button
		{"quiet", "paper", 4.5},
		{"quiet", "raised", 4.5},
		{"accent", "paper", 4.5},
		{"on-accent", "accent", 4.5},
		{"bad", "paper", 4.5},
		{"bad", "bad-soft", 4.5},
		{"warn", "paper", 4.5},
		{"edge", "paper", 3},
		{"edge", "raised", 3},
		{"bad", "raised", 3},
		{"focus", "paper", 3},
		{"focus", "raised", 3},
		{"focus", "bad-soft", 3},
		{"s2", "paper", 3},
		{"s3", "paper", 3},
		{"s4", "paper", 3},
		{"s5", "paper", 3},
	}
	for name, colours := range schemes(t) {
		for _, p := range pairs {
			if got := contrast(t, colours[p.colour], colours[p.on]); got < p.least {
				t.Errorf("%s: %s on %s is %.2f to 1, want %.1f", name, p.colour, p.on, got, p.least)
			}
		}
	}
	if got := contrast(t, "000000", "ffffff"); math.Abs(got-21) > 0.001 {
		t.Errorf("black on white is %.3f to 1, want 21", got)
	}
}

// Colours are named in one place, so that TestContrast sees them all.
func TestColoursAreNamed(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(static.FS, "app.css")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(content), "\n") {
		if strings.Contains(line, "#") && !colourForm.MatchString(line) && !strings.Contains(line, "/*") {
			t.Errorf("line %d has a colour without a name: %s", i+1, strings.TrimSpace(line))
		}
	}
}
