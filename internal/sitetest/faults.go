package sitetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// ErrFault is wrapped by every failure that Faults make up. Its text is looked for in answers,
// where it must not be.
var ErrFault = errors.New("made-up fault of /var/lib/secret-place.db")

// Kind is a way to fail.
type Kind string

// The ways to fail. A caller cannot tell Error from Lost, which is the point.
const (
	Error Kind = "error" // nothing is done, and an error is returned
	Hang  Kind = "hang"  // nothing is done, and an error is returned after a while
	Lost  Kind = "lost"  // everything is done, but an error is returned: the answer was lost on its way
)

// hang is how long a call hangs.
const hang = 3 * time.Millisecond

// Faults counts the calls of all repositories together, in order, and lets some fail. It is safe
// for concurrent use.
type Faults struct {
	mu    sync.Mutex
	from  int // the first call that fails; 0: none
	many  int // how many fail; less than 0: all that follow
	kind  Kind
	only  string // calls of this name fail besides
	how   Kind
	calls []string
}

// Only lets all calls of one name fail ("" for none), besides what is planned.
func (f *Faults) Only(name string, kind Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.only, f.how = name, kind
}

// Plan starts counting anew: of the calls that follow, those from the k-th on fail, many of them
// (less than 0: all).
func (f *Faults) Plan(k, many int, kind Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from, f.many, f.kind, f.calls = k, many, kind, nil
}

// Calls gives the names of the calls since Plan, in order.
func (f *Faults) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

// Wrap puts the faults between a site and its databases; it is a change for New.
func (f *Faults) Wrap(p *server.Parts) {
	p.Accounts = faultyAccounts{p.Accounts, f}
	p.Throttle = faultyThrottle{p.Throttle, f}
	p.Devices = faultyDevices{p.Devices, f}
	p.SignIns = faultySignIns{p.SignIns, f}
	p.Tokens = faultyTokens{p.Tokens, f}
	p.Entries = faultyEntries{p.Entries, f}
	p.Store = faultyStore{p.Store, f}
}

func (f *Faults) do(ctx context.Context, name string, call func() error) error {
	f.mu.Lock()
	f.calls = append(f.calls, name)
	n := len(f.calls)
	fails := f.from > 0 && n >= f.from && (f.many < 0 || n < f.from+f.many)
	kind := f.kind
	if f.only == name && name != "" {
		fails, kind = true, f.how
	}
	f.mu.Unlock()
	if !fails {
		return call()
	}
	switch kind {
	case Hang:
		select {
		case <-ctx.Done():
		case <-time.After(hang):
		}
	case Lost:
		_ = call() // whatever came of it, nobody is told
	}
	return fmt.Errorf("%w: call %d, %s: %s", ErrFault, n, name, kind)
}

func value[T any](ctx context.Context, f *Faults, name string, call func() (T, error)) (T, error) {
	var got T
	err := f.do(ctx, name, func() (err error) {
		got, err = call()
		return err
	})
	if errors.Is(err, ErrFault) {
		var none T
		return none, err
	}
	return got, err
}

type faultyAccounts struct {
	account.Repository
	f *Faults
}

func (a faultyAccounts) Create(ctx context.Context, by account.Actor, d account.Developer) error {
	return a.f.do(ctx, "accounts.Create", func() error { return a.Repository.Create(ctx, by, d) })
}

func (a faultyAccounts) ByID(ctx context.Context, id string) (account.Developer, error) {
	return value(ctx, a.f, "accounts.ByID", func() (account.Developer, error) { return a.Repository.ByID(ctx, id) })
}

func (a faultyAccounts) ByLink(ctx context.Context, hash []byte) (account.Developer, error) {
	return value(ctx, a.f, "accounts.ByLink", func() (account.Developer, error) { return a.Repository.ByLink(ctx, hash) })
}

func (a faultyAccounts) ByEmail(ctx context.Context, key string) (account.Developer, error) {
	return value(ctx, a.f, "accounts.ByEmail", func() (account.Developer, error) { return a.Repository.ByEmail(ctx, key) })
}

func (a faultyAccounts) Gone(ctx context.Context, ids []string) ([]string, error) {
	return value(ctx, a.f, "accounts.Gone", func() ([]string, error) { return a.Repository.Gone(ctx, ids) })
}

func (a faultyAccounts) Update(
	ctx context.Context, by account.Actor, id string, c account.Change, now time.Time,
) (account.Developer, error) {
	return value(ctx, a.f, "accounts.Update", func() (account.Developer, error) { return a.Repository.Update(ctx, by, id, c, now) })
}

func (a faultyAccounts) Confirm(ctx context.Context, by account.Actor) error {
	return a.f.do(ctx, "accounts.Confirm", func() error { return a.Repository.Confirm(ctx, by) })
}

func (a faultyAccounts) HasAdmin(ctx context.Context) (bool, error) {
	return value(ctx, a.f, "accounts.HasAdmin", func() (bool, error) { return a.Repository.HasAdmin(ctx) })
}

func (a faultyAccounts) SetupOpen(ctx context.Context, hash []byte, now time.Time) (bool, error) {
	return value(ctx, a.f, "accounts.SetupOpen", func() (bool, error) { return a.Repository.SetupOpen(ctx, hash, now) })
}

type faultyThrottle struct {
	account.Throttle
	f *Faults
}

func (t faultyThrottle) Take(ctx context.Context, counters []account.Attempt, now time.Time) (time.Duration, error) {
	return value(ctx, t.f, "throttle.Take", func() (time.Duration, error) { return t.Throttle.Take(ctx, counters, now) })
}

