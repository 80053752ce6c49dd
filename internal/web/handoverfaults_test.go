package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestHandOverFaults: with every call to a database failing on the way from the host of an
// application home and back, and on the way through to the application, alone, alone although it was
// done, and with all that follow: who comes is let in as who they are or not at all, is told so
// honestly, and is let in afterwards.
func TestHandOverFaults(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	g := &gate.Gate{Apps: []gate.App{{
		Name: "Wiki", Host: "wiki.example.org", Origin: wiki, Rules: gate.Everybody(), Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}},
	}}}
	s := sitetest.New(t, func(p *server.Parts) {
		p.URL, p.HTTPS, p.Gate, p.Proxy = home+pages, true, func() *gate.Gate { return g }, carried{}
		faults.Wrap(p)
	})
	plays := 0
	begin := func(t *testing.T, arrived bool) (b *sitetest.Browser, name string) {
		t.Helper()
		s.Clock.Turn(time.Minute) // what came before is forgotten
		plays++
		name = fmt.Sprintf("Ada%dx", plays)
		ada := s.Developer(name, account.Member)
		b = s.Browser()
		v := b.At(home)
		v.Addr = fmt.Sprintf("2001:db8:%x::1", plays)
		v.Get(pages + "/login")
		if a := v.Post(pages+"/auth/login", url.Values{"email": {ada.Email}, "password": {sitetest.Password}}); a.Status != http.StatusSeeOther {
			t.Fatalf("sign-in: %d\n%s", a.Status, a.Body)
		}
		if arrived {
			wantBody(t, "before", b.Open(wiki+"/x"), 200, "Wiki /x "+name)
			s.Clock.Turn(10 * time.Minute) // so that the use is written down
		}
		return b, name
	}
	for _, arrived := range []bool{false, true} {
		b, name := begin(t, arrived)
		faults.Plan(0, 0, "")
		wantBody(t, "without faults", b.Open(wiki+"/x"), 200, "Wiki /x "+name)
		calls := faults.Calls()
		if len(calls) < 3 {
			t.Fatalf("the way makes the calls %q only", calls)
		}
		for k := range calls {
			for _, plan := range []struct {
				many int
				kind sitetest.Kind
			}{{1, sitetest.Error}, {1, sitetest.Lost}, {-1, sitetest.Hang}} {
				t.Run(fmt.Sprintf("arrived %t, %d %s %s %d", arrived, k, calls[k], plan.kind, plan.many), func(t *testing.T) {
					b, name := begin(t, arrived)
					faults.Plan(k+1, plan.many, plan.kind)
					a := b.Open(wiki + "/x")
					faults.Plan(0, 0, "")
					switch {
					case a.Status == http.StatusOK && a.Body == "Wiki /x "+name:
					case a.Status == http.StatusServiceUnavailable && strings.Count(a.Body, "Ada") == strings.Count(a.Body, name) &&
						!strings.Contains(a.Body, "Wiki /x") && !strings.Contains(a.Body, "secret-place"):
					default:
						t.Errorf("%d at %q\n%.400s", a.Status, b.Trail[len(b.Trail)-1], a.Body)
					}
					s.Clock.Turn(2 * time.Second)
					wantBody(t, "afterwards", b.Open(wiki+"/x"), 200, "Wiki /x "+name)
				})
			}
		}
	}
}
