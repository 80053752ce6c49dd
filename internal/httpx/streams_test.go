package httpx_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// listening is an application that answers with a stream, which ends when its reader is out.
type listening struct{}

func (listening) Serve(w http.ResponseWriter, r *http.Request, _ *gate.Carry) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "data: "+r.URL.Path+"\n")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// TestR13EndsWithTheRight: an application's stream ends within seconds when its reader is signed out,
// disabled or leaves the group, when the token ends, and when new rules say otherwise; whoever still
// may goes on reading. Guard: streams.go, streams.watch; lasting.go, request.mayRead.
func TestR13EndsWithTheRight(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[gate.Gate]
	rules := func(rules ...gate.Rule) *gate.Gate {
		return &gate.Gate{Apps: []gate.App{{Name: "Wiki", Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "x"}}, Rules: rules}}}
	}
	ops := gate.Rule{Paths: []string{"/ops"}, Who: gate.Some, Groups: []string{"ops"}}
	now.Store(rules(ops, gate.Rule{Who: gate.SignedIn}))
	s := sitetest.New(t, func(p *server.Parts) { p.URL, p.Gate, p.Proxy = sitetest.URL+pages, now.Load, listening{} })
	listener := httptest.NewServer(s.Handler)
	t.Cleanup(listener.Close)
	ctx := context.Background()
	change := func(d account.Developer, c account.Change) {
		t.Helper()
		if _, err := s.DB.Accounts().Update(ctx, account.Actor{}, d.ID, c, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	person := func(name string) account.Developer {
		d := s.Developer(name, account.Member)
		change(d, account.Change{Groups: &[]string{"ops"}})
		return d
	}
	open := func(path string, headers ...string) *bufio.Reader {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, listener.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		q.Host = sitetest.Host
		q.Header.Set(headers[0], headers[1])
		answer, err := listener.Client().Do(q)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		body := bufio.NewReader(answer.Body)
		if line, err := body.ReadString('\n'); line != "data: "+path+"\n" {
			t.Fatalf("%s: %d %q, %v", path, answer.StatusCode, line, err)
		}
		return body
	}
	cookie := func(d account.Developer) []string {
		return []string{"Cookie", "__Host-doorbook=" + s.SignedInAt(pages, d).Cookies["__Host-doorbook"]}
	}

	out, disabled, ungrouped, holder, stays := person("Out"), person("Disabled"), person("Ungrouped"), person("Holder"), person("Stays")
	token := s.Token(holder, account.ScopeApplications)
	still := open("/ops", cookie(stays)...)
	one := cookie(ungrouped)
	other := open("/free", one...) // of the same session
	ends := map[string]*bufio.Reader{
		"signed out": open("/ops", cookie(out)...), "disabled": open("/ops", cookie(disabled)...),
		"without the group": open("/ops", one...), "the token": open("/ops", "Authorization", "Bearer "+token.Text),
	}
	if _, err := s.Sessions.EndAll(ctx, out.ID); err != nil {
		t.Fatal(err)
	}
	off := account.Disabled
	change(disabled, account.Change{State: &off})
	change(ungrouped, account.Change{Groups: &[]string{}})
	if err := s.DB.Tokens().End(ctx, account.Actor{}, holder.ID, token.ID, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	for what, stream := range ends {
		if rest, err := io.ReadAll(stream); len(rest) > 0 {
			t.Errorf("%s: %q, %v", what, rest, err)
		}
	}
	lives := func(what string, stream *bufio.Reader) (ended chan struct{}) {
		t.Helper()
		ended = make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = stream.ReadByte()
		}()
		select {
		case <-ended:
			t.Errorf("%s ended as well", what)
		default:
		}
		return ended
	}
	free, held := lives("the stream of the same session that anybody may read", other), lives("somebody else's", still)
	now.Store(rules(ops))
	<-free // which no rule lets pass any more
	now.Store(rules(gate.Rule{Who: gate.Nobody}))
	<-held
}
