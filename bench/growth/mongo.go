package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/bench/ferretdb"
	"github.com/doorbook/doorbook/session/mongostore"
)

// mongoRig is the store over a FerretDB of its own. Only look-ups by _id say something of a
// MongoDB: FerretDB looks through all documents for anything else, also for each write.
type mongoRig struct {
	*mongostore.Store
	client   *mongo.Client
	sessions *mongo.Collection
	server   *ferretdb.Server
}

func startMongo(ctx context.Context) (rig, error) {
	server, err := ferretdb.Start(ctx)
	if err != nil {
		return nil, err
	}
	r := &mongoRig{server: server}
	r.client, err = mongo.Connect(options.Client().ApplyURI(server.URL("")))
	if err == nil {
		r.sessions = r.client.Database("growth").Collection("sessions")
		r.Store, err = mongostore.New(r.sessions)
	}
	if err != nil {
		_ = r.close()
		return nil, err
	}
	return r, nil
}

// fill stores one session through the store and copies its document, with other ids, subjects and
// times, many at once. It makes no indexes: nothing here is looked for but by _id, and a FerretDB
// would be slower at it.
func (r *mongoRig) fill(ctx context.Context, from, to int, now time.Time) error {
	const batch = 1000
	if err := r.Create(ctx, recordOf(from, now, true)); err != nil {
		return err
	}
	if err := r.index(ctx); err != nil {
		return err
	}
	id := idOf(from)
	var model bson.D
	if err := r.sessions.FindOne(ctx, bson.D{{Key: "_id", Value: bson.ObjectID(id)}}).Decode(&model); err != nil {
		return err
	}
	for n := from + 1; n < to; {
		var docs []any
		for ; n < to && len(docs) < batch; n++ {
			record := recordOf(n, now, true)
			doc := make(bson.D, len(model))
			for i, e := range model {
				switch e.Key {
				case "_id":
					e.Value = bson.ObjectID(record.ID)
				case "subject":
					e.Value = record.Subject
				case "expires":
					e.Value = record.Expires
				}
				doc[i] = e
			}
			docs = append(docs, doc)
		}
		if _, err := r.sessions.InsertMany(ctx, docs); err != nil {
			return err
		}
	}
	return nil
}

// index gives FerretDB the index that it means to have: 1.24.2 makes one of _ferretdb_sjson->"_id"
// and asks for _ferretdb_sjson->'$._id', which are two expressions to SQLite, so that it looks
// through all documents for an _id too.
func (r *mongoRig) index(ctx context.Context) error {
	db, err := sql.Open("sqlite", "file:"+r.server.File("growth")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	var table string
	if err := db.QueryRowContext(ctx, `SELECT table_name FROM _ferretdb_collections WHERE name = 'sessions'`).Scan(&table); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS by_id ON %q (_ferretdb_sjson->'$._id')`, table))
	return err
}

func (r *mongoRig) bytes(context.Context) (int64, error) { return r.server.Bytes() }

func (r *mongoRig) close() error {
	if r.client != nil {
		_ = r.client.Disconnect(context.Background())
	}
	r.server.Stop()
	return nil
}
