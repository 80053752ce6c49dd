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

// mostTries bounds how often a change begins anew because somebody else was quicker each time.
const mostTries = 100

var (
	errAgain   = errors.New("somebody else was quicker") // never leaves the package
	errCrowded = errors.New("admins are being changed elsewhere all the time")
)

// rolePending is stored of an admin who is being made. It reads as a disabled member.
const rolePending = "pending"

// rights are the fields that decide whether somebody is an admin who can sign in.
func rights() []string {
	return []string{"role", "disabled", "deleted", "admin_seen", "admin_next"}
}

// retry calls f until its answer is another one than errAgain.
func retry(f func() error) error {
	for range mostTries {
		if err := f(); !errors.Is(err, errAgain) {
			return err
		}
	}
	return errCrowded
}

// asRead matches a document while fields of it are as they were read.
func asRead(doc bson.Raw, names ...string) bson.D {
	filter := byID(doc.Lookup("_id"))
	for _, name := range names {
		var value any // null matches a field that is absent
		if v, err := doc.LookupErr(name); err == nil {
			value = v
		}
		// A pattern would be a condition of its own without $eq.
		filter = append(filter, el(name, bson.D{el("$eq", value)}))
	}
	return filter
}

// upTo matches a developer whose document follows no later version of the list.
func upTo(id bson.ObjectID, version int64) bson.D {
	later := bson.D{el("$gt", version)}
	return bson.D{el("_id", id), el("admin_seen", bson.D{el("$not", later)})}
}

// changeRights applies a change that may make somebody an admin or end that, or end sign-ins.
// errAgain when somebody was quicker.
func (a *accounts) changeRights(
	ctx context.Context, by account.Actor, id bson.ObjectID, c account.Change, now time.Time,
) (account.Developer, error) {
	doc, err := a.document(ctx, id)
	if err != nil {
		return account.Developer{}, err
	}
	was := readDeveloper(doc)
	if !c.Holds(was) {
		return account.Developer{}, account.ErrChanged
	}
	will := was
	c.Apply(&will)
	if was.IsAdmin() == will.IsAdmin() && (!c.EndSignIns || !was.IsAdmin()) {
		filter := append(asRead(doc, append(rights(), "epoch")...), ifLink(c)...)
		return a.apply(ctx, c, filter, unsetToo(changes(c, now), "admin_next"))
	}
	s, err := a.agreed(ctx, was, id)
	if err == nil {
		err = a.allowed(ctx, &s, by)
	}
	if err != nil {
		return account.Developer{}, err
	}
	if will.IsAdmin() {
		return a.give(ctx, &s, doc, will, c, now)
	}
	if err := a.takeAway(ctx, &s, id); err != nil {
		return account.Developer{}, err
	}
	return a.follow(ctx, &s, id, was, will, c, now)
}

// give makes somebody an admin, or gives an admin another epoch. Who was none is first marked as
// one whom the next version of the list is to name, so that whoever finds the list and the document
// apart knows how to go on.
func (a *accounts) give(
	ctx context.Context, s *admins, doc bson.Raw, will account.Developer, c account.Change,
	now time.Time,
) (account.Developer, error) {
	id, was := doc.Lookup("_id").ObjectID(), readDeveloper(doc)
	if !was.IsAdmin() {
		mark := bson.D{el("$set", bson.D{el("admin_next", s.Version+1)})}
		if err := a.set(ctx, asRead(doc, append(rights(), "epoch")...), mark); err != nil {
			return account.Developer{}, err
		}
	}
	s.put(id, will.Epoch)
	if err := a.save(ctx, s); err != nil {
		return account.Developer{}, err
	}
	return a.follow(ctx, s, id, was, will, c, now)
}

// takeAway takes somebody off the list, if another admin stays.
func (a *accounts) takeAway(ctx context.Context, s *admins, id bson.ObjectID) error {
	other, err := a.stands(ctx, s, id)
	if err != nil {
		return err
	}
	if !other {
		if len(s.List) == 1 {
			return account.ErrLastAdmin
		}
		// The others are half made, or another program has taken them away.
		if err := a.mendList(ctx, s, id); err != nil {
			return err
		}
		return errAgain
	}
	s.remove(id)
	return a.save(ctx, s)
}

// follow makes a developer's document what the list says already, with what else the change wants.
func (a *accounts) follow(
	ctx context.Context, s *admins, id bson.ObjectID, was, will account.Developer, c account.Change,
	now time.Time,
) (account.Developer, error) {
	c.Link = c.NewLink()
	c.EndSignIns, c.Role = false, &will.Role // the epoch is that of the list
	update := changes(c, now)
	set := append(update[0].Value.(bson.D), el("admin_seen", s.Version))
	update[0].Value = set
	update = unsetToo(append(update, el("$max", bson.D{el("epoch", will.Epoch)})), "admin_next")
	filter := upTo(id, s.Version)
	if will.IsAdmin() && !was.IsAdmin() {
		// Whoever has changed the rights since has taken the mark away.
		filter = bson.D{el("_id", id), el("admin_next", s.Version)}
	}
	d, err := a.apply(ctx, c, append(filter, ifLink(c)...), update)
	if errors.Is(err, account.ErrEmailTaken) || errors.Is(err, account.ErrNameTaken) {
		return d, or(a.undo(ctx, id, was), err)
	}
	return d, err
}

