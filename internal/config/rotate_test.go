package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
)

// TestRotate: what was signed under a key verifies after any number of changes, and the newest key
// signs. Guard: heldInFiles.
func TestRotate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd [name]*")
	first, _, err := config.Keys(config.Secrets{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	mac := sum(t, first)
	for n := 1; n <= 3; n++ {
		now, before, err := config.Rotate(config.Secrets{}, dir)
		if err != nil || now.Fingerprint == before.Fingerprint {
			t.Fatal(now.Fingerprint, before.Fingerprint, err)
		}
		keys, _, err := config.Keys(config.Secrets{}, dir)
		if err != nil {
			t.Fatal(err)
		}
		if index, ok := keys.Signer("x").Verify([]byte("y"), mac[:]); !ok || index == 0 {
			t.Errorf("after %d changes the first key is %d, %v", n, index, ok)
		}
		held, err := config.ReadHeldKeys(config.Secrets{}, dir)
		if err != nil || len(held) != n+1 || held[0].Fingerprint != now.Fingerprint {
			t.Errorf("after %d changes: %d keys, %v", n, len(held), err)
		}
	}
}

// TestRotateTogether: of changes at once each is made or refused, and no key that was the file's is
// lost. Guard: writeKey of replace.
func TestRotateTogether(t *testing.T) {
	t.Parallel()
	for range 10 {
		dir := t.TempDir()
		if _, _, err := config.Keys(config.Secrets{}, dir); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		made := make([]bool, 8)
		for i := range made {
			all.Go(func() {
				_, _, err := config.Rotate(config.Secrets{}, dir)
				if made[i] = err == nil; err != nil && !strings.Contains(err.Error(), "under way") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := 1
		for _, is := range made {
			if is {
				want++
			}
		}
		held, err := config.ReadHeldKeys(config.Secrets{}, dir)
		if err != nil || len(held) != want || want < 2 {
			t.Errorf("%d keys after %d changes, %v", len(held), want-1, err)
		}
	}
}

// TestRotateCutOff: wherever a change was cut off, the server starts with the key that it had, and
// the next change says what to remove, or goes on.
func TestRotateCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, _, err := config.Keys(config.Secrets{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	held, err := config.ReadHeldKeys(config.Secrets{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, config.KeyFile)
	old := filepath.Join(dir, "secret-"+held[0].Fingerprint+".key")
	if err := os.Link(path, old); err != nil {
		t.Skip(err)
	}
	again, _, err := config.Keys(config.Secrets{}, dir)
	if err != nil || sum(t, keys) != sum(t, again) {
		t.Errorf("after the old one got its second name: %v", err)
	}
	if _, _, err := config.Rotate(config.Secrets{}, dir); err != nil {
		t.Errorf("a change after that: %v", err)
	}
	if held, err = config.ReadHeldKeys(config.Secrets{}, dir); err != nil || len(held) != 2 {
		t.Errorf("%d keys, %v", len(held), err)
	}
	// What has the old one's name, and is none of ours, is not passed off as it.
	other := filepath.Join(dir, "secret-"+held[0].Fingerprint+".key")
	if err := os.WriteFile(other, []byte("something else that was here before, of 40 bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := config.Rotate(config.Secrets{}, dir); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("over a file that holds something else: %v", err)
	}
	if _, err := os.Lstat(path + ".new"); err == nil {
		t.Error("what was to be the new key is left behind")
	}
}
