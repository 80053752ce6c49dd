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

// accounts is account.Repository over the collection developers.
type accounts struct {
	db         *DB
	developers *driver.Collection
	setup      *driver.Collection
}

var errIDTaken = errors.New("the id is taken")

// Create implements account.Repository.
func (a *accounts) Create(ctx context.Context, by account.Actor, d account.Developer) error {
	if err := a.Confirm(ctx, by); err != nil {
		return err
	}
	return a.db.fail(ctx, "create developer", a.create(ctx, d))
}

func (a *accounts) create(ctx context.Context, d account.Developer) error {
	id, ok := objectID(d.ID)
	if !ok {
		return errors.New("the id is not one")
	}
	if err := a.free(ctx, d.EmailKey); err != nil { // the unique index knows nobody whom Flask has just registered
		return err
	}
	_, err := a.developers.InsertOne(ctx, developerDoc(id, d))
	if !isDuplicate(err) {
		return err
	}
	if err := a.free(ctx, d.EmailKey); err != nil {
		return err
	}
	if _, err := a.byID(ctx, id); err == nil {
		return errIDTaken
	}
	return account.ErrEmailTaken // by somebody who is gone already
}

// free gives account.ErrEmailTaken when somebody has the key.
func (a *accounts) free(ctx context.Context, emailKey string) error {
	switch _, err := a.settle(ctx, emailKey); {
	case err == nil:
		return account.ErrEmailTaken
	case errors.Is(err, account.ErrNotFound):
		return nil
	default:
		return err
	}
}

// ByID implements account.Repository.
func (a *accounts) ByID(ctx context.Context, id string) (account.Developer, error) {
	oid, ok := objectID(id)
	if !ok {
		return account.Developer{}, or(ctx.Err(), account.ErrNotFound)
	}
	d, err := a.byID(ctx, oid)
	return d, a.db.fail(ctx, "find developer", err)
}

func (a *accounts) byID(ctx context.Context, id bson.ObjectID) (account.Developer, error) {
	doc, err := a.developers.FindOne(ctx, byID(id), options.FindOne().SetProjection(developerFields())).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return account.Developer{}, account.ErrNotFound
	}
	if err != nil {
		return account.Developer{}, err
	}
	return readDeveloper(doc), nil
}

// ByEmail implements account.Repository.
func (a *accounts) ByEmail(ctx context.Context, emailKey string) (account.Developer, error) {
	d, err := a.settle(ctx, emailKey)
	return d, a.db.fail(ctx, "find developer", err)
}

// List implements account.Repository. Limits over 1000 count as 1000.
func (a *accounts) List(ctx context.Context, after string, limit int) ([]account.Developer, error) {
	list, err := a.list(ctx, after, min(limit, 1000))
	return list, a.db.fail(ctx, "list developers", err)
}

func (a *accounts) list(ctx context.Context, after string, limit int) ([]account.Developer, error) {
	from := bson.E{Key: "$gte", Value: bson.NilObjectID} // what has an id of another type has no address here
	if after != "" {
		id, ok := objectID(after)
		if !ok {
			return nil, ctx.Err()
		}
		from = bson.E{Key: "$gt", Value: id}
	}
	if limit <= 0 {
		return nil, ctx.Err()
	}
	cursor, err := a.developers.Find(ctx, bson.D{{Key: "_id", Value: bson.D{from}}},
		options.Find().SetSort(bson.D{key("_id", 1)}).SetLimit(int64(limit)).SetProjection(developerFields()))
	if err != nil {
		return nil, err
	}
	var list []account.Developer
	err = all(ctx, cursor, func(doc bson.Raw) { list = append(list, readDeveloper(doc)) })
	return list, err
}

// Update implements account.Repository.
func (a *accounts) Update(
	ctx context.Context, by account.Actor, id string, c account.Change, now time.Time,
) (account.Developer, error) {
	if err := a.Confirm(ctx, by); err != nil {
		return account.Developer{}, err
	}
	oid, ok := objectID(id)
	if !ok {
		return account.Developer{}, or(ctx.Err(), account.ErrNotFound)
	}
	d, err := a.update(ctx, oid, c, now)
	return d, a.db.fail(ctx, "update developer", err)
}

