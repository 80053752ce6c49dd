package session_test

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// bareWriter is the least that a handler can be given. Its header is cleared, not made anew, as a
// server's pool would.
type bareWriter struct{ header http.Header }

func (w *bareWriter) Header() http.Header         { return w.header }
func (w *bareWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *bareWriter) WriteHeader(int)             {}

type profile struct {
	ID, Name, Email, Role string
}

type longProfile struct {
	ID, Name, Email, Role string
	Skills                []string
}

var allocCases = []struct {
	name string
	most float64
	do   func(http.ResponseWriter, *session.Session)
	anon bool
}{
	// The context with session and writer in it, and the request that carries it.
	{"unused", 2, func(http.ResponseWriter, *session.Session) {}, true},
	{"stranger reads", 2, func(_ http.ResponseWriter, s *session.Session) { city.Get(s) }, true},
	{"subject", 3, func(_ http.ResponseWriter, s *session.Session) { s.Subject() }, false},
	{"string", 5, func(_ http.ResponseWriter, s *session.Session) {
		if v, ok := city.Get(s); !ok || v != "Oslo" {
			panic(v)
		}
	}, false},
	// A struct costs what encoding/json takes for it: one for each string and list, and five.
	{"struct", 13, func(_ http.ResponseWriter, s *session.Session) {
		if v, ok := session.Key[profile]("user").Get(s); !ok || v.Name != "Ada" {
			panic(v)
		}
	}, false},
	{"struct with a list", 16, func(_ http.ResponseWriter, s *session.Session) {
		if v, ok := session.Key[longProfile]("user").Get(s); !ok || len(v.Skills) != 2 {
			panic(v)
		}
	}, false},
}

func allocHandler(tb testing.TB, do func(http.ResponseWriter, *session.Session), anon bool) (h http.Handler, r *http.Request) {
	tb.Helper()
	m, err := session.New(session.Config{Keys: ring(tb, "one"), Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		tb.Fatal(err)
	}
	b := &browser{w: &world{t: tb}, header: http.Header{}}
	b.w.h = m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		s.SignIn("ada")
		city.Set(s, "Oslo")
		session.Key[longProfile]("user").Set(s, longProfile{ID: "1", Name: "Ada", Email: "ada@example.com", Role: "admin", Skills: []string{"Go", "SQL"}})
	}))
	if !anon {
		b.get("/")
	}
	body := []byte("fine")
	return m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(w, session.From(r.Context()))
		_, _ = w.Write(body)
	})), b.request("GET", "/")
}

// What a request costs beside the handler, in pieces of memory. Guard: the whole way;
// middleware.go, request, which is one piece; manager.go, Manager.visit, which makes no context for
// the memory store; key.go, the short way of strings.
func TestAllocations(t *testing.T) {
	for _, c := range allocCases {
		t.Run(c.name, func(t *testing.T) {
			h, r := allocHandler(t, c.do, c.anon)
			w := &bareWriter{make(http.Header)}
			got := testing.AllocsPerRun(200, func() {
				clear(w.header)
				h.ServeHTTP(w, r)
			})
			t.Logf("%v allocations", got)
			if got > c.most && !raceEnabled {
				t.Errorf("%v allocations, at most %v", got, c.most)
			}
		})
	}
}

func BenchmarkRequest(b *testing.B) {
	cases := append(allocCases[:len(allocCases):len(allocCases)], allocCases[0])
	cases[len(cases)-1].name, cases[len(cases)-1].anon = "write", false
	cases[len(cases)-1].do = func(_ http.ResponseWriter, s *session.Session) { city.Set(s, "Rome") }
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			h, r := allocHandler(b, c.do, c.anon)
			w := &bareWriter{make(http.Header)}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}
