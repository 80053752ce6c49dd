package rig

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // driver
)

// Disguises are the ways in which a secret may be written down: as it is, escaped for URLs, HTML
// and JSON, in base64 at each of the three places in which it can begin, and in hexadecimal; and
// each half of it, for what was cut.
func Disguises(secret string) []string {
	var forms []string
	for _, s := range []string{secret, secret[:len(secret)/2], secret[len(secret)/2:]} {
		j, _ := json.Marshal(s)
		forms = append(forms,
			s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), strings.Trim(string(j), `"`),
			hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))), strings.ToUpper(s), strings.ToLower(s),
			fmt.Sprintf("%v", []byte(s)),
		)
		for shift := range 3 {
			b := append(make([]byte, shift), s...)
			for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				// The characters at both ends also depend on what stands beside the secret.
				from, to := (shift*8+5)/6, len(b)*8/6
				forms = append(forms, enc.EncodeToString(b)[from:to])
			}
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// Found gives the disguises of a secret that stand in a text.
func Found(text []byte, disguises []string) (hits []string) {
	for _, d := range disguises {
		if bytes.Contains(text, []byte(d)) {
			hits = append(hits, d)
		}
	}
	return hits
}

// NoTrace searches every file below the data directory, and what the program has said, for a secret
// in any disguise.
func (s *Server) NoTrace(t testing.TB, when string, disguises []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, hit := range Found(text, disguises) {
			i := bytes.Index(text, []byte(hit))
			t.Errorf("%s: %s holds the secret as %q: …%q…", when, filepath.Base(path), hit, text[max(0, i-60):min(len(text), i+len(hit)+20)])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 3 {
		t.Errorf("%s: %d files in %s: is the data somewhere else?", when, files, s.Dir)
	}
	for name, text := range map[string]string{"stdout": s.Stdout(), "stderr": s.Stderr()} {
		for _, hit := range Found([]byte(text), disguises) {
			t.Errorf("%s: %s holds the secret as %q", when, name, hit)
		}
	}
}

// Query reads one column from a database of the data directory, which may be in use.
func (s *Server) Query(t testing.TB, file, query string, args ...any) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, file)+"?mode=rw&_pragma=busy_timeout(5000)&_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %s: %v", file, query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Exec changes a database of the data directory.
func (s *Server) Exec(t testing.TB, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, file)+"?mode=rw&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
