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

var (
	commentForm = regexp.MustCompile(`(?s)/\*.*?\*/`)
	colourForm  = regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6});`)
	ownForm     = regexp.MustCompile(`(--[a-z0-9-]+):`)
	useForm     = regexp.MustCompile(`var\((--[a-z0-9-]+)\)`)
	ruleForm    = regexp.MustCompile(`([a-z-]+): ([^;{}]+);`)
)

// schemes reads the colours of both schemes from the style sheet. The dark one names every colour
// anew.
func schemes(t *testing.T) map[string]map[string]string {
	t.Helper()
	light, rest, ok := strings.Cut(layer(t, "tokens"), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark scheme")
	}
	dark, _, _ := strings.Cut(rest, "@media")
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

// layer is the file of one layer, without its comments.
func layer(t *testing.T, name string) string {
	t.Helper()
	content, err := fs.ReadFile(static.FS, "css/"+name+".css")
	if err != nil {
		t.Fatal(err)
	}
	return commentForm.ReplaceAllString(string(content), "")
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
		{"accent", "raised", 4.5},
		{"warn", "warn-soft", 3},
		{"edge", "paper", 3},
		{"edge", "raised", 3},
		{"bad", "raised", 3},
		{"focus", "paper", 3},
		{"focus", "raised", 3},
		{"focus", "bad-soft", 3},
		{"plot-2", "paper", 3},
		{"plot-3", "paper", 3},
		{"plot-4", "paper", 3},
		{"plot-5", "paper", 3},
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

// TestLayers: each file is one layer of its name and nothing outside it, and the folder has no other.
func TestLayers(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(static.FS, "css/*.css")
	if err != nil || len(files) != len(static.Layers()) {
		t.Errorf("%v: files %v, layers %v", err, files, static.Layers())
	}
	for _, name := range static.Layers() {
		text := strings.TrimSpace(layer(t, name))
		depth := 0
		ends := strings.IndexFunc(text, func(c rune) bool {
			switch c {
			case '{':
				depth++
			case '}':
				depth--
				return depth == 0
			}
			return false
		})
		if !strings.HasPrefix(text, "@layer "+name+" {") || ends != len(text)-1 {
			t.Errorf("%s is not one layer of that name: it ends at %d of %d", name, ends, len(text))
		}
	}
}

// TestOwnPropertiesAreThere: what is used is defined, what is defined is used, and all of it stands
// among the tokens.
func TestOwnPropertiesAreThere(t *testing.T) {
	t.Parallel()
	defined, used := map[string]bool{}, map[string]bool{}
	for _, name := range static.Layers() {
		text := layer(t, name)
		for _, m := range ownForm.FindAllStringSubmatch(text, -1) {
			if name != "tokens" {
				t.Errorf("%s defines %s", name, m[1])
			}
			defined[m[1]] = true
		}
		for _, m := range useForm.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
	}
	for name := range defined {
		if !used[name] {
			t.Errorf("nobody uses %s", name)
		}
	}
	for name := range used {
		if !defined[name] {
			t.Errorf("%s is used and not defined", name)
		}
	}
	for prefix, want := range map[string]int{"--type-": 6, "--space-": 8, "--radius": 1} {
		n := 0
		for name := range defined {
			if strings.HasPrefix(name, prefix) {
				n++
			}
		}
		if n != want {
			t.Errorf("%d of %s, want %d", n, prefix, want)
		}
	}
}

// TestTokensAreUsed: colours, sizes of letters, spaces and the radius are the tokens', so that
// TestContrast sees every colour and the pages stay one family. What follows the letters around it
// (em) or is the width of a line (up to 4px) is free.
func TestTokensAreUsed(t *testing.T) {
	t.Parallel()
	space := regexp.MustCompile(`^-?(0|[1-4]px|auto|[0-9.]+em|var\(--(space|target)[a-z0-9-]*\))$`)
	allowed := map[string]*regexp.Regexp{
		"font-size":     regexp.MustCompile(`^(var\(--type-[1-6]\)|[0-9.]+em)$`),
		"border-radius": regexp.MustCompile(`^(var\(--radius\)|0)$`),
	}
	for _, name := range static.Layers()[1:] {
		for _, m := range ruleForm.FindAllStringSubmatch(layer(t, name), -1) {
			property, value := m[1], m[2]
			if strings.Contains(value, "#") || strings.Contains(value, "rgb") || strings.Contains(value, "hsl") {
				t.Errorf("%s has a colour without a name: %s", name, m[0])
			}
			if form := allowed[property]; form != nil && !form.MatchString(value) {
				t.Errorf("%s: %s", name, m[0])
			}
			switch side, _, _ := strings.Cut(property, "-"); side {
			case "margin", "padding", "gap":
				for _, v := range strings.Fields(value) {
					if !space.MatchString(v) && !strings.HasPrefix(value, "clamp(") && !strings.Contains(value, " clamp(") {
						t.Errorf("%s: %s", name, m[0])
						break
					}
				}
			}
		}
	}
}
