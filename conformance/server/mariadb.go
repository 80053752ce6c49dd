package server

import (
	"context"
	"database/sql"
	"os/exec"
	"syscall"
	"testing"

	_ "github.com/go-sql-driver/mysql" // the driver "mysql"
)

// MariaDB gives the DSN of a MariaDB or MySQL database, in the words of go-sql-driver/mysql, that
// tests may use as they like. DOORBOOK_TEST_MYSQL_DSN names one that runs already. The user may
// make tables.
func (r *Rack) MariaDB(t testing.TB) string {
	t.Helper()
	return r.need(t, "MariaDB", "DOORBOOK_TEST_MYSQL_DSN", startMariaDB)
}

func startMariaDB() (string, func(), error) {
	install, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return "", nil, missing("mariadb-install-db", "mariadb-server-core mariadb-client-core")
	}
	program := lookBeside("mariadbd")
	if program == "" {
		return "", nil, missing("mariadbd", "mariadb-server-core mariadb-client-core")
	}
	h, err := newHome("mysql")
	if err != nil {
		return "", nil, err
	}
	fail := func(err error) (string, func(), error) {
		h.remove()
		return "", nil, err
	}
	data, socket := h.path("data"), h.path("socket")
	err = h.run(install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
		"--innodb-flush-method=nosync", "--innodb-log-file-size=10M")
	if err != nil {
		return fail(err)
	}
	address := "root@unix(" + socket + ")/"
	stop, err := h.start(syscall.SIGTERM, func(ctx context.Context) error { return makeDatabase(ctx, address) }, program, "--no-defaults", "--datadir="+data, "--socket="+socket,
		"--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--pid-file="+h.path("pid"), "--tmpdir="+h.dir, "--max-connections=200",
		"--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-log-file-size=64M",
		"--innodb-buffer-pool-size=64M", "--innodb-fast-shutdown=2")
	if err != nil {
		return fail(err)
	}
	return address + "test", stop, nil
}

// makeDatabase makes the database that the tests use.
func makeDatabase(ctx context.Context, address string) error {
	db, err := sql.Open("mysql", address)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS test")
	return err
}

// lookBeside finds a program in the PATH, or where only root's leads.
func lookBeside(name string) string {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	return ""
}
