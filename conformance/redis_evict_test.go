package conformance

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestRedisLostIndex: whoever deletes the keys of an index, by hand or because the memory is full,
// ends the sessions that were in it. So after EndAll nobody is signed in, whatever it was told.
func TestRedisLostIndex(t *testing.T) {
	t.Parallel()
	client := redisClient(t, servers.Redis(t))
	for name, lost := range map[string][]string{
		"nothing": nil, "subjects": {"subjects"}, "expiry": {"expiry"}, "both": {"subjects", "expiry"},
	} {
		for _, after := range []string{"", "one signs in"} {
			t.Run(name+" "+after, func(t *testing.T) { testLostIndex(t, client, lost, after != "") })
		}
	}
}

func testLostIndex(t *testing.T, client *redis.Client, lost []string, fresh bool) {
	prefix := ownKeys(t, client)
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix), redisstore.Shards(1))
	keys, err := session.NewKeyRing([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: st}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/in", func(_ http.ResponseWriter, r *http.Request) { session.From(r.Context()).SignIn("ada") })
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(session.From(r.Context()).Subject()))
	})
	handler := sessions.Handler(mux)
	get := func(path string, cookie *http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com"+path, nil)
		if cookie != nil {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		return w
	}
	var browsers []*http.Cookie
	signIn := func() { browsers = append(browsers, get("/in", nil).Result().Cookies()...) }
	for range 3 {
		signIn()
	}
	for _, key := range lost {
		if n, err := client.Del(t.Context(), "{"+prefix+":0}:"+key).Result(); n != 1 || err != nil {
			t.Fatalf("deleted %d keys %s, %v", n, key, err)
		}
	}
	if fresh {
		signIn()
	}
	signedIn := 0
	for _, cookie := range browsers {
		if get("/who", cookie).Body.String() == "ada" {
			signedIn++
		}
	}
	list, err := sessions.List(t.Context(), "ada")
	if err != nil || len(list) != signedIn {
		t.Errorf("List: %d sessions, %v; %d are signed in", len(list), err, signedIn)
	}
	all := 0
	if err := sessions.Each(t.Context(), func(session.Info) error { all++; return nil }); err != nil || all != signedIn {
		t.Errorf("Each: %d sessions, %v; %d are signed in", all, err, signedIn)
	}
	if n, err := sessions.EndAll(t.Context(), "ada"); err != nil || n != signedIn {
		t.Errorf("EndAll: %d, %v; %d were signed in", n, err, signedIn)
	}
	for i, cookie := range browsers {
		if who := get("/who", cookie).Body.String(); who != "" {
			t.Errorf("browser %d is %q after EndAll", i, who)
		}
	}
}

// TestRedisEvicts: a server that is full and evicts what it likes leaves no session that is not
// listed.
func TestRedisEvicts(t *testing.T) {
	ctx := t.Context()
	client := redisClient(t, servers.OwnRedis(t))
	prefix := ownKeys(t, client)
	// So many shards that some of their sorted sets are evicted, too.
	st := redisstore.New(goRedis(client), redisstore.Prefix(prefix), redisstore.Shards(200))
	set := func(name, value string) {
		t.Helper()
		if err := client.ConfigSet(ctx, name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	defer client.ConfigSet(ctx, "maxmemory-policy", "noeviction")
	defer client.ConfigSet(ctx, "maxmemory", "0")
	set("maxmemory-policy", "allkeys-lru")
	set("maxmemory", strconv.FormatInt(usedMemory(t, client)+1<<20, 10))
	var records []store.Record
	for range 3000 {
		r := redisRecord("ada")
		if err := st.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	set("maxmemory", "0")

	sets := 0
	keys := redisKeys(t, client, prefix)
	for _, key := range keys {
		if strings.HasSuffix(key, "}:subjects") || strings.HasSuffix(key, "}:expiry") {
			sets++
		}
	}
	var live []string
	for _, r := range records {
		if _, err := st.Load(ctx, r.ID, redisNow); err == nil {
			live = append(live, r.ID.String())
		}
	}
	t.Logf("%d of %d records and %d of 400 sorted sets are left; %d sessions live", len(keys)-sets, len(records), sets, len(live))
	if len(live) == 0 || len(live) == len(records) || len(keys)-sets == len(live) {
		t.Error("want some sessions evicted, and some that lost their index")
	}
	list, err := st.BySubject(ctx, "ada", redisNow)
	if err != nil {
		t.Fatal(err)
	}
	sameIDs(t, "BySubject", list, live)
	list = nil
	if err := st.Each(ctx, redisNow, func(r store.Record) error { list = append(list, r); return nil }); err != nil {
		t.Fatal(err)
	}
	sameIDs(t, "Each", list, live)
}
