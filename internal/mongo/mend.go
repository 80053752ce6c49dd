package mongo

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// agreed reads the list. If it and a developer as read say different things, it mends that, and its
// answer is errAgain.
func (a *accounts) agreed(
	ctx context.Context, d account.Developer, id bson.ObjectID,
) (admins, error) {
	s, err := a.readAdmins(ctx)
	if err != nil {
		return s, err
	}
	if e, in := s.find(id); in != d.IsAdmin() || in && e.Epoch != d.Epoch {
		return s, or(a.mend(ctx, id), errAgain)
	}
	return s, nil
}

// allowed returns account.ErrAuthority if the list does not let the actor do it, and errAgain if
// that was no more than a list and a document that had come apart.
func (a *accounts) allowed(ctx context.Context, s *admins, by account.Actor) error {
	if s.allows(by) {
		return nil
	}
	id, ok := objectID(by.ID)
	if !ok {
		return account.ErrAuthority
	}
	return or(a.mend(ctx, id), a.confirm(ctx, by), errAgain)
}

// mend brings the list and a developer's document together again, after a crash between the two, or
// what another program did. The list says who is an admin, but that nobody is whose document has
// lost the right without a mark of ours: see the package's comment. It waits for nobody: whoever is
// between the two at this moment either finds done what they wanted to do, or begins anew.
func (a *accounts) mend(ctx context.Context, id bson.ObjectID) error {
	return retry(func() error {
		s, err := a.readAdmins(ctx)
		if err != nil {
			return err
		}
		doc, err := a.document(ctx, id)
		if errors.Is(err, account.ErrNotFound) {
			return a.drop(ctx, &s, id)
		}
		if err != nil {
			return err
		}
		return a.mendAs(ctx, &s, id, doc)
	})
}

func (a *accounts) mendAs(ctx context.Context, s *admins, id bson.ObjectID, doc bson.Raw) error {
	e, in := s.find(id)
	d, next := readDeveloper(doc), readInt(doc.Lookup("admin_next"))
	is := d.IsAdmin()
	switch {
	case in && !is && next == e.Since:
		return a.set(ctx, bson.D{el("_id", id), el("admin_next", next)},
			append(made(next, el("deleted", false)), atLeast(e.Epoch)))
	case in && !is:
		return a.drop(ctx, s, id)
	case in && d.Epoch < e.Epoch:
		return a.set(ctx, upTo(id, s.Version), bson.D{atLeast(e.Epoch)})
	case in && d.Epoch > e.Epoch:
		s.put(id, d.Epoch)
		return a.save(ctx, s)
	case is && !in:
		return a.set(ctx, upTo(id, s.Version), bson.D{el("$set", bson.D{
			el("role", string(account.Member)), el("admin_seen", s.Version),
		})})
	case isPending(doc):
		return a.reclaim(ctx, s, id, next)
	}
	return nil
}

func atLeast(epoch int64) bson.E {
	return el("$max", bson.D{el("epoch", epoch)})
}

// drop takes somebody off the list who is no admin.
func (a *accounts) drop(ctx context.Context, s *admins, id bson.ObjectID) error {
	if _, in := s.find(id); !in {
		return nil
	}
	s.remove(id)
	return a.save(ctx, s)
}

func isPending(doc bson.Raw) bool {
	role, _ := doc.Lookup("role").StringValueOK()
	return role == rolePending
}

// reclaim deletes an admin who was never made. Somebody may be about to: they want to give the list
// the version that the document was made for, so it is given that version without them first.
func (a *accounts) reclaim(ctx context.Context, s *admins, id bson.ObjectID, next int64) error {
	if s.Version < next {
		if err := a.save(ctx, s); err != nil {
			return err
		}
	}
	_, err := a.developers.DeleteOne(ctx, pending(id, next))
	return err
}

// mendList mends all admins of a list but one.
func (a *accounts) mendList(ctx context.Context, s *admins, except bson.ObjectID) error {
	for _, e := range slices.Clone(s.List) {
		if e.ID != except {
			if err := a.mend(ctx, e.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// mendAll mends everybody whom the list or their document calls an admin, or one to be.
func (a *accounts) mendAll(ctx context.Context) error {
	s, err := a.readAdmins(ctx)
	if err != nil {
		return err
	}
	roles := bson.A{string(account.Admin), rolePending}
	cursor, err := a.developers.Find(ctx, bson.D{el("role", bson.D{el("$in", roles)})},
		options.Find().SetProjection(developerFields()))
	if err != nil {
		return err
	}
	var odd []bson.ObjectID
	agree := make(map[bson.ObjectID]bool)
	err = all(ctx, cursor, func(doc bson.Raw) {
		id, ok := doc.Lookup("_id").ObjectIDOK()
		if !ok {
			return
		}
		d := readDeveloper(doc)
		e, in := s.find(id)
		if in == d.IsAdmin() && (!in || e.Epoch == d.Epoch) && !isPending(doc) {
			agree[id] = true
		} else {
			odd = append(odd, id)
		}
	})
	if err != nil {
		return err
	}
	for _, e := range s.List {
		if !agree[e.ID] { // once more at most
			odd = append(odd, e.ID)
		}
	}
	for _, id := range odd {
		if err := a.mend(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
