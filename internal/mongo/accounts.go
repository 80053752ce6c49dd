package mongo

import (
	"context"
	"errors"
	"slices"
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
}

var errIDTaken = errors.New("the id is taken")

// Create implements account.Repository.
func (a *accounts) Create(ctx context.Context, by account.Actor, d account.Developer) error {
	if err := a.Confirm(ctx, by); err != nil {
		return err
	}
	return a.db.fail(ctx, "create developer", a.create(ctx, by, d))
}

func (a *accounts) create(ctx context.Context, by account.Actor, d account.Developer) error {
	id, ok := objectID(d.ID)
	if !ok {
		return errors.New("the id is not one")
	}
	if d.IsAdmin() {
		return a.createAdmin(ctx, id, d, func(s *admins) error { return a.allowed(ctx, s, by) })
	}
	return a.insert(ctx, id, d, developerDoc(id, d))
}

// insert stores the document of a new developer.
func (a *accounts) insert(
	ctx context.Context, id bson.ObjectID, d account.Developer, doc bson.D,
) error {
	for range 3 { // who stood in the way may be gone
		// The unique index knows nobody whom Flask has just registered.
		if err := a.free(ctx, d.EmailKey); err != nil {
			return err
		}
		if _, err := a.developers.InsertOne(ctx, doc); !isDuplicate(err) {
			return err
		}
	}
	if err := a.free(ctx, d.EmailKey); err != nil {
		return err
	}
	if _, err := a.byID(ctx, id); err == nil {
		return errIDTaken
	}
	return a.taken(ctx, id, d.ShortName) // an address: by somebody who is gone already
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
	doc, err := a.document(ctx, id)
	if err != nil {
		return account.Developer{}, err
	}
	return readDeveloper(doc), nil
}

// document gives what is stored of a developer. account.ErrNotFound.
func (a *accounts) document(ctx context.Context, id bson.ObjectID) (bson.Raw, error) {
	doc, err := a.developers.FindOne(ctx, byID(id),
		options.FindOne().SetProjection(developerFields())).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		err = account.ErrNotFound
	}
	return doc, err
}

// ByShortName implements account.Repository.
func (a *accounts) ByShortName(ctx context.Context, name string) (account.Developer, error) {
	return a.where(ctx, bson.D{el("short_name", bson.D{el("$eq", text(name))})}, name != "")
}

// ByLink implements account.Repository.
func (a *accounts) ByLink(ctx context.Context, hash []byte) (account.Developer, error) {
	return a.where(ctx, bson.D{el("link.hash", bson.D{el("$eq", hash)})}, len(hash) > 0)
}

// where finds the one developer who matches, if anybody can.
func (a *accounts) where(ctx context.Context, filter bson.D, can bool) (account.Developer, error) {
	if !can {
		return account.Developer{}, or(ctx.Err(), account.ErrNotFound)
	}
	doc, err := a.developers.FindOne(ctx, filter, options.FindOne().SetProjection(developerFields())).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		err = account.ErrNotFound
	}
	if err != nil {
		return account.Developer{}, a.db.fail(ctx, "find developer", err)
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
	d, err := a.update(ctx, by, oid, c, now)
	return d, a.db.fail(ctx, "update developer", err)
}

func (a *accounts) update(
	ctx context.Context, by account.Actor, id bson.ObjectID, c account.Change, now time.Time,
) (d account.Developer, err error) {
	if c.EmailKey != nil {
		switch other, err := a.settle(ctx, *c.EmailKey); {
		case err == nil && other.ID != id.Hex():
			// An id that names nobody, or another epoch, is the better answer; the address may be
			// free by then, too.
			if _, err := a.expect(ctx, id, c); err != nil {
				return account.Developer{}, err
			}
			return account.Developer{}, account.ErrEmailTaken
		case err != nil && !errors.Is(err, account.ErrNotFound):
			return account.Developer{}, err
		}
	}
	if c.Role != nil || c.State != nil || c.EndSignIns {
		err = retry(func() error {
			d, err = a.changeRights(ctx, by, id, c, now)
			return err
		})
		return d, err
	}
	d, err = a.apply(ctx, c, slices.Concat(byID(id), ifEpoch(c), ifLink(c)), changes(c, now))
	if errors.Is(err, errAgain) {
		if _, err = a.expect(ctx, id, c); err == nil {
			err = account.ErrChanged // it was of another epoch a moment ago
		}
	}
	return d, err
}

// expect gives the developer if there is one of whom the conditions of the change hold.
// account.ErrNotFound, account.ErrChanged.
func (a *accounts) expect(ctx context.Context, id bson.ObjectID, c account.Change) (account.Developer, error) {
	d, err := a.byID(ctx, id)
	if err == nil && !c.Holds(d) {
		err = account.ErrChanged
	}
	return d, err
}

// taken returns what another developer than the one of the id has already, where the database says
// no more than that there is something.
func (a *accounts) taken(ctx context.Context, id any, shortName string) error {
	if shortName != "" {
		other := bson.D{el("short_name", text(shortName)), el("_id", bson.D{el("$ne", id)})}
		switch n, err := a.developers.CountDocuments(ctx, other, options.Count().SetLimit(1)); {
		case err != nil:
			return err
		case n > 0:
			return account.ErrNameTaken
		}
	}
	return account.ErrEmailTaken
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
	err := retry(func() error { return a.remove(ctx, by, oid) })
	return a.db.fail(ctx, "delete developer", err)
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

// ifLink is the condition of a change that only the open link makes possible.
func ifLink(c account.Change) bson.D {
	if c.IfLink == nil {
		return nil
	}
	return bson.D{el("link.hash", c.IfLink)}
}

// all calls f with every document of a cursor, which it closes. The document is f's only until it
// returns.
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
