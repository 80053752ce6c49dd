package main

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/sqlstore"

	_ "modernc.org/sqlite"
)

// library is an implementation of sessions, as its handlers use it.
type library struct {
	middleware func(http.Handler) http.Handler
	set        func(w http.ResponseWriter, r *http.Request, pairs ...string) error // keys and values in turn
	get        func(r *http.Request, key string) string
}

// contestant is a library over what it keeps sessions in: a folder of its own, or the Redis at a
// socket.
type contestant struct {
	name string
	ours bool // a build of another commit has it, too
	open func(ctx context.Context, dir, socket string) (library, error)
}

const bareName = "bare"

// contestants are all of them. The first has no sessions at all.
func contestants() []contestant {
	return []contestant{
		{bareName, false, func(context.Context, string, string) (library, error) { return bare(), nil }},
		{"memory", true, func(context.Context, string, string) (library, error) { return ours(session.Home{}) }},
		{"memory (scs)", false, func(context.Context, string, string) (library, error) { return ofSCS(memstore.New()), nil }},
		{"SQLite", true, openSQLite},
		{"SQLite (scs)", false, openSQLiteSCS},
		{"Redis", true, openRedis},
		{"Redis (together)", false, openRedisTogether},
		{"Redis (scs)", false, func(_ context.Context, _, socket string) (library, error) {
			return ofSCS(goredisstore.New(redisClient(socket))), nil
		}},
		{"sealed", true, func(context.Context, string, string) (library, error) {
			return ours(session.Home{Format: sealed.New()})
		}},
		{"sealed (gorilla)", false, func(context.Context, string, string) (library, error) { return ofGorilla(), nil }},
	}
}

// bare finds what it looks for without looking.
func bare() library {
	return library{
		middleware: func(next http.Handler) http.Handler { return next },
		set:        func(http.ResponseWriter, *http.Request, ...string) error { return nil },
		get:        func(*http.Request, string) string { return nameValue },
	}
}

// secretKey signs and seals, wherever something does.
const secretKey = "a key of 32 bytes for benchmarks"

// ours is this project's session.
func ours(home session.Home) (library, error) {
	keys, err := session.NewKeyRing([]byte(secretKey))
	if err != nil {
		return library{}, err
	}
	m, err := session.New(session.Config{Keys: keys, Home: home})
	if err != nil {
		return library{}, err
	}
	return library{
		middleware: m.Handler,
		set: func(_ http.ResponseWriter, r *http.Request, pairs ...string) error {
			s := session.From(r.Context())
			for i := 0; i < len(pairs); i += 2 {
				session.Key[string](pairs[i]).Set(s, pairs[i+1])
			}
			return s.Err()
		},
		get: func(r *http.Request, key string) string {
			value, _ := session.Key[string](key).Get(session.From(r.Context()))
			return value
		},
	}, nil
}

func openSQLite(ctx context.Context, dir, _ string) (library, error) {
	write, read, err := handles(dir)
	if err != nil {
		return library{}, err
	}
	records := sqlstore.SQLite(write, read)
	if err := records.CreateSchema(ctx); err != nil {
		return library{}, err
	}
	return ours(session.Home{Store: records})
}

// handles opens a file as the documentation advises: one writer, some readers, write-ahead log,
// synchronous=NORMAL.
func handles(dir string) (write, read *sql.DB, err error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	name := "file:" + filepath.Join(dir, "sessions.db") + "?" + pragmas.Encode()
	if write, err = sql.Open("sqlite", name); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	if read, err = sql.Open("sqlite", name); err != nil {
		return nil, nil, err
	}
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4)
	return write, read, nil
}

// openSQLiteSCS gives scs the handle with several connections: its store has only one.
func openSQLiteSCS(ctx context.Context, dir, _ string) (library, error) {
	_, db, err := handles(dir)
	if err != nil {
		return library{}, err
	}
	if _, err := db.ExecContext(ctx, `CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL);
		CREATE INDEX sessions_expiry_idx ON sessions (expiry)`); err != nil {
		return library{}, err
	}
	return ofSCS(sqlite3store.New(db)), nil
}

func redisClient(socket string) *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1, ContextTimeoutEnabled: true})
}

func openRedis(_ context.Context, _, socket string) (library, error) {
	client := redisClient(socket)
	return ours(session.Home{Store: redisstore.New(func(ctx context.Context, c redisstore.Call) (any, error) {
		return client.Do(ctx, c.Command()...).Result()
	})})
}

// openRedisTogether sends calls that meet in one trip.
func openRedisTogether(_ context.Context, _, socket string) (library, error) {
	client := redisClient(socket)
	return ours(session.Home{Store: redisstore.New(redisstore.Together(func(ctx context.Context, calls []redisstore.Call) []redisstore.Reply {
		pipeline := client.Pipeline()
		sent := make([]*redis.Cmd, len(calls))
		for i, c := range calls {
			sent[i] = pipeline.Do(ctx, c.Command()...)
		}
		_, _ = pipeline.Exec(ctx) // each has its own error
		replies := make([]redisstore.Reply, len(calls))
		for i, one := range sent {
			replies[i].Value, replies[i].Err = one.Result()
		}
		return replies
	}))})
}

// ofSCS is github.com/alexedwards/scs with default settings: no idle limit, tokens stored as they
// are, no signature.
func ofSCS(records scs.Store) library {
	m := scs.New()
	m.Store = records
	return library{
		middleware: m.LoadAndSave,
		set: func(_ http.ResponseWriter, r *http.Request, pairs ...string) error {
			for i := 0; i < len(pairs); i += 2 {
				m.Put(r.Context(), pairs[i], pairs[i+1])
			}
			return nil
		},
		get: func(r *http.Request, key string) string { return m.GetString(r.Context(), key) },
	}
}

// ofGorilla is github.com/gorilla/sessions with its cookie store, signed and encrypted.
func ofGorilla() library {
	records := sessions.NewCookieStore([]byte(secretKey), []byte(secretKey))
	return library{
		middleware: func(next http.Handler) http.Handler { return next },
		set: func(w http.ResponseWriter, r *http.Request, pairs ...string) error {
			s, _ := records.Get(r, "session") // an error is of a cookie that cannot be read
			for i := 0; i < len(pairs); i += 2 {
				s.Values[pairs[i]] = pairs[i+1]
			}
			return s.Save(r, w)
		},
		get: func(r *http.Request, key string) string {
			s, _ := records.Get(r, "session")
			value, _ := s.Values[key].(string)
			return value
		},
	}
}
