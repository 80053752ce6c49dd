package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// devices is account.Devices over the collection devices.
type devices struct {
	db   *DB
	rows *driver.Collection
}

// device is how one is stored.
type device struct {
	ID        any       `bson:"_id"`
	Account   any       `bson:"account"`
	Epoch     int64     `bson:"epoch"`
	Name      any       `bson:"name"`
	Session   any       `bson:"session"`
	FirstSeen time.Time `bson:"first_seen"`
	LastSeen  time.Time `bson:"last_seen"`
}

// Find implements account.Devices.
func (d *devices) Find(ctx context.Context, id string) (account.Device, error) {
	raw, err := d.rows.FindOne(ctx, byID(text(id))).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return account.Device{}, account.ErrNotFound
	}
	if err != nil {
		return account.Device{}, d.db.fail(ctx, "find device", err)
	}
	return readDevice(raw), nil
}

// Keep implements account.Devices. What is beyond the most is found by a second look: of several
// devices kept at once, on several nodes, the last look sees all.
func (d *devices) Keep(ctx context.Context, dev account.Device, most int, begun ...account.SignIn) error {
	for _, s := range begun {
		if err := d.db.signIns.enter(ctx, s); err != nil {
			return d.db.fail(ctx, "enter sign-in", err)
		}
	}
	return d.db.fail(ctx, "keep device", d.keep(ctx, dev, most))
}

func (d *devices) keep(ctx context.Context, dev account.Device, most int) error {
	doc := device{
		ID: text(dev.ID), Account: text(dev.Account), Epoch: dev.Epoch, Name: text(dev.Name),
		Session: text(dev.Session), FirstSeen: dev.FirstSeen, LastSeen: dev.LastSeen,
	}
	if err := d.store(ctx, doc); err != nil {
		return err
	}
	list, err := d.list(ctx, dev.Account)
	if err != nil || len(list) <= most {
		return err
	}
	var beyond bson.A
	left := most - 1 // besides the one kept
	for _, other := range list {
		if other.ID == dev.ID {
			continue
		}
		if left--; left < 0 {
			beyond = append(beyond, text(other.ID))
		}
	}
	_, err = d.rows.DeleteMany(ctx, bson.D{
		{Key: "_id", Value: bson.D{{Key: "$in", Value: beyond}}},
		{Key: "account", Value: doc.Account},
	})
	return err
}

// store puts a device in place of what has its id, but for the name of one of the same account.
func (d *devices) store(ctx context.Context, doc device) error {
	own := append(byID(doc.ID), bson.E{Key: "account", Value: doc.Account})
	change := bson.D{
		{Key: "$set", Value: bson.D{
			{Key: "epoch", Value: doc.Epoch},
			{Key: "session", Value: doc.Session},
			{Key: "first_seen", Value: doc.FirstSeen},
			{Key: "last_seen", Value: doc.LastSeen},
		}},
		{Key: "$setOnInsert", Value: bson.D{{Key: "name", Value: doc.Name}}},
	}
	_, err := d.rows.UpdateOne(ctx, own, change, options.UpdateOne().SetUpsert(true))
	if !isDuplicate(err) {
		return err
	}
	r, err := d.rows.UpdateOne(ctx, own, change) // somebody else has just inserted it
	if err == nil && r.MatchedCount == 0 {       // or it is another account's
		_, err = d.rows.ReplaceOne(ctx, byID(doc.ID), doc)
	}
	return err
}

// Rename implements account.Devices.
func (d *devices) Rename(ctx context.Context, owner, session, name string) (account.Device, error) {
	if session == "" {
		return account.Device{}, account.ErrNotFound
	}
	raw, err := d.rows.FindOneAndUpdate(ctx,
		bson.D{{Key: "account", Value: text(owner)}, {Key: "session", Value: text(session)}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "name", Value: text(name)}}}},
		options.FindOneAndUpdate().SetReturnDocument(options.After)).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return account.Device{}, account.ErrNotFound
	}
	if err != nil {
		return account.Device{}, d.db.fail(ctx, "rename device", err)
	}
	return readDevice(raw), nil
}

// List implements account.Devices.
func (d *devices) List(ctx context.Context, owner string) ([]account.Device, error) {
	list, err := d.list(ctx, owner)
	return list, d.db.fail(ctx, "list devices", err)
}

func (d *devices) list(ctx context.Context, owner string) (list []account.Device, err error) {
	cursor, err := d.rows.Find(ctx, bson.D{{Key: "account", Value: text(owner)}},
		options.Find().SetSort(bson.D{key("last_seen", -1), key("_id", 1)}))
	if err != nil {
		return nil, err
	}
	err = all(ctx, cursor, func(doc bson.Raw) { list = append(list, readDevice(doc)) })
	return list, err
}

// End implements account.Devices.
func (d *devices) End(ctx context.Context, owner string, except ...string) (int, error) {
	filter := bson.D{{Key: "account", Value: text(owner)}}
	if len(except) > 0 {
		ids := bson.A{}
		for _, id := range except {
			ids = append(ids, text(id))
		}
		filter = append(filter, bson.E{Key: "_id", Value: bson.D{{Key: "$nin", Value: ids}}})
	}
	r, err := d.rows.DeleteMany(ctx, filter)
	if err != nil {
		return 0, d.db.fail(ctx, "end devices", err)
	}
	return int(r.DeletedCount), nil
}

// Sweep implements account.Devices. It is safe to run on every node.
func (d *devices) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	old := bson.E{Key: "last_seen", Value: bson.D{{Key: "$lt", Value: before}}}
	n, err := sweep(ctx, d.rows, bson.D{old}, bson.D{key("last_seen", 1)}, limit)
	return n, d.db.fail(ctx, "sweep devices", err)
}

// readDevice reads a device. One whose epoch cannot be read is of no account's.
func readDevice(doc bson.Raw) account.Device {
	d := account.Device{Epoch: -1}
	each(doc, func(name string, v bson.RawValue) {
		switch name {
		case "_id":
			d.ID = readText(v)
		case "account":
			d.Account = readText(v)
		case "epoch":
			if n, ok := v.AsInt64OK(); ok {
				d.Epoch = n
			}
		case "name":
			d.Name = capped(readText(v), maxPerson)
		case "session":
			d.Session = capped(readText(v), maxPerson)
		case "first_seen":
			d.FirstSeen = readTime(v)
		case "last_seen":
			d.LastSeen = readTime(v)
		}
	})
	return d
}
