package server_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
)

// BenchmarkDashboard is the signed-in dashboard with 20 entries over SQLite, all of the program but
// the network. Besides the usual figures it tells the processor time of one request, which other
// work on the machine disturbs least.
func BenchmarkDashboard(b *testing.B) {
	site, cookie := benchSite(b)
	for range 30 {
		ask(b, site.Handler, http.MethodGet, "/login", "", "")
	}
	before := processorTime(b)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := ask(b, site.Handler, http.MethodGet, "/", cookie, "")
			if w.Code != http.StatusOK || w.Body.Len() < 8000 {
				b.Errorf("status %d, %d bytes", w.Code, w.Body.Len())
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-µs/op")
}

func benchSite(b *testing.B) (site *server.Site, cookie string) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), b.TempDir()+"/data", sqlite.Options{})
	must(b, err)
	b.Cleanup(func() { _ = db.Close() })
	store := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	must(b, store.CreateSchema(b.Context()))
	keys, err := session.NewKeyRing([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	must(b, err)
	hasher, err := passhash.New(passhash.Config{})
	must(b, err)
	site, err = server.NewSite(server.Parts{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Devices: db.Devices(), SignIns: db.SignIns(), Tokens: db.Tokens(), Entries: db.Entries(), Store: db.Sessions(store), Ready: db.Check,
		Passwords: hasher, Keys: keys, Registration: account.Fixed{Mode: door.Open}, Secure: true, Log: slog.New(slog.DiscardHandler),
	})
	must(b, err)
	b.Cleanup(site.Background())
	const password = "plum tree orbit lantern 9"
	_, err = site.Door.AddDeveloper(b.Context(), door.Program(), account.Registration{Name: "Ada", Email: "ada@example.org", Password: password}, account.Admin, "")
	must(b, err)
	form := ask(b, site.Handler, http.MethodGet, "/login", "", "")
	token := regexp.MustCompile(`name="csrf_token" value="([^"]+)"`).FindStringSubmatch(form.Body.String())[1]
	body := url.Values{"csrf_token": {token}, "email": {"ada@example.org"}, "password": {password}}.Encode()
	w := ask(b, site.Handler, http.MethodPost, "/auth/login", cookies(form), body)
	if w.Code != http.StatusSeeOther {
		b.Fatalf("sign-in answered %d: %s", w.Code, w.Body)
	}
	return site, cookies(w)
}

func ask(b *testing.B, h http.Handler, method, path, cookie, form string) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:1234"
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func cookies(w *httptest.ResponseRecorder) string {
	var list []string
	for _, c := range w.Result().Cookies() {
		list = append(list, fmt.Sprintf("%s=%s", c.Name, c.Value))
	}
	return strings.Join(list, "; ")
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