func (a *accounts) update(
	ctx context.Context, id bson.ObjectID, c account.Change, now time.Time,
) (d account.Developer, err error) {
	if c.EmailKey != nil {
		switch other, err := a.settle(ctx, *c.EmailKey); {
		case err == nil && other.ID != id.Hex():
			// An id that names nobody, or another epoch, is the better answer; the address may be free by then, too.
			if _, err := a.expect(ctx, id, c.IfEpoch); err != nil {
				return account.Developer{}, err
			}
			return account.Developer{}, account.ErrEmailTaken
		case err != nil && !errors.Is(err, account.ErrNotFound):
			return account.Developer{}, err
		}
	}
	apply := func(filter bson.D, more ...bson.E) error {
		doc, err := a.developers.FindOneAndUpdate(ctx, append(filter, ifEpoch(c)...), merged(changes(c, now), more),
			options.FindOneAndUpdate().SetReturnDocument(options.After)).Raw()
		if isDuplicate(err) {
			return account.ErrEmailTaken
		}
		if err == nil {
			d = readDeveloper(doc)
		}
		return err
	}
	if mayLeave(c) {
		err = a.leave(ctx, id, c.IfEpoch, apply)
		return d, err
	}
	err = apply(byID(id))
	if errors.Is(err, driver.ErrNoDocuments) {
		if _, err = a.expect(ctx, id, c.IfEpoch); err == nil {
			err = account.ErrChanged // it was of another epoch a moment ago
		}
	}
	return d, err
}

// expect gives the developer if there is one, of that epoch. account.ErrNotFound, account.ErrChanged.
func (a *accounts) expect(ctx context.Context, id bson.ObjectID, epoch *int64) (account.Developer, error) {
	d, err := a.byID(ctx, id)
	if err == nil && epoch != nil && *epoch != d.Epoch {
		err = account.ErrChanged
	}
	return d, err
}

// Delete implements account.Repository.
func (a *accounts) Delete(ctx context.Context, by account.Actor, id string) error {
	if err := a.Confirm(ctx, by); err != nil {
		return err
	}
	oid, ok := objectID(id)
	if !ok {
		return or(ctx.Err(), account.ErrNotFound)
	}
	err := a.leave(ctx, oid, nil, func(filter bson.D, _ ...bson.E) error {
		r, err := a.developers.DeleteOne(ctx, filter)
		if err == nil && r.DeletedCount == 0 {
			err = driver.ErrNoDocuments
		}
		return err
	})
	return a.db.fail(ctx, "delete developer", err)
}

// Confirm implements account.Repository.
func (a *accounts) Confirm(ctx context.Context, by account.Actor) error {
	return a.db.fail(ctx, "look at the actor", a.confirm(ctx, by))
}

func (a *accounts) confirm(ctx context.Context, by account.Actor) error {
	if by == (account.Actor{}) {
		return nil
	}
	id, ok := objectID(by.ID)
	if !ok {
		return account.ErrAuthority
	}
	now, err := a.byID(ctx, id)
	if errors.Is(err, account.ErrNotFound) || err == nil && !by.May(now) {
		return account.ErrAuthority
	}
	if err != nil || by.Session == "" {
		return err
	}
	sid, ok := objectID(by.Session)
	if !ok {
		return account.ErrAuthority
	}
	n, err := a.db.base.Collection("sessions").CountDocuments(ctx,
		bson.D{{Key: "_id", Value: sid}, {Key: "subject", Value: by.ID}}, options.Count().SetLimit(1))
	if err == nil && n == 0 {
		err = account.ErrAuthority
	}
	return err
}

// HasAdmin implements account.Repository.
func (a *accounts) HasAdmin(ctx context.Context) (bool, error) {
	has, err := a.hasAdmin(ctx, bson.NilObjectID)
	return has, a.db.fail(ctx, "look for an admin", err)
}

func byID(id any) bson.D { return bson.D{{Key: "_id", Value: id}} }

// ifEpoch is the condition of a change. Who has no epoch is in epoch 0.
func ifEpoch(c account.Change) bson.D {
	switch {
	case c.IfEpoch == nil:
		return nil
	case *c.IfEpoch == 0:
		return bson.D{{Key: "epoch", Value: bson.D{{Key: "$in", Value: bson.A{int64(0), nil}}}}}
	}
	return bson.D{{Key: "epoch", Value: *c.IfEpoch}}
}

// merged adds to the $inc of an update.
func merged(update bson.D, inc []bson.E) bson.D {
	if len(inc) == 0 {
		return update
	}
	for i, e := range update {
		if e.Key == "$inc" {
			update[i].Value = append(e.Value.(bson.D), inc...)
			return update
		}
	}
	return append(update, bson.E{Key: "$inc", Value: bson.D(inc)})
}

// all calls f with every document of a cursor, which it closes. The document is f's only until it returns.
func all(ctx context.Context, cursor *driver.Cursor, f func(doc bson.Raw)) error {
	defer cursor.Close(ctx)
	for cursor.Next(ctx) {
		f(cursor.Current)
	}
	return cursor.Err()
}

// or gives the first error that is one.
func or(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
