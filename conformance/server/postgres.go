package server

import (
	"context"
	"database/sql"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Postgres gives the URL of a PostgreSQL database that tests may use as they like.
// DOORBOOK_TEST_POSTGRES_URL names one that runs already. The user may make schemas and tables.
func (r *Rack) Postgres(t testing.TB) string {
	t.Helper()
	return r.need(t, "PostgreSQL", "DOORBOOK_TEST_POSTGRES_URL", startPostgres)
}

func startPostgres() (string, func(), error) {
	bin, ok := postgresBin()
	if !ok {
		return "", nil, missing("initdb", "postgresql")
	}
	h, err := newHome("postgres")
	if err != nil {
		return "", nil, err
	}
	data := h.path("data")
	err = h.run(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
	if err != nil {
		h.remove()
		return "", nil, err
	}
	address := "postgres:///postgres?user=postgres&sslmode=disable&host=" + url.QueryEscape(h.dir)
	stop, err := h.start(syscall.SIGINT, func(ctx context.Context) error { return ping(ctx, address) }, filepath.Join(bin, "postgres"), "-D", data, "-k", h.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "autovacuum=off", "-c", "max_connections=200", "-c", "deadlock_timeout=100ms", "-c", "max_prepared_transactions=0")
	if err != nil {
		h.remove()
		return "", nil, err
	}
	return address, stop, nil
}

// postgresBin gives the folder of the newest PostgreSQL here. Debian keeps them out of the PATH.
func postgresBin() (string, bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is a good one
	if len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
			return n
		}
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), true
	}
	path, err := exec.LookPath("initdb")
	return filepath.Dir(path), err == nil
}

// ping reports whether a PostgreSQL server takes connections.
func ping(ctx context.Context, address string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}
