package cli

import (
	"errors"
	"testing"
)

// TestCalled: what the first lines say to type is what a shell understands.
func TestCalled(t *testing.T) {
	t.Parallel()
	nowhere := func(string) (string, error) { return "", errors.New("not found") }
	at := func(path string) func(string) (string, error) {
		return func(string) (string, error) { return path, nil }
	}
	for _, c := range []struct {
		path string
		find func(string) (string, error)
		want string
	}{
		{"/usr/bin/doorbook", at("/usr/bin/doorbook"), "doorbook"},
		{"/opt/doorbook", at("/usr/bin/doorbook"), "/opt/doorbook"},
		{"/opt/door book's", nowhere, `'/opt/door book'\''s'`},
		{"/tmp/go-build123/b001/exe/doorbook", nowhere, "go run ./cmd/doorbook"},
		{"/root/.cache/go-build/42/4260-d/doorbook", nowhere, "go run ./cmd/doorbook"},
	} {
		if got := called(c.path, c.find); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}

// TestAddAdmin: the command works on the installation that printed it.
func TestAddAdmin(t *testing.T) {
	t.Parallel()
	const command = "doorbook user add EMAIL --name NAME --admin"
	for _, c := range []struct{ dir, db, want string }{
		{"", "", command},
		{"", "sqlite", command},
		{"/srv/door", "", command + " --data /srv/door"},
		{"/srv/the door", "sqlite", command + " --data '/srv/the door'"},
		{"/srv/door", "mongodb://user:secret@db/door", command + ", with the same DOORBOOK_DATABASE"},
	} {
		if got := addAdmin("doorbook", c.dir, c.db); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