func (t faultyThrottle) Settle(ctx context.Context, forgiven, refunded []string) error {
	return t.f.do(ctx, "throttle.Settle", func() error { return t.Throttle.Settle(ctx, forgiven, refunded) })
}

type faultyTokens struct {
	account.Tokens
	f *Faults
}

func (k faultyTokens) Create(ctx context.Context, by account.Actor, t account.Token, most int) error {
	return k.f.do(ctx, "tokens.Create", func() error { return k.Tokens.Create(ctx, by, t, most) })
}

func (k faultyTokens) ByHash(ctx context.Context, hash [32]byte) (account.Token, error) {
	return value(ctx, k.f, "tokens.ByHash", func() (account.Token, error) { return k.Tokens.ByHash(ctx, hash) })
}

func (k faultyTokens) List(ctx context.Context, owner string) ([]account.Token, error) {
	return value(ctx, k.f, "tokens.List", func() ([]account.Token, error) { return k.Tokens.List(ctx, owner) })
}

func (k faultyTokens) End(ctx context.Context, by account.Actor, owner, id string, now time.Time) error {
	return k.f.do(ctx, "tokens.End", func() error { return k.Tokens.End(ctx, by, owner, id, now) })
}

func (k faultyTokens) EndAll(ctx context.Context, owner string, now time.Time) (int, error) {
	return value(ctx, k.f, "tokens.EndAll", func() (int, error) { return k.Tokens.EndAll(ctx, owner, now) })
}

func (k faultyTokens) Touch(ctx context.Context, t account.Token, at time.Time, from string) error {
	return k.f.do(ctx, "tokens.Touch", func() error { return k.Tokens.Touch(ctx, t, at, from) })
}

type faultyDevices struct {
	account.Devices
	f *Faults
}

func (d faultyDevices) Find(ctx context.Context, id string) (account.Device, error) {
	return value(ctx, d.f, "devices.Find", func() (account.Device, error) { return d.Devices.Find(ctx, id) })
}

func (d faultyDevices) Keep(ctx context.Context, dev account.Device, most int, begun ...account.SignIn) error {
	return d.f.do(ctx, "devices.Keep", func() error { return d.Devices.Keep(ctx, dev, most, begun...) })
}

func (d faultyDevices) Rename(ctx context.Context, owner, session, name string) (account.Device, error) {
	return value(ctx, d.f, "devices.Rename", func() (account.Device, error) { return d.Devices.Rename(ctx, owner, session, name) })
}

func (d faultyDevices) List(ctx context.Context, owner string) ([]account.Device, error) {
	return value(ctx, d.f, "devices.List", func() ([]account.Device, error) { return d.Devices.List(ctx, owner) })
}

func (d faultyDevices) End(ctx context.Context, owner string, except ...string) (int, error) {
	return value(ctx, d.f, "devices.End", func() (int, error) { return d.Devices.End(ctx, owner, except...) })
}

type faultySignIns struct {
	account.SignIns
	f *Faults
}

func (s faultySignIns) End(ctx context.Context, ended []account.SignIn) error {
	return s.f.do(ctx, "signins.End", func() error { return s.SignIns.End(ctx, ended) })
}

func (s faultySignIns) Over(ctx context.Context, owner string, after, until time.Time, limit int) ([]account.SignIn, error) {
	return value(ctx, s.f, "signins.Over", func() ([]account.SignIn, error) { return s.SignIns.Over(ctx, owner, after, until, limit) })
}

type faultyEntries struct {
	book.Repository
	f *Faults
}

func (e faultyEntries) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	return e.f.do(ctx, "entries.Append", func() error { return e.Repository.Append(ctx, list, endings...) })
}

func (e faultyEntries) Find(ctx context.Context, q book.Query) (list []book.Entry, next string, err error) {
	err = e.f.do(ctx, "entries.Find", func() (err error) {
		list, next, err = e.Repository.Find(ctx, q)
		return err
	})
	if errors.Is(err, ErrFault) {
		return nil, "", err
	}
	return list, next, err
}

func (e faultyEntries) Minutes(ctx context.Context, since time.Time) ([]book.Minute, error) {
	return value(ctx, e.f, "entries.Minutes", func() ([]book.Minute, error) { return e.Repository.Minutes(ctx, since) })
}

type faultyStore struct {
	store.Store
	f *Faults
}

func (s faultyStore) Create(ctx context.Context, r store.Record) error {
	return s.f.do(ctx, "sessions.Create", func() error { return s.Store.Create(ctx, r) })
}

func (s faultyStore) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	return value(ctx, s.f, "sessions.Load", func() (store.Record, error) { return s.Store.Load(ctx, id, now) })
}

func (s faultyStore) Patch(ctx context.Context, p store.Patch) (int64, error) {
	return value(ctx, s.f, "sessions.Patch", func() (int64, error) { return s.Store.Patch(ctx, p) })
}

func (s faultyStore) Touch(ctx context.Context, id session.ID, digest store.Digest, t store.Touch, now time.Time) error {
	return s.f.do(ctx, "sessions.Touch", func() error { return s.Store.Touch(ctx, id, digest, t, now) })
}

func (s faultyStore) Delete(ctx context.Context, ids ...session.ID) error {
	return s.f.do(ctx, "sessions.Delete", func() error { return s.Store.Delete(ctx, ids...) })
}

func (s faultyStore) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	return value(ctx, s.f, "sessions.BySubject", func() ([]store.Record, error) { return s.Store.BySubject(ctx, subject, now) })
}