// undo makes the list what it was about somebody whose document could not follow.
func (a *accounts) undo(ctx context.Context, id bson.ObjectID, was account.Developer) error {
	return retry(func() error {
		s, err := a.readAdmins(ctx)
		if err != nil {
			return err
		}
		if s.remove(id); was.IsAdmin() {
			s.put(id, was.Epoch)
		}
		return a.save(ctx, &s)
	})
}

// apply changes the one developer whose _id the filter begins with. errAgain if it does not match.
func (a *accounts) apply(
	ctx context.Context, c account.Change, filter, update bson.D,
) (d account.Developer, err error) {
	doc, err := a.developers.FindOneAndUpdate(ctx, filter, update,
		options.FindOneAndUpdate().SetReturnDocument(options.After)).Raw()
	switch {
	case isDuplicate(err):
		return d, a.taken(ctx, filter[0].Value, value(c.ShortName))
	case errors.Is(err, driver.ErrNoDocuments):
		return d, errAgain
	case err != nil:
		return d, err
	}
	return readDeveloper(doc), nil
}

// unsetToo adds a field to those that an update takes away.
func unsetToo(update bson.D, name string) bson.D {
	for i, e := range update {
		if e.Key == "$unset" {
			update[i].Value = append(e.Value.(bson.D), key(name, 1))
			return update
		}
	}
	return append(update, el("$unset", bson.D{key(name, 1)}))
}

// value is what p points to, "" for nil.
func value(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// set changes one developer, whom nobody wants to see. errAgain if nobody matches.
func (a *accounts) set(ctx context.Context, filter, update bson.D) error {
	r, err := a.developers.UpdateOne(ctx, filter, update)
	if err == nil && r.MatchedCount == 0 {
		err = errAgain
	}
	return err
}

// remove deletes a developer. errAgain when somebody was quicker.
func (a *accounts) remove(ctx context.Context, by account.Actor, id bson.ObjectID) error {
	doc, err := a.document(ctx, id)
	if err != nil {
		return err
	}
	filter := asRead(doc, rights()...)
	if d := readDeveloper(doc); d.IsAdmin() {
		s, err := a.agreed(ctx, d, id)
		if err == nil {
			err = a.allowed(ctx, &s, by)
		}
		if err == nil {
			err = a.takeAway(ctx, &s, id)
		}
		if err != nil {
			return err
		}
		filter = upTo(id, s.Version)
	}
	r, err := a.developers.DeleteOne(ctx, filter)
	if err == nil && r.DeletedCount == 0 {
		err = errAgain
	}
	return err
}

// createAdmin makes an admin if may, which is asked about the list that is going to name them, says
// nothing against it.
func (a *accounts) createAdmin(
	ctx context.Context, id bson.ObjectID, d account.Developer, may func(s *admins) error,
) error {
	next := int64(0) // version for which the document was made; 0: there is none
	err := retry(func() error {
		s, err := a.readAdmins(ctx)
		if err == nil {
			err = may(&s)
		}
		if err != nil {
			return err
		}
		if next, err = a.prepare(ctx, id, d, next, s.Version+1); err != nil {
			return err
		}
		s.put(id, d.Epoch)
		return a.save(ctx, &s)
	})
	switch {
	case err == nil:
		marked := bson.D{el("_id", id), el("admin_next", next)}
		_, err = a.developers.UpdateOne(ctx, marked, made(next))
		return err
	case next != 0 && answer(err): // refused: of any other error nobody knows how far it came
		_, e := a.developers.DeleteOne(ctx, pending(id, next))
		return or(e, err)
	}
	return err
}

// prepare stores an admin who is not one yet, or marks the document for another version of the
// list. It gives the version for which there is a document, 0 if there is none.
func (a *accounts) prepare(
	ctx context.Context, id bson.ObjectID, d account.Developer, before, next int64,
) (int64, error) {
	if before != 0 {
		mark := bson.D{el("$set", bson.D{el("admin_next", next)})}
		err := a.set(ctx, pending(id, before), mark)
		if errors.Is(err, errAgain) {
			return 0, err // somebody took it for one that nobody goes on with
		}
		return next, err
	}
	doc := developerDoc(id, d)
	for i, e := range doc {
		switch e.Key {
		case "role":
			doc[i].Value = rolePending
		case "disabled":
			doc[i].Value = true
		}
	}
	if err := a.insert(ctx, id, d, append(doc, el("admin_next", next))); err != nil {
		return 0, err
	}
	return next, nil
}

func pending(id bson.ObjectID, next int64) bson.D {
	return bson.D{el("_id", id), el("role", rolePending), el("admin_next", next)}
}

// made makes an admin of somebody whom that version of the list is the first to name.
func made(version int64, more ...bson.E) bson.D {
	set := bson.D{
		el("role", string(account.Admin)), el("disabled", false), el("admin_seen", version),
	}
	return bson.D{el("$set", append(set, more...)), el("$unset", bson.D{key("admin_next", 1)})}
}

// answer reports whether an error says that nothing was done.
func answer(err error) bool {
	return errors.Is(err, account.ErrAuthority) || errors.Is(err, account.ErrSetupOver) ||
		errors.Is(err, errCrowded)
}
