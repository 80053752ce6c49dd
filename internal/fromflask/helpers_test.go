package fromflask_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fromflask"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// installation is a source in memory. Documents are in the order of their ids, as the tests write
// them down.
type installation struct {
	developers, logs []bson.Raw
	failAt           int // reading fails before this document of each collection; 0: never
}

var errSource = errors.New("the source is away")

func (s *installation) collection(name string) []bson.Raw {
	if name == fromflask.Developers {
		return s.developers
	}
	return s.logs
}

func (s *installation) Count(_ context.Context, name string) (int64, error) {
	return int64(len(s.collection(name))), nil
}

func (s *installation) Documents(_ context.Context, name string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for i, doc := range s.collection(name) {
			if s.failAt > 0 && i == s.failAt {
				yield(nil, errSource)
				return
			}
			if !yield(doc, nil) {
				return
			}
		}
	}
}

func (s *installation) developer(docs ...bson.M) *installation {
	for _, d := range docs {
		s.developers = append(s.developers, raw(d))
	}
	return s
}

func (s *installation) log(docs ...bson.M) *installation {
	for _, d := range docs {
		s.logs = append(s.logs, raw(d))
	}
	return s
}

func raw(v any) bson.Raw {
	b, err := bson.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// oid is the nth id, made n seconds after the year 2021 began.
func oid(n int) bson.ObjectID {
	id := bson.NewObjectIDFromTimestamp(idTime(n))
	copy(id[4:], []byte{1, 2, 3, 4, 5, byte(n >> 16), byte(n >> 8), byte(n)})
	return id
}

func hexID(n int) string { return oid(n).Hex() }

func idTime(n int) time.Time {
	return time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

// someHash has the shape of Werkzeug's.
const someHash = "pbkdf2:sha256:260000$AbCdEfGhIjKlMnOp$2f08fec88992d656bb434a1027490adb53da424824e681e4ec7f88f7368f6c6e"

// ada is a developer as the original stores one, with what differs.
func ada(n int, different bson.M) bson.M {
	return with(bson.M{
		"_id": oid(n), "name": "Ada Lovelace", "email": "ada@example.org", "password": someHash,
		"skills": bson.A{"go", "sql"}, "created_at": idTime(n),
	}, different)
}

// get is a request as the original stores one, with what differs.
func get(n int, different bson.M) bson.M {
	return with(bson.M{
		"_id": oid(n), "type": "request", "client_addr": "192.0.2.1", "url": "http://localhost:5000/", "http_method": "GET",
		"body": bson.M{}, "created_at": idTime(n), "deleted": false,
	}, different)
}

// with changes fields; one that becomes nil goes.
func with(doc, different bson.M) bson.M {
	for k, v := range different {
		if doc[k] = v; v == nil {
			delete(doc, k)
		}
	}
	return doc
}

// place is a database that is filled, and what was told of it.
type place struct {
	t        *testing.T
	accounts account.Repository
	book     book.Repository
	items    []fromflask.Item
}

func newPlace(t *testing.T) *place {
	t.Helper()
	db, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &place{t: t, accounts: db.Accounts(), book: db.Entries()}
}

// try copies with what change sets.
func (p *place) try(source fromflask.Source, change func(*fromflask.Config)) (fromflask.Totals, error) {
	p.t.Helper()
	p.items = nil
	c := fromflask.Config{
		Source: source, Accounts: p.accounts, Book: p.book, Batch: 4,
		Item: func(i fromflask.Item) { p.items = append(p.items, i) },
	}
	if change != nil {
		change(&c)
	}
	return fromflask.Copy(p.t.Context(), c)
}

// copy must succeed.
func (p *place) copy(source fromflask.Source, change func(*fromflask.Config)) fromflask.Totals {
	p.t.Helper()
	totals, err := p.try(source, change)
	if err != nil {
		p.t.Fatal(err)
	}
	return totals
}

func (p *place) all() []account.Developer {
	p.t.Helper()
	list, err := p.accounts.List(p.t.Context(), "", 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

// entries gives all of them, the first that was copied first.
func (p *place) entries() []book.Entry {
	p.t.Helper()
	list, _, err := p.book.Find(p.t.Context(), book.Query{Limit: 1000})
	if err != nil {
		p.t.Fatal(err)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func (p *place) outcome(outcome fromflask.Outcome) (lines []string) {
	for _, i := range p.items {
		if i.Outcome == outcome {
			lines = append(lines, strings.TrimSpace(string(i.Reason)+" "+i.ID+" "+i.Detail))
		}
	}
	return lines
}
