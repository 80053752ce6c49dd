package session_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// twins are two worlds, of which one keeps all of a session in the store and the other its values
// in the cookie. The same is done in both, by two browsers.
type twins struct {
	kind     string
	worlds   [2]*world
	browsers [2][2]*browser // by world
}

func newTwins(t *testing.T, kind string, beside func(*session.Config)) *twins {
	plain := newCompanions(t, func(c *session.Config) { c.Home.Format = nil }, capped(2))
	other := newCompanions(t, beside, capped(2))
	return &twins{kind, [2]*world{plain, other}, [2][2]*browser{
		{plain.browser(), plain.browser()}, {other.browser(), other.browser()},
	}}
}

// do does one thing in world k, and returns what that answers.
func (tw *twins) do(t *testing.T, k, i int, path string) string {
	t.Helper()
	w, bs := tw.worlds[k], &tw.browsers[k]
	switch path {
	case "END ada":
		w.end("ada")
	case "ALL bob":
		w.endAll("bob")
	case "COPY": // the other browser is another tab of this one from now on
		if bs[i].get("/who").body == "" {
			break // a copy of a stranger's cookie opens what it holds
		}
		bs[1-i].cookie = bs[i].cookie
		bs[1-i].get("/out") // of which one signs out
	default:
		a := bs[i].get(path)
		check(t, "status", a.status, http.StatusOK)
		return fmt.Sprint(a.status, a.body)
	}
	return ""
}

// look returns who is signed in in world k, and what is listed of them.
func (tw *twins) look(t *testing.T, k int) (got string) {
	t.Helper()
	for _, b := range tw.browsers[k] {
		got += " " + b.get("/who").body
	}
	for _, subject := range []string{"ada", "bob"} {
		for _, x := range list(t, tw.worlds[k], subject) {
			if tw.kind == "shared" { // whose stranger's cookie that holds nothing is forgotten
				x.Created = x.SignedIn
			}
			got += fmt.Sprint(" ", x.Subject, x.Created.UnixMilli(), x.SignedIn.UnixMilli(), x.Addr)
		}
	}
	return got
}

// Random calls of two browsers, one request after the other, give the same answers whether all of a
// session is in the store, or its values in the cookie.
func TestCompanionModel(t *testing.T) {
	t.Parallel()
	for kind, home := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
		for seed := range uint64(150) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			tw := newTwins(t, kind, home)
			var log []string
			const steps = 25
			for step := range steps {
				i, d := rnd.IntN(2), []time.Duration{time.Millisecond, time.Second, 5 * time.Minute, time.Hour}[rnd.IntN(4)]
				path := []string{
					"/in?as=ada", "/in?as=bob", "/in?as=ada&remember=1", "/out", "/set?city=" + fmt.Sprint(rnd.IntN(9)), "/city", "/who",
					"/add", "/add", "/renew", "/flash?text=" + fmt.Sprint(rnd.IntN(9)), "/flashes", "END ada", "ALL bob", "COPY",
				}[rnd.IntN(15)]
				log = append(log, fmt.Sprint(d, " ", i, path))
				looks := rnd.IntN(3) == 0 || step == steps-1 // a difference stays, until somebody looks
				var got [2]string
				for k, w := range tw.worlds {
					w.clock.add(d)
					if got[k] = tw.do(t, k, i, path); looks {
						got[k] += tw.look(t, k)
					}
				}
				if got[0] != got[1] {
					t.Fatalf("%s, seed %d: %q\nin the store:  %s\nin the cookie: %s", kind, seed, log, got[0], got[1])
				}
			}
		}
	}
}
