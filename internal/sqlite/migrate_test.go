package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/sqlite"
)

// schema gives what sqlite_schema says, without what SQLite adds on its own.
func schema(t *testing.T, db *sql.DB) string {
	t.Helper()
	rows, err := db.Query(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var s string
		mustRun(t, rows.Scan(&s))
		fmt.Fprintf(&b, "%s;\n", s)
	}
	mustRun(t, rows.Err())
	return b.String()
}

// Whatever version a data directory comes from, it ends at the schema that stands in testdata: a
// fresh one at once, an older one by the migrations it lacks. A change of the schema must change
// that file, and shows in its diff.
func TestEveryVersionEndsAtTheSameSchema(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"doorbook.db", "book.db"} {
		golden := filepath.Join("testdata", strings.TrimSuffix(name, ".db")+".schema.sql")
		want, err := os.ReadFile(golden)
		mustRun(t, err)
		for version, versions := 0, 1; version <= versions; version++ {
			dir := t.TempDir()
			if version > 0 {
				versions, err = sqlite.MigrateTo(t.Context(), dir, name, version)
				mustRun(t, err)
			}
			db := open(t, dir)
			h := map[string]*sqlite.Handle{"doorbook.db": db.Main, "book.db": db.Book}[name]
			got := schema(t, h.Write)
			if os.Getenv("UPDATE_SCHEMA") != "" {
				mustRun(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s from version %d (UPDATE_SCHEMA=1 writes the new one; -want +got):\n%s", name, version, diff)
			}
			var problems string
			if err := h.Write.QueryRow(`PRAGMA integrity_check`).Scan(&problems); err != nil || problems != "ok" {
				t.Errorf("integrity: %v %v", problems, err)
			}
		}
	}
}

func TestNewerIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"doorbook.db", "book.db"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			other := map[string]string{"doorbook.db": "book.db", "book.db": "doorbook.db"}[name]
			_, err := sqlite.MigrateTo(t.Context(), dir, name, 1)
			mustRun(t, err)
			setVersion(t, filepath.Join(dir, name), 999)
			before, err := os.ReadFile(filepath.Join(dir, name))
			mustRun(t, err)

			_, err = sqlite.Open(t.Context(), dir, sqlite.Options{})
			if !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "999") {
				t.Errorf("error is %v, want ErrNewer with the file and its version", err)
			}
			after, err := os.ReadFile(filepath.Join(dir, name))
			mustRun(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the newer file was changed")
			}
			// Nor is the file beside it taken to a schema that the newer program would not expect.
			if info, err := os.Stat(filepath.Join(dir, other)); err == nil && info.Size() > 0 {
				t.Errorf("%s was migrated", other)
			}
		})
	}
}

func setVersion(t *testing.T, path string, version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	mustRun(t, err)
	_, err = db.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, version))
	mustRun(t, err, db.Close())
}
