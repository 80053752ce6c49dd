package sessiontest

import (
	"context"
	"runtime"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// dawdling is a store whose answers take a while, each way.
type dawdling struct{ store.Store }

func (d dawdling) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	runtime.Gosched()
	r, err := d.Store.Load(ctx, id, now)
	runtime.Gosched()
	return r, err
}

func (d dawdling) Patch(ctx context.Context, p store.Patch) (int64, error) {
	runtime.Gosched()
	version, err := d.Store.Patch(ctx, p)
	runtime.Gosched()
	return version, err
}

func (d dawdling) Delete(ctx context.Context, ids ...store.ID) error {
	runtime.Gosched()
	err := d.Store.Delete(ctx, ids...)
	runtime.Gosched()
	return err
}
