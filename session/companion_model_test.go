package session_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Random calls of two browsers, one request after the other, give the same answers whether all of a
// session is in the store, or its values in the cookie.
func TestCompanionModel(t *testing.T) {
	t.Parallel()
	const seeds = 150
	for seed := range uint64(seeds) {
		for kind, home := range map[string]func(*session.Config){"sealed": companions, "shared": shared} {
			plain := newCompanions(t, func(c *session.Config) { c.Carrier = nil }, capped(2))
			beside := newCompanions(t, home, capped(2))
			rnd := rand.New(rand.NewPCG(seed, 7))
			browsers := [2][2]*browser{{plain.browser(), plain.browser()}, {beside.browser(), beside.browser()}}
			var log []string
			for range 25 {
				i, d := rnd.IntN(2), []time.Duration{time.Millisecond, time.Second, 5 * time.Minute, time.Hour}[rnd.IntN(4)]
				path := []string{
					"/in?as=ada", "/in?as=bob", "/in?as=ada&remember=1", "/out", "/set?city=" + fmt.Sprint(rnd.IntN(9)), "/city", "/who",
					"/add", "/add", "/renew", "/flash?text=" + fmt.Sprint(rnd.IntN(9)), "/flashes", "END ada", "ALL bob", "COPY",
				}[rnd.IntN(15)]
				log = append(log, fmt.Sprint(d, " ", i, path))
				var got [2]string
				for k, w := range []*world{plain, beside} {
					w.clock.add(d)
					switch path {
					case "END ada":
						w.end("ada")
					case "ALL bob":
						w.endAll("bob")
					case "COPY": // the other browser is another tab of this one from now on
						if browsers[k][i].get("/who").body == "" {
							continue // a copy of a stranger's cookie opens what it holds
						}
						browsers[k][1-i].cookie = browsers[k][i].cookie
						browsers[k][1-i].get("/out") // of which one signs out
					default:
						a := browsers[k][i].get(path)
						got[k] = fmt.Sprint(a.status, a.body)
						check(t, "status", a.status, http.StatusOK)
					}
					for _, b := range browsers[k] {
						got[k] += " " + b.get("/who").body
					}
					for _, subject := range []string{"ada", "bob"} {
						for _, x := range list(t, w, subject) {
							if kind == "shared" { // whose stranger's cookie that holds nothing is forgotten
								x.Created = x.SignedIn
							}
							got[k] += fmt.Sprint(" ", x.Subject, x.Created.UnixMilli(), x.SignedIn.UnixMilli(), x.Addr)
						}
					}
				}
				if got[0] != got[1] {
					t.Fatalf("%s, seed %d: %q\nin the store:  %s\nin the cookie: %s", kind, seed, log, got[0], got[1])
				}
			}
		}
	}
}
