package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user of the image.
const nobody = 65532

// asNobody makes a command run as the user of the image, which only root can.
func asNobody(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("this must run as root")
		}
		t.Skip("only root can run programs as somebody else")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// volume makes a folder as Kubernetes gives it to a pod with an fsGroup.
func volume(t *testing.T, mode fs.FileMode, group int) string {
	t.Helper()
	dir := public(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 0, group); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestVolumeOfAGroup: a folder that the program may write and does not own. It starts, and says
// once what is weak. At the next start Kubernetes has given the files to the group as well.
func TestVolumeOfAGroup(t *testing.T) {
	t.Parallel()
	dir := volume(t, 0o775|fs.ModeSetgid, nobody)
	for _, start := range []string{"the first", "another"} {
		var errs bytes.Buffer
		cmd := asNobody(t, program(t, nil, "serve", "--addr", "localhost:0", "--data", dir))
		cmd.Stderr = &errs
		serving(t, cmd)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd.Wait()); got != 0 {
			t.Fatalf("%s start: exit code %d\n%s", start, got, &errs)
		}
		if got := strings.Count(errs.String(), `"WARN"`); got != 1 || !strings.Contains(errs.String(), "open to its group") {
			t.Errorf("%s start says %d times what is weak:\n%s", start, got, &errs)
		}
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(names) < 3 {
			t.Fatalf("%v, %v", names, err)
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if start == "the first" && info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
			if err := os.Chmod(name, 0o660); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestKeyFileOfSomebodyElse: a key file that everybody may read, and that is not ours to close, is
// told like any other secret of that kind.
func TestKeyFileOfSomebodyElse(t *testing.T) {
	t.Parallel()
	for mode, want := range map[fs.FileMode]int{0o640: 0, 0o644: 1} {
		dir := volume(t, 0o775|fs.ModeSetgid, nobody)
		key := filepath.Join(dir, "secret.key")
		if err := os.WriteFile(key, []byte("0123456789abcdef-a-good-one-of-this-test\n"), mode); err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd := asNobody(t, program(t, nil, "serve", "--addr", "localhost:0", "--data", dir))
		if err := os.Chmod(key, mode); err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = &errs
		serving(t, cmd)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd.Wait()); got != 0 {
			t.Fatalf("mode %v: exit code %d\n%s", mode, got, &errs)
		}
		if got := strings.Count(errs.String(), "everybody on this machine may read"); got != want {
			t.Errorf("mode %v: told %d times, want %d:\n%s", mode, got, want, &errs)
		}
	}
}

// TestPlacesRefused: what is open to everybody, and what cannot be written, with the way out.
func TestPlacesRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dir  string
		says string
	}{
		"everybody may write it": {volume(t, 0o777, 0), "--data"},
		"it may not be written":  {volume(t, 0o755, 0), "user 65532"},
		"nobody may look at it":  {volume(t, 0o700, 0), "--data"},
	} {
		var errs bytes.Buffer
		cmd := asNobody(t, program(t, nil, "serve", "--addr", "localhost:0", "--data", c.dir))
		cmd.Stderr = &errs
		if got := code(t, cmd.Run()); got != 1 || !strings.Contains(errs.String(), c.says) || !strings.Contains(errs.String(), c.dir) ||
			strings.Count(errs.String(), "--data") != 1 {
			t.Errorf("%s: exit code %d\n%s", name, got, &errs)
		}
	}
}

// TestMountedSecrets: files that a platform mounts belong to somebody else, who decides about their
// mode.
func TestMountedSecrets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode  fs.FileMode
		owner int
		warns int
		fails bool
	}{
		"for the group":        {0o440, 0, 0, false},
		"for everybody":        {0o444, 0, 1, false},
		"for its owner alone":  {0o400, 0, 0, true},
		"written by everybody": {0o666, 0, 0, true},
		"of our own, private":  {0o400, nobody, 0, false},
		"of our own, open":     {0o644, nobody, 0, true},
	} {
		dir := volume(t, 0o755, 0)
		real, link := filepath.Join(dir, "..data"), filepath.Join(dir, "key")
		if err := os.WriteFile(real, []byte("0123456789abcdef-a-good-one-of-this-test\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("..data", link); err != nil {
			t.Fatal(err)
		}
		cmd := asNobody(t, program(t, []string{"DOORBOOK_SECRET_KEY_FILE=" + link}, "user", "add", "a@b.test", "--name", "A", "--data", "/nowhere"))
		if err := os.Chown(real, c.owner, nobody); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(real, c.mode); err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		got := code(t, cmd.Run()) // 1: there is no installation; 2: the secret is refused
		if got == 2 != c.fails || strings.Count(errs.String(), `"WARN"`) != c.warns {
			t.Errorf("%s: exit code %d\n%s", name, got, &errs)
		}
		if unreadable := c.mode == 0o400 && c.owner == 0; unreadable != strings.Contains(errs.String(), "defaultMode 0440") {
			t.Errorf("%s: what to do: %s", name, &errs)
		}
	}
}
