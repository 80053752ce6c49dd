package mongo

import (
	"context"
	"errors"
	"sync"

	"github.com/doorbook/doorbook/internal/account"
)

// visitKey finds the visit of a database in a context.
type visitKey struct{ db *DB }

// visit is where one request keeps a developer who is read while its session is.
type visit struct {
	ctx context.Context // of the request

	mu    sync.Mutex
	began bool
	ahead *ahead // nil when there is none, or not any more
}

// ahead is a look-up under way.
type ahead struct {
	id   string
	done chan struct{}
	d    account.Developer // set before done is closed, as is err
	err  error
}

// Request gives the context of one request a place for reading ahead. A request of a signed-in person wants its session,
// and then the developer whom the session names. This process remembers whom a session named the last time, so that within
// the request the developer is read at the same time as the session: one wave of two questions instead of two.
//
// Nothing that was read is remembered from one request to the next, and each read begins within the request: so a change
// that was acknowledged before it began is seen. What is read ahead is used once, and not after this request has itself
// changed a developer. Without Request everything works, one after the other. The context must end with the request; a read
// that nobody waits for any more ends by itself, within seconds.
func (db *DB) Request(ctx context.Context) context.Context {
	v := &visit{}
	v.ctx = context.WithValue(ctx, visitKey{db}, v)
	return v.ctx
}

func (db *DB) visit(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{db}).(*visit)
	return v
}

// readAhead begins to read a developer, once in a request.
func (db *DB) readAhead(ctx context.Context, id string) {
	v := db.visit(ctx)
	oid, ok := objectID(id)
	if v == nil || !ok {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.began {
		return
	}
	a := &ahead{id: id, done: make(chan struct{})}
	v.began, v.ahead = true, a
	go func() {
		defer close(a.done)
		// The end of the request would cost the connection (and the next request a new one), so the answer is awaited.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), commandTimeout)
		defer cancel()
		a.d, a.err = db.accounts.byID(ctx, oid)
	}()
}

// prefetched gives the developer of that id if it was read ahead: as found, or account.ErrNotFound. Any other error is not
// given on, for the caller can ask anew.
func (db *DB) prefetched(ctx context.Context, id string) (account.Developer, error, bool) {
	a := db.visit(ctx).take(id)
	if a == nil {
		return account.Developer{}, nil, false
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		return account.Developer{}, db.fail(ctx, "find developer", ctx.Err()), true
	}
	if a.err != nil && !errors.Is(a.err, account.ErrNotFound) {
		return account.Developer{}, nil, false
	}
	return a.d, a.err, true
}

func (v *visit) take(id string) *ahead {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	a := v.ahead
	if a == nil || a.id != id {
		return nil
	}
	v.ahead = nil
	return a
}

// changed is for calls that change developers: before and after the change, what was read ahead is forgotten.
func (db *DB) changed(ctx context.Context) (after func()) {
	v := db.visit(ctx)
	if v == nil {
		return func() {}
	}
	forget := func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.ahead = nil
	}
	forget()
	return forget
}
