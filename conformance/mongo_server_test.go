package conformance

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// TestMongoSettings tells the story under settings that people give their clients. None of them is
// obeyed where it would weaken what is promised: all writes go to a majority and its journals.
func TestMongoSettings(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{
		"w=0", "w=1&journal=false", "readConcernLevel=available", "readPreference=secondaryPreferred", "retryWrites=false",
		"retryReads=false", "compressors=zlib", "maxPoolSize=1",
	} {
		t.Run(setting, func(t *testing.T) {
			address := servers.Mongo(t)
			if strings.Contains(address, "?") {
				address += "&" + setting
			} else {
				address += "?" + setting
			}
			mongoTale(t, address)
		})
	}
	t.Run("encoding", func(t *testing.T) {
		odd := bson.NewRegistry()
		odd.RegisterTypeEncoder(reflect.TypeFor[string](), bson.ValueEncoderFunc(
			func(_ bson.EncodeContext, w bson.ValueWriter, v reflect.Value) error {
				return w.WriteString("odd " + v.String())
			}))
		mongoTale(t, servers.Mongo(t), options.Client().SetRegistry(odd).SetBSONOptions(&options.BSONOptions{
			ObjectIDAsHexString: true, NilSliceAsEmpty: true, IntMinSize: true,
		}))
	})
}

func mongoTale(t *testing.T, address string, more ...*options.ClientOptions) {
	t.Helper()
	var sent commands
	st, _ := mongoStore(t, mongoDatabase(t, address, append(more, sent.watch())...))
	seen, _ := sent.during(func() error { story(t, st); return nil })
	for _, command := range seen {
		elements, err := command.Elements()
		if err != nil {
			t.Fatal(err)
		}
		switch name := elements[0].Key(); name {
		case "insert", "update", "delete", "findAndModify":
			w, _ := command.Lookup("writeConcern", "w").StringValueOK()
			if j, ok := command.Lookup("writeConcern", "j").BooleanOK(); w != "majority" || !j || !ok {
				t.Errorf("%s is sent with %v", name, command.Lookup("writeConcern"))
			}
		case "find":
			if level, _ := command.Lookup("readConcern", "level").StringValueOK(); level != "local" {
				t.Errorf("%s is sent with read concern %q", name, level)
			}
			if mode, _ := command.Lookup("$readPreference", "mode").StringValueOK(); mode == "secondaryPreferred" {
				t.Errorf("%s may go to a secondary", name) // which a driver tells replica sets alone
			}
		}
	}
}

// deafening dials connections over which, from a moment on, nothing reaches the server any more:
// neither side notices.
type deafening struct{ deaf atomic.Bool }

func (d *deafening) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	return deafConn{conn, d}, err
}

type deafConn struct {
	net.Conn
	d *deafening
}

func (c deafConn) Write(b []byte) (int, error) {
	if c.d.deaf.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// TestMongoHanging: while the server says nothing a call lasts no longer than its context, and when
// it speaks again all is well without a restart.
func TestMongoHanging(t *testing.T) {
	t.Parallel()
	var dialer deafening
	client := options.Client().SetDialer(&dialer).SetHeartbeatInterval(500 * time.Millisecond).SetConnectTimeout(time.Second)
	st, _ := mongoStore(t, mongoDatabase(t, servers.Mongo(t), client))
	r := record("ada", store.Values{"a": {1}})
	if err := st.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	dialer.deaf.Store(true)
	for name, run := range map[string]func(ctx context.Context) error{
		"Create": func(ctx context.Context) error { return st.Create(ctx, record("bob", nil)) },
		"Load":   func(ctx context.Context) error { _, err := st.Load(ctx, r.ID, now); return err },
		"Patch": func(ctx context.Context) error {
			_, err := st.Patch(ctx, store.Patch{ID: r.ID, Now: now})
			return err
		},
		"Touch":     func(ctx context.Context) error { return st.Touch(ctx, r.ID, r.Digest, store.Touch{}, now) },
		"Delete":    func(ctx context.Context) error { return st.Delete(ctx, r.ID) },
		"BySubject": func(ctx context.Context) error { _, err := st.BySubject(ctx, "ada", now); return err },
		"Each": func(ctx context.Context) error {
			return st.Each(ctx, now, func(store.Record) error { return nil })
		},
		"DeleteExpired": func(ctx context.Context) error { _, err := st.DeleteExpired(ctx, now, 10); return err },
		"CreateIndexes": st.CreateIndexes,
	} {
		timed, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		mongoGivesUp(t, name, timed, context.DeadlineExceeded, run)
		cancel()
		ended, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		mongoGivesUp(t, name+", cancelled", ended, context.Canceled, run)
	}
	dialer.deaf.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		got, err := st.Load(ctx, r.ID, now)
		if err == nil {
			if got.Version != 1 {
				t.Errorf("what did not reach the server gave version %d", got.Version)
			}
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the server speaks again, but Load: %v", err)
		}
	}
}

