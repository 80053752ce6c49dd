package main

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	opt "go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/bench/ferretdb"
	"github.com/doorbook/doorbook/bench/load"
	"github.com/doorbook/doorbook/bench/program"
	"github.com/doorbook/doorbook/bench/replay"
)

// mongoServer is the one that both sides keep their records in, each in a database of its own.
type mongoServer struct {
	ferret  *ferretdb.Server // nil: it ran already
	front   *replay.Front    // nil: the applications ask the server itself
	client  *mongo.Client
	url     func(database string) string // for the applications
	entries int                          // in each log at the begin of a turn
}

// The databases' names.
const ourDatabase, flaskDatabase = "bench_doorbook", "bench_flask"

// openMongo connects to the server at an address, a URL that ends in a slash, or starts a FerretDB
// ("ferretdb"), or one behind a front that replays its answers ("replay").
func openMongo(ctx context.Context, address string, entries int) (*mongoServer, error) {
	m := &mongoServer{entries: entries, url: func(database string) string { return address + database }}
	if address == "ferretdb" || address == "replay" {
		var err error
		if m.ferret, err = ferretdb.Start(ctx); err != nil {
			return nil, err
		}
		m.url = m.ferret.URL
	}
	var err error
	if m.client, err = mongo.Connect(opt.Client().ApplyURI(m.url(""))); err != nil {
		m.close()
		return nil, err
	}
	if address == "replay" {
		if m.front, err = replay.Listen(m.ferret.Dial); err != nil {
			m.close()
			return nil, err
		}
		m.url = m.front.URL
	}
	return m, m.drop(ctx)
}

func (m *mongoServer) close() {
	if m.front != nil {
		m.front.Close()
	}
	if m.client != nil {
		_ = m.drop(context.Background())
		_ = m.client.Disconnect(context.Background())
	}
	if m.ferret != nil {
		m.ferret.Stop()
	}
}

func (m *mongoServer) drop(ctx context.Context) error {
	for _, name := range []string{ourDatabase, flaskDatabase} {
		if err := m.client.Database(name).Drop(ctx); err != nil {
			return fmt.Errorf("drop the database %s: %w", name, err)
		}
	}
	return nil
}

// cpu is what the server has used, 0 where that cannot be told.
func (m *mongoServer) cpu() time.Duration {
	if m == nil || m.ferret == nil {
		return 0
	}
	return program.CPUOf(m.ferret.PID())
}

func (m *mongoServer) logs(database string) *mongo.Collection {
	return m.client.Database(database).Collection("logs")
}

// level makes a log as long as it is to be at the begin of every turn: the page is asked for until
// there is enough, and the oldest entries are removed. A FerretDB looks through the whole log for
// each page, so its length must be the same for both sides.
func (m *mongoServer) level(ctx context.Context, s *server) error {
	if m.front != nil {
		m.front.Pass()
		defer m.front.Replay()
	}
	logs := m.logs(s.database)
	for {
		n, err := logs.CountDocuments(ctx, bson.D{})
		if err != nil {
			return err
		}
		if int(n) >= m.entries {
			break
		}
		if r := load.Run(ctx, s.page, 4, time.Minute, m.entries-int(n)); r.Wrong > 0 {
			return fmt.Errorf("%s: filling the log: %s", s.Name, r.Problem)
		}
	}
	cursor, err := logs.Find(ctx, bson.D{}, opt.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}).
		SetSort(bson.D{{Key: "created_at", Value: -1}}).SetSkip(int64(m.entries)))
	if err != nil {
		return err
	}
	var older []struct {
		ID any `bson:"_id"`
	}
	if err := cursor.All(ctx, &older); err != nil {
		return err
	}
	ids := make(bson.A, len(older))
	for i := range older {
		ids[i] = older[i].ID
	}
	_, err = logs.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	return err
}

// writeHistory is house.writeHistory over MongoDB.
func (m *mongoServer) writeHistory(ctx context.Context, now time.Time) error {
	var docs []any
	for _, c := range madeUp(now) {
		docs = append(docs, bson.D{
			{Key: "_id", Value: c.minute.Format("2006-01-02T15:04") + " " + c.outcome},
			{Key: "at", Value: c.minute},
			{Key: "outcome", Value: c.outcome},
			{Key: "n", Value: int64(c.n)},
		})
	}
	if _, err := m.client.Database(ourDatabase).Collection("minutes").InsertMany(ctx, docs); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}
