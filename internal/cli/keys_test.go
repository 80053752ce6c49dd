package cli_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/cli"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestKeysNeeded: a change of the key signs nobody out, and the list says which sessions still need
// the old one: none, once each was used after the server's start with the new one. Guard: countUses.
func TestKeysNeeded(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		dir := t.TempDir()
		open := func() *sitetest.Site {
			return sitetest.Open(t, dir, func(p *server.Parts) {
				keys, _, err := config.Keys(config.Secrets{}, dir)
				if err != nil {
					t.Fatal(err)
				}
				p.Keys, p.Secure, p.CookiePrefix = keys, secure, "one"
			})
		}
		s := open()
		ada := s.Developer("Ada", account.Member)
		v, idle := s.SignedIn(ada), s.SignedIn(ada)
		keys := func(want ...int) {
			t.Helper()
			var got struct {
				Keys []struct {
					Sessions int
					Signs    bool
				}
				Other int `json:"other_sessions"`
			}
			if err := json.Unmarshal([]byte(run(t, "keys", "list", "-o", "json", "--data", dir)), &got); err != nil {
				t.Fatal(err)
			}
			counts := []int{got.Other}
			for i, k := range got.Keys {
				if counts = append(counts, k.Sessions); k.Signs != (i == 0) {
					t.Errorf("key %d signs: %v", i, k.Signs)
				}
			}
			if diff := cmp.Diff(want, counts); diff != "" {
				t.Errorf("secure %v: sessions of none, and of each key (-want +got):\n%s", secure, diff)
			}
		}
		keys(0, 2)
		run(t, "keys", "rotate", "--data", dir)
		keys(0, 0, 2)
		later := open()
		later.Clock.Turn(2 * time.Minute)
		for _, in := range []*sitetest.Visitor{v, idle} {
			if a := in.At(later.Handler).Get("/"); a.Status != 200 {
				t.Fatalf("secure %v: signed out: %d", secure, a.Status)
			}
			if in == v {
				keys(0, 1, 1)
			}
		}
		keys(0, 2, 0)
	}
}

// run is a command that must do.
func run(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), cli.Env{
		Args: args, Environ: []string{"HOME=" + t.TempDir(), "DOORBOOK_COOKIE_PREFIX=one"},
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
	})
	if code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, &errs)
	}
	return out.String()
}