func mongoGivesUp(t *testing.T, name string, ctx context.Context, want error, run func(context.Context) error) {
	t.Helper()
	err := run(ctx)
	if !errors.Is(err, want) || errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s while the server hangs: %v, want %v", name, err, want)
	}
}

// TestMongoAway: with a server that is not there a call says so when its context ends.
func TestMongoAway(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "mongodb://" + listener.Addr().String() + "/"
	_ = listener.Close()
	st := mongoStoreOf(t, mongoClient(t, address).Database("none").Collection("none"))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := st.Load(ctx, session.ID{1}, now); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Load: %v, want the end of the context", err)
	}
}

// TestMongoSweepers: several that sweep at once remove everything that is dead, count each record
// once, and touch nothing that lives.
func TestMongoSweepers(t *testing.T) {
	t.Parallel()
	const dead, sweepers = 450, 3
	st, collection := mongoStore(t, mongoDatabase(t, servers.Mongo(t)))
	ctx := t.Context()
	live := record("ada", nil)
	live.Expires = now.Add(3 * time.Hour)
	if err := st.Create(ctx, live); err != nil {
		t.Fatal(err)
	}
	template := record("ada", nil)
	if err := st.Create(ctx, template); err != nil {
		t.Fatal(err)
	}
	mongoMultiply(t, collection, template.ID, dead-1)
	var total atomic.Int64
	all := make(chan error)
	for range sweepers {
		go func() {
			var err error
			for range dead {
				var n int
				if n, err = st.DeleteExpired(ctx, now.Add(2*time.Hour), 60); n > 60 {
					err = errors.New("more than the limit")
				}
				total.Add(int64(n))
				if err != nil {
					break
				}
				if left, _ := collection.CountDocuments(ctx, bson.D{}); left <= 1 {
					break
				}
			}
			all <- err
		}()
	}
	for range sweepers {
		if err := <-all; err != nil {
			t.Error(err)
		}
	}
	if total.Load() != dead {
		t.Errorf("%d deletions were counted, of %d dead records", total.Load(), dead)
	}
	if _, err := st.Load(ctx, live.ID, now); err != nil {
		t.Errorf("the one that lives: %v", err)
	}
}

// TestMongoSweepPastTouch: a record that is kept alive after a sweeper has seen it dead, and before
// it is removed, stays.
func TestMongoSweepPastTouch(t *testing.T) {
	t.Parallel()
	address := servers.Mongo(t)
	var meanwhile func()
	monitor := &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) { // before it is sent
		if e.CommandName == "delete" {
			meanwhile()
		}
	}}
	own, name := mongoOwn(t, address)
	others := mongoStoreOf(t, mongoClient(t, own).Database(name).Collection("swept"))
	st := mongoStoreOf(t, mongoClient(t, own, options.Client().SetMonitor(monitor)).Database(name).Collection("swept"))
	saved, dead := record("ada", nil), record("bob", nil)
	for _, r := range []store.Record{saved, dead} {
		if err := others.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	later := saved.Expires.Add(time.Hour)
	meanwhile = func() { // on a node whose clock is behind
		if err := others.Touch(t.Context(), saved.ID, saved.Digest, store.Touch{Expires: later}, now); err != nil {
			t.Error(err)
		}
	}
	if n, err := st.DeleteExpired(t.Context(), saved.Expires, 10); n != 1 || err != nil {
		t.Errorf("DeleteExpired: %d, %v; want 1", n, err)
	}
	if _, err := st.Load(t.Context(), saved.ID, saved.Expires); err != nil {
		t.Errorf("the record that was kept alive: %v", err)
	}
}
