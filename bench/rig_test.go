package bench_test

import (
	"slices"
	"strings"
	"testing"
)

// work is what a handler does with the session of its request.
type work string

const (
	fill       work = "fill"       // store the three strings
	fillStruct work = "fillStruct" // store the three strings and both structs
	read       work = "read"       // read one string
	readPlain  work = "readPlain"  // read the struct of four strings
	readStruct work = "readStruct" // read the struct that holds a list
	write      work = "write"      // store one string anew
	readWrite  work = "readWrite"  // read one string, store another anew
	written    work = "written"    // read what write stored
	absent     work = "absent"     // read one string, and find none
	nothing    work = "nothing"    // leave the session alone
)

// What the sessions hold: three strings, and for some works two structs beside them.
const (
	nameKey, nameValue = "name", "Ada Lovelace"
	langKey, langValue = "language", "en-GB"
	pageKey, pageValue = "last_page", "/developers?sort=name"
	newPageValue       = "/logs?type=activity"
	plainKey           = "person"
	structKey          = "loggedin_user"
)

// person is a struct of four strings.
type person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Role  string `json:"role"`
}

func byron() person {
	return person{ID: "66f2a1b09c3d4e5f60718293", Name: nameValue, Email: "ada@example.org", Role: "admin"}
}

// developer is what the original application keeps of the person who is signed in.
type developer struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	Role   string   `json:"role"`
	Skills []string `json:"skills"`
}

func ada() developer {
	return developer{
		ID: "66f2a1b09c3d4e5f60718293", Name: nameValue, Email: "ada@example.org", Role: "admin",
		Skills: []string{"analysis", "poetry"},
	}
}

func (d developer) equal(e developer) bool {
	return d.ID == e.ID && d.Name == e.Name && d.Email == e.Email && d.Role == e.Role && slices.Equal(d.Skills, e.Skills)
}

// peer is one implementation of sessions under its middleware.
type peer interface {
	// pass prepares one request, with a cookie ("name=value") or without (""), through the
	// middleware to a handler that does w and answers 200 if all it read was right.
	pass(w work, cookie string) pass
}

// pass is one prepared request. It can be run again and again, one after the other.
type pass interface {
	run()
	status() int
	header(name string) string // of the latest answer
	cookie() string            // "name=value" that the latest answer set, "" if none
}

// contestant is a peer by the name that benchstat shows.
type contestant struct {
	name string
	peer peer
	vary bool // it tells caches that the answer depends on the cookie
}

// peers gives the implementations that keep sessions in memory, each anew. The first is what the
// others are compared with.
func peers(tb testing.TB) []contestant {
	return []contestant{
		{"scs", overHTTP{newSCS().handler}, true},
		{"floor", overHTTP{newFloor().handler}, true},
		{"doorbook", overHTTP{newDoorbook(tb).handler}, true},
		{"fiber", newFiber(tb), false}, // last: it leaves a record behind for every stranger
	}
}

// signIn makes a session by one pass of the work first, and gives the cookie that opens it.
func signIn(tb testing.TB, p peer, first work) string {
	tb.Helper()
	way := p.pass(first, "")
	way.run()
	if way.status() != 200 || way.cookie() == "" {
		tb.Fatalf("%s: status %d and cookie %q", first, way.status(), way.cookie())
	}
	return way.cookie()
}

// The headers that a browser sends beside a cookie.
const (
	userAgent      = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	accept         = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	acceptLanguage = "en-GB,en;q=0.5"
)

// TestPeers proves that the implementations do the work that they are timed at.
func TestPeers(t *testing.T) {
	for _, c := range append(peers(t), sealers(t)...) {
		t.Run(c.name, func(t *testing.T) {
			cookie := signIn(t, c.peer, fill)
			do := func(what work, cookie string) (set string) {
				t.Helper()
				way := c.peer.pass(what, cookie)
				for n := range 2 { // a prepared pass can be run again
					if way.run(); way.status() != 200 {
						t.Errorf("%s, run %d: status %d", what, n, way.status())
					}
				}
				if vary := way.header("Vary"); what == read && c.vary && !strings.EqualFold(vary, "Cookie") {
					t.Errorf("Vary: %q after a read", vary)
				}
				return way.cookie()
			}
			do(read, cookie)
			do(nothing, cookie)
			for _, writes := range []work{write, readWrite} {
				cookie = signIn(t, c.peer, fill)
				if set := do(writes, cookie); set != "" {
					cookie = set // sealed in the cookie, or sent anew
				}
				do(written, cookie)
				do(read, cookie) // what the write left alone
			}
			do(absent, "")
			do(nothing, "")
			cookie = signIn(t, c.peer, fillStruct)
			do(readPlain, cookie)
			do(readStruct, cookie)

			// The tests above are only worth something if a wrong value is noticed.
			for _, what := range []work{read, readPlain, readStruct, written} {
				way := c.peer.pass(what, "")
				if way.run(); way.status() == 200 {
					t.Errorf("%s: a stranger read somebody's value", what)
				}
			}
		})
	}
}
