package door_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
)

// mix is an account.Hashes that says what a test wants.
type mix struct {
	mu    sync.Mutex
	forms map[string]int
	asked int
}

func (m *mix) HashForms(context.Context) (map[string]int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if m.forms == nil {
		return nil, sitetest.ErrFault
	}
	return m.forms, nil
}

// TestDecoys: the work for unknown addresses is that of the hashes that there are, in the same mix;
// and for one address always the same, on every node and after every restart.
func TestDecoys(t *testing.T) {
	t.Parallel()
	const scrypt, pbkdf2, argon2id = "scrypt:128:8:1", "pbkdf2:sha256:1", "$argon2id$v=19$m=8,t=1,p=1"
	hashes := &mix{forms: map[string]int{scrypt: 5, pbkdf2: 3, argon2id: 2}}
	var last string
	hasher := passhashtest.Watched(t, passhash.Config{}, func(hash string) {
		last = account.HashForm(hash)
	})
	change := func(p *server.Parts) { p.Passwords, p.Hashes = hasher, hashes }
	s, other := sitetest.New(t, change), sitetest.New(t, change)
	b, c := newBrowser(t, s, ""), newBrowser(t, other, "")
	formOf := func(b *browser, i int) string {
		b.addr = fmt.Sprintf("192.0.2.%d", i%200)
		wantKind(t, b.signIn(fmt.Sprintf("person%d@example.org", i), wrong), fault.Invalid)
		return last
	}
	const n = 400
	seen, first := map[string]int{}, make([]string, n)
	for i := range n {
		first[i] = formOf(b, i)
		seen[first[i]]++
		if again := formOf(c, i); again != first[i] {
			t.Fatalf("address %d has the work of %s, elsewhere of %s", i, first[i], again)
		}
	}
	// The signatures are the same at each run, so this is no matter of luck.
	for form, part := range map[string]int{scrypt: n * 5 / 10, pbkdf2: n * 3 / 10, argon2id: n * 2 / 10} {
		if got := seen[form]; got < part*3/4 || got > part*5/4 {
			t.Errorf("%d of %d addresses have the work of %s, want about %d", got, n, form, part)
		}
	}
	if hashes.asked != 2 {
		t.Errorf("%d sign-ins ask for the mix %d times, want once on each node", 2*n, hashes.asked)
	}
	// An outage leaves the mix as it was; another mix is known after an hour.
	hashes.forms = nil
	s.Clock.Turn(time.Hour)
	if again := formOf(b, 0); again != first[0] {
		t.Errorf("the work is that of %s after an outage, before it was %s", again, first[0])
	}
	hashes.forms = map[string]int{pbkdf2: 1}
	s.Clock.Turn(time.Hour)
	for i := range 10 {
		if form := formOf(b, i); form != pbkdf2 {
			t.Errorf("the work is that of %s", form)
		}
	}
}

// TestDecoyOfStored: what is stored is what unknown addresses are like.
func TestDecoyOfStored(t *testing.T) {
	t.Parallel()
	var last string
	hasher := passhashtest.Watched(t, passhash.Config{}, func(hash string) {
		last = account.HashForm(hash)
	})
	s := sitetest.New(t, func(p *server.Parts) { p.Passwords = hasher })
	ada := s.Developer("Ada", account.Member)
	imported := "pbkdf2:sha256:2$AbCdEfGh$" + fmt.Sprintf("%064x", 1)
	change := account.Change{PasswordHash: &imported}
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, change, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"nobody@example.org", ada.Email, "no address"} {
		wantKind(t, newBrowser(t, s, "192.0.2.1").signIn(email, wrong), fault.Invalid)
		if last != "pbkdf2:sha256:2" {
			t.Errorf("%s: the work is that of %s", email, last)
		}
	}
}
