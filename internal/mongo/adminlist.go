package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// adminsID names the document of the collection state that says who the admins are.
const adminsID = "admins"

// admins is that document, as it was read and as it is to be.
type admins struct {
	Version int64      `bson:"version"` // one more with each change
	List    []admin    `bson:"list"`
	Setup   *setupLink `bson:"setup"`
}

// admin is an admin who can sign in.
type admin struct {
	ID    bson.ObjectID `bson:"id"`
	Epoch int64         `bson:"epoch"`
	Since int64         `bson:"since"` // version that gave the entry or its epoch
}

// setupLink is the open link for the first admin.
type setupLink struct {
	TokenHash []byte    `bson:"token_hash"`
	ExpiresAt time.Time `bson:"expires_at"`
}

func (s *admins) find(id bson.ObjectID) (admin, bool) {
	i := slices.IndexFunc(s.List, func(e admin) bool { return e.ID == id })
	if i < 0 {
		return admin{}, false
	}
	return s.List[i], true
}

// put makes somebody an admin of that epoch, from the next version on. A setup link is over then.
func (s *admins) put(id bson.ObjectID, epoch int64) {
	s.remove(id)
	s.List = append(s.List, admin{ID: id, Epoch: epoch, Since: s.Version + 1})
	s.Setup = nil
}

func (s *admins) remove(id bson.ObjectID) {
	s.List = slices.DeleteFunc(s.List, func(e admin) bool { return e.ID == id })
}

// allows reports whether the list lets the actor do what takes their role. Of those who are no
// admins it knows nothing.
func (s *admins) allows(by account.Actor) bool {
	if by == (account.Actor{}) {
		return true
	}
	id, ok := objectID(by.ID)
	e, in := s.find(id)
	if !in {
		return ok && by.Role != account.Admin
	}
	return ok && e.Epoch == by.Epoch
}

// readAdmins reads the document, which it makes if there is none.
func (a *accounts) readAdmins(ctx context.Context) (admins, error) {
	doc, err := a.db.state.FindOne(ctx, byID(adminsID)).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return a.buildAdmins(ctx)
	}
	if err != nil {
		return admins{}, err
	}
	if _, err := doc.LookupErr("version"); err != nil {
		return a.buildAdmins(ctx)
	}
	var s admins
	if err := bson.Unmarshal(doc, &s); err != nil {
		return s, fmt.Errorf("the document admins of the collection state is damaged (without it, "+
			"it is made anew from the developers): %w", err)
	}
	return s, nil
}

// buildAdmins makes the document of what the developers' documents say, unless somebody else has
// just done so. Its version is one that no developer's document knows of.
func (a *accounts) buildAdmins(ctx context.Context) (admins, error) {
	s := admins{Version: 1, List: []admin{}}
	for _, name := range []string{"admin_seen", "admin_next"} {
		latest, err := a.developers.FindOne(ctx, onlyWith(name),
			options.FindOne().SetSort(bson.D{key(name, -1)}).SetProjection(bson.D{key(name, 1)}),
		).Raw()
		if err != nil && !errors.Is(err, driver.ErrNoDocuments) {
			return s, err
		}
		if err == nil {
			s.Version = max(s.Version, readInt(latest.Lookup(name))+1)
		}
	}
	cursor, err := a.developers.Find(ctx, standing(nil),
		options.Find().SetProjection(developerFields()))
	if err != nil {
		return s, err
	}
	err = all(ctx, cursor, func(doc bson.Raw) {
		if id, ok := doc.Lookup("_id").ObjectIDOK(); ok {
			epoch := readDeveloper(doc).Epoch
			s.List = append(s.List, admin{ID: id, Epoch: epoch, Since: s.Version})
		}
	})
	if err != nil {
		return s, err
	}
	none := bson.D{el("_id", adminsID), el("version", bson.D{el("$exists", false)})}
	_, err = a.db.state.UpdateOne(ctx, none, s.update(), options.UpdateOne().SetUpsert(true))
	if err != nil && !isDuplicate(err) {
		return s, err
	}
	var now admins
	err = a.db.state.FindOne(ctx, byID(adminsID)).Decode(&now)
	return now, err
}

func (s *admins) update() bson.D {
	set := bson.D{el("version", s.Version), el("list", s.List)}
	if s.Setup == nil {
		return bson.D{el("$set", set), el("$unset", bson.D{key("setup", 1)})}
	}
	return bson.D{el("$set", append(set, el("setup", s.Setup)))}
}

// save stores the document if it is still of the version that was read, and makes it the next one.
// errAgain when somebody was quicker.
func (a *accounts) save(ctx context.Context, s *admins) error {
	was := bson.D{el("_id", adminsID), el("version", s.Version)}
	s.Version++
	r, err := a.db.state.UpdateOne(ctx, was, s.update())
	if err == nil && r.MatchedCount == 0 {
		err = errAgain
	}
	return err
}

// standing matches developers whose documents say that they are admins who can sign in, among those
// of the ids; nil for all.
func standing(ids []bson.ObjectID) bson.D {
	no := bson.D{el("$in", bson.A{false, nil})}
	filter := bson.D{el("role", string(account.Admin)), el("disabled", no), el("deleted", no)}
	if ids != nil {
		filter = append(filter, el("_id", bson.D{el("$in", ids)}))
	}
	return filter
}

// stands reports whether the documents of any admins of the list, other than one, say so too.
func (a *accounts) stands(ctx context.Context, s *admins, except bson.ObjectID) (bool, error) {
	var ids []bson.ObjectID
	for _, e := range s.List {
		if e.ID != except {
			ids = append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	_, err := a.developers.FindOne(ctx, standing(ids),
		options.FindOne().SetProjection(bson.D{key("_id", 1)})).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, err
}

// el is an element of a document.
func el(name string, value any) bson.E { return bson.E{Key: name, Value: value} }
