// Package sessiontest is for the tests of those who use sessions, and of those who write stores for
// them. It needs nothing but the standard library.
//
// A handler's test gets a signed-in request in a line, and looks at what the handler left behind;
// see New, SignedIn, With, Next and Inspect. Fault makes a store fail on purpose.
//
// A store's own test is a few lines. Run proves that it keeps its contract, Histories that it does
// so whatever comes together:
//
//	func TestStore(t *testing.T) {
//		sessiontest.Run(t, open)
//	}
//
//	func TestStoreHistories(t *testing.T) {
//		sessiontest.Histories(t, open, 20)
//	}
//
//	func open(t *testing.T) store.Store { … }
package sessiontest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// Run runs every test of the suite as a subtest of t, one after the other. Each opens a store of
// its own: open returns one that is empty, and leaves what must be cleaned up to t.Cleanup. Run it
// with the race detector at least once.
//
// All times lie decades before or after the present, so a store that asks a clock of its own fails.
// Strings (subjects, keys, addresses, user agents) are any bytes, as they are in Go.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"Create", createTests},
		{"Patch", patchTests},
		{"Values", valueTests},
		{"Guard", guardTests},
		{"Lifetime", lifetimeTests},
		{"Sweep", sweepTests},
		{"Subject", subjectTests},
		{"Each", eachTests},
		{"Parent", parentTests},
		{"State", stateTests},
		{"Context", contextTests},
		{"Race", raceTests},
		{"Fault", faultTests},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) { test.run(probe{t, open(t)}) })
			}
		})
	}
}

type test struct {
	name string
	run  func(p probe)
}

// Two moments, both far from any clock that runs the suite. Tests that need only one take past: to
// a clock of today every record would be dead.
var (
	past   = time.UnixMilli(1_000_000_000_123).UTC() // September 2001
	future = time.UnixMilli(4_000_000_000_456).UTC() // October 2096
)

// probe is a test and the store it tests.
type probe struct {
	*testing.T
	store.Store
}

// record returns a stranger's record that was created at past and lives for an hour.
func record() store.Record { return recordAt(past) }

func recordAt(now time.Time) store.Record {
	r := store.Record{
		Version: 1, KeyID: "0123abcd", Created: now, LastSeen: now,
		Expires: now.Add(time.Hour), Deadline: now.Add(30 * 24 * time.Hour), Idle: time.Hour,
	}
	_, _ = rand.Read(r.ID[:]) // never fails
	_, _ = rand.Read(r.Digest[:])
	return r
}

// recordOf returns a record that was created signed in.
func recordOf(subject string) store.Record {
	r := record()
	r.Subject, r.SignedIn = subject, r.Created
	return r
}

// patch returns a patch that may be applied to r when r was just created.
func patch(r store.Record) store.Patch {
	return store.Patch{ID: r.ID, Digest: r.Digest, Now: r.Created}
}

// set returns a patch that sets one key.
func set(r store.Record, key, value string) store.Patch {
	p := patch(r)
	p.Set = store.Values{key: []byte(value)}
	return p
}

// created stores r and returns it.
func (p probe) created(r store.Record) store.Record {
	p.Helper()
	if err := p.Create(p.Context(), r); err != nil {
		p.Fatalf("Create: %v", err)
	}
	return r
}

// patched applies a patch that must succeed and returns the new version.
func (p probe) patched(change store.Patch) int64 {
	p.Helper()
	version, err := p.Patch(p.Context(), change)
	if err != nil {
		p.Fatalf("Patch: %v", err)
	}
	return version
}

// refused applies a patch that must fail, in one way.
func (p probe) refused(change store.Patch, want error) {
	p.Helper()
	if version, err := p.Patch(p.Context(), change); !errors.Is(err, want) {
		p.Errorf("Patch gave version %d and error %v, want error %v", version, err, want)
	}
}

// touched touches r as its holder does, and must succeed.
func (p probe) touched(r store.Record, to store.Touch, now time.Time) {
	p.Helper()
	if err := p.Touch(p.Context(), r.ID, r.Digest, to, now); err != nil {
		p.Fatalf("Touch: %v", err)
	}
}

// loaded returns a record that must be there.
func (p probe) loaded(id store.ID, now time.Time) store.Record {
	p.Helper()
	r, err := p.Load(p.Context(), id, now)
	if err != nil {
		p.Fatalf("Load: %v", err)
	}
	return r
}

// gone checks that no record of that id lives.
func (p probe) gone(id store.ID, now time.Time) {
	p.Helper()
	if r, err := p.Load(p.Context(), id, now); !errors.Is(err, store.ErrNotFound) {
		p.Errorf("Load gave %+v, %v; want ErrNotFound", r, err)
	}
}

// holds checks that the record is stored exactly like want.
func (p probe) holds(want store.Record, now time.Time) {
	p.Helper()
	if diff := difference(p.loaded(want.ID, now), want); diff != "" {
		p.Errorf("the stored record differs: %s", diff)
	}
}

// listed checks that want are the live records of a subject, without their values.
func (p probe) listed(subject string, now time.Time, want ...store.Record) {
	p.Helper()
	p.without(fmt.Sprintf("BySubject(%.40q)", subject), p.of(subject, now), want)
}

// of returns the live records of a subject.
func (p probe) of(subject string, now time.Time) []store.Record {
	p.Helper()
	got, err := p.BySubject(p.Context(), subject, now)
	if err != nil {
		p.Fatalf("BySubject(%.40q): %v", subject, err)
	}
	return got
}

// without checks that a method gave the records want, each once, without their values.
func (p probe) without(method string, got, want []store.Record) {
	p.Helper()
	if len(got) != len(want) {
		p.Errorf("%s gave %d records, want %d", method, len(got), len(want))
	}
	byID := make(map[store.ID]store.Record)
	for _, r := range got {
		if r.Values != nil {
			p.Errorf("%s gave values", method)
		}
		if _, ok := byID[r.ID]; ok {
			p.Errorf("%s gave record %v twice", method, r.ID)
		}
		byID[r.ID] = r
	}
	for _, r := range want {
		r.Values = nil
		if found, ok := byID[r.ID]; !ok {
			p.Errorf("%s lacks record %v", method, r.ID)
		} else if diff := difference(found, r); diff != "" {
			p.Errorf("%s: record differs: %s", method, diff)
		}
	}
}

// difference names the first field in which two records differ, or "". No values and empty values
// are the same.
func difference(got, want store.Record) string {
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		name := g.Type().Field(i).Name
		var same bool
		switch field := g.Field(i).Interface().(type) {
		case time.Time:
			same = field.Equal(w.Field(i).Interface().(time.Time)) && field.Location() == time.UTC
		case store.Values:
			same = maps.EqualFunc(field, want.Values, bytes.Equal)
		default:
			same = field == w.Field(i).Interface()
		}
		if !same {
			return fmt.Sprintf("%s is %s, want %s", name, brief(g.Field(i)), brief(w.Field(i)))
		}
	}
	return ""
}

// brief is a field as a message may hold it.
func brief(field reflect.Value) string {
	if digest, ok := field.Interface().(store.Digest); ok {
		return fmt.Sprintf("%x", digest[:])
	}
	return fmt.Sprintf("%.200s", fmt.Sprint(field))
}

// clone returns a deep copy.
func clone(v store.Values) store.Values {
	c := make(store.Values, len(v))
	for key, value := range v {
		c[key] = bytes.Clone(value)
	}
	return c
}

// together runs n functions as nearly at once as it can, and returns when all have.
func together(n int, run func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			run(i)
		}()
	}
	close(start)
	wg.Wait()
}
