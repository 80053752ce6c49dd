package session

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/memstore"
)

// limits is what the documents say of limits and defaults, put into words by the code itself.
func limits(t *testing.T) [][2]string {
	t.Helper()
	keys, err := NewKeyRing([]byte("a key for the table of limits, 1"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Config{Keys: keys, Home: Home{Store: memstore.New(memstore.Config{})}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	lifetime := func(l Lifetime) string { return words(l.Idle) + " without use, " + words(l.Absolute) + " in all; " }
	return [][2]string{
		{"ordinary session", lifetime(c.Lifetime) + "the cookie goes with the browser"},
		{"remembered session", lifetime(c.Remembered) + "the cookie outlives the browser"},
		{"a use is written down", "once in " + words(c.TouchEvery) + ", or in a quarter of the idle limit if that is less"},
		{"a visit to the store", words(c.SaveTimeout)},
		{"keys and values", fmt.Sprintf("%d KiB together, encoded", c.MaxBytes>>10)},
		{"name of a key", fmt.Sprintf("1 to %d bytes of UTF-8, not beginning with %q", maxKeyName, flashPrefix)},
		{"keys that one request changes", fmt.Sprint(maxChanges)},
		{"waiting messages", fmt.Sprintf("%d, then the oldest go", maxFlashes)},
		{"subject", fmt.Sprintf("1 to %d bytes of UTF-8", maxSubject)},
		{"sessions of a subject", fmt.Sprintf("%d, then a sign-in ends the longest unused", c.MaxPerSubject)},
		{"address and browser", fmt.Sprintf("cut to %d and %d bytes", maxAddr, maxUserAgent)},
		{"tries after a conflict", fmt.Sprint(maxTries)},
		{"an answer that lasts", fmt.Sprintf("learns within %s that its session ended, by a look every %s", words(watchGrace), words(watchEvery))},
		{"sweeper", fmt.Sprintf("batches of %d, every %s", sweepBatch, words(sweepEvery))},
		{"secret keys", fmt.Sprintf("%d bytes or more", minKeyBytes)},
		{"session key", fmt.Sprintf("%d bits of id, %d bits of secret, %d bits of HMAC-SHA256", 8*place.IDBytes, 8*place.SecretBytes, 8*place.MACBytes)},
		{"cookie", fmt.Sprintf("%d bytes with name and attributes", maxCookie)},
	}
}

func words(d time.Duration) string {
	for _, unit := range []struct {
		name string
		d    time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		// 24 hours stay hours, as people say of a working day.
		if n := d / unit.d; d%unit.d == 0 && n > 0 && (unit.name != "day" || n > 1) {
			if n > 1 {
				unit.name += "s"
			}
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return d.String()
}

// TestLimits: the tables of the package documentation and of docs/sessions.md say what the code
// does, no more and no less.
func TestLimits(t *testing.T) {
	t.Parallel()
	want := limits(t)
	for file, row := range map[string]*regexp.Regexp{
		"doc.go":              regexp.MustCompile(`(?m)^//\t(.+?)  +(.+)$`),
		"../docs/sessions.md": regexp.MustCompile(`(?m)^\| (.+?) \| (.+?) \| .+ \|$`),
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(string(text), "# Limits and defaults\n")
		if !ok {
			t.Fatalf("%s has no section of that name", file)
		}
		section = regexp.MustCompile(`(?m)^(// )?#`).Split(section, 2)[0]
		got := row.FindAllStringSubmatch(section, -1)
		if file != "doc.go" && len(got) > 0 {
			got = got[1:] // the head of the table
		}
		for i := range max(len(got), len(want)) {
			switch {
			case i >= len(want):
				t.Errorf("%s: a row too many: %s", file, got[i][0])
			case i >= len(got):
				t.Errorf("%s lacks %v", file, want[i])
			case got[i][1] != want[i][0] || got[i][2] != want[i][1]:
				t.Errorf("%s says %q: %q, the code %q", file, got[i][1], got[i][2], want[i])
			}
		}
	}
}
