package conformance

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/mongo"
)

// spy keeps the commands with a filter that a database is asked.
type spy struct {
	mu   sync.Mutex
	seen []bson.Raw
}

func (s *spy) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		switch e.CommandName {
		case "find", "findAndModify", "update", "delete", "aggregate":
			s.mu.Lock()
			defer s.mu.Unlock()
			s.seen = append(s.seen, append(bson.Raw(nil), e.Command...))
		}
	}}
}

func (s *spy) take() []bson.Raw {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// Every query that is asked while people use the program is answered from an index, and looks at
// hardly more documents than it gives: shown on a real server, with a book of some thousand
// entries.
func TestReposMongoPlans(t *testing.T) {
	t.Parallel()
	if needsRealMongo(t, "explain") {
		return
	}
	var spy spy
	address := mongoURL(t, servers.Mongo(t))
	db := openMongoURL(t, address, mongo.Options{Monitor: spy.monitor()})
	ctx := t.Context()
	ada := newDeveloper("ada", account.Admin)
	if err := db.Accounts().Create(ctx, account.Actor{}, ada); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if err := db.Accounts().Create(ctx, account.Actor{}, newDeveloper(fmt.Sprint("dev", i), account.Member)); err != nil {
			t.Fatal(err)
		}
	}
	var rare book.Entry
	for i := range 40 {
		var list []book.Entry
		for j := range 250 {
			e := newEntry()
			e.CreatedAt = now.Add(time.Duration(i*250+j) * time.Second)
			switch {
			case i < 2 && j == 0: // the oldest ones: whoever walks through the book from its end walks long
				e.Type, e.User = book.Activity, ada.ID
				rare = e
			case i < 2 && j == 1:
				e.User = ada.ID
			default:
				e.User = id.New(now)
			}
			list = append(list, e)
		}
		if err := db.Entries().Append(ctx, list); err != nil {
			t.Fatal(err)
		}
	}
	_, next, err := db.Entries().Find(ctx, book.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	name := "Ada"
	find := func(q book.Query) func() { return func() { _, _, _ = db.Entries().Find(ctx, q) } }
	spy.take()
	for _, c := range []struct {
		what string
		most int64 // documents looked at
		call func()
	}{
		{"ByID", 1, func() { _, _ = db.Accounts().ByID(ctx, ada.ID) }},
		{"ByEmail", 3, func() { _, _ = db.Accounts().ByEmail(ctx, ada.EmailKey) }},
		{"ByEmail of nobody", 3, func() { _, _ = db.Accounts().ByEmail(ctx, "nobody@example.org") }},
		{"HasAdmin", 2, func() { _, _ = db.Accounts().HasAdmin(ctx) }},
		{"List", 20, func() { _, _ = db.Accounts().List(ctx, ada.ID, 20) }},
		{"Update", 1, func() { _, _ = db.Accounts().Update(ctx, account.Actor{}, ada.ID, account.Change{Name: &name}, now) }},
		{"the newest", 22, find(book.Query{Limit: 20})},
		{"the next page", 24, find(book.Query{Limit: 20, Before: next})},
		{"requests", 22, find(book.Query{Limit: 20, Type: book.Request})},
		{"what is rare", 22, find(book.Query{Limit: 20, Type: book.Activity})},
		{"of one who has little", 22, find(book.Query{Limit: 20, User: ada.ID})},
		{"what is rare of one", 22, find(book.Query{Limit: 20, User: ada.ID, Type: book.Activity})},
		{"requests of one", 22, find(book.Query{Limit: 20, User: ada.ID, Type: book.Request})},
		{"of one who has nothing", 22, find(book.Query{Limit: 20, User: "nobody"})},
		{"an entry", 1, func() { _, _ = db.Entries().ByID(ctx, rare.ID) }},
		{"hide", 1, func() { _ = db.Entries().SoftDelete(ctx, rare.ID, now) }},
		{"minutes", 10, func() { _, _ = db.Entries().Minutes(ctx, now.Add(160*time.Minute)) }},
		{"trim by age", 60, func() { _, _ = db.Entries().Trim(ctx, now.Add(50*time.Second), 0, 100) }},
		{"sweep", 1, func() { _, _ = db.Throttle().Sweep(ctx, now, 100) }},
	} {
		c.call()
		for _, command := range spy.take() {
			if plan, examined, ok := explain(t, address, command); ok && (examined > c.most || strings.Contains(plan, "COLLSCAN")) {
				t.Errorf("%s looks at %d documents, want at most %d: %v\n%s", c.what, examined, c.most, command, plan)
			}
		}
	}
}

// explain has the server tell how it answers a command. What it does not explain is passed over.
func explain(t *testing.T, address string, command bson.Raw) (plan string, examined int64, ok bool) {
	t.Helper()
	var bare bson.D
	if err := bson.Unmarshal(command, &bare); err != nil {
		t.Fatal(err)
	}
	var asked bson.D
	for _, e := range bare {
		switch e.Key {
		case "lsid", "txnNumber", "$db", "$clusterTime", "$readPreference", "writeConcern", "readConcern", "maxTimeMS":
		default:
			asked = append(asked, e)
		}
	}
	if asked[0].Key == "aggregate" { // $collStats has no plan
		return "", 0, false
	}
	answer, err := databaseOf(t, address).RunCommand(t.Context(), bson.D{{Key: "explain", Value: asked}, {Key: "verbosity", Value: "executionStats"}}).Raw()
	if err != nil {
		t.Errorf("explain %v: %v", asked, err)
		return "", 0, false
	}
	v, err := answer.LookupErr("executionStats", "totalDocsExamined")
	if err != nil {
		t.Errorf("explain %v: %v", asked, answer)
		return "", 0, false
	}
	examined, _ = v.AsInt64OK()
	return answer.Lookup("queryPlanner").String(), examined, true
}
