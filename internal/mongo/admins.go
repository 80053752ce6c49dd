package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// One enabled admin always stays. That is a rule about several documents, and a server that stands alone has no
// transactions, so whoever wants to take an admin away does it in turn: the turn is one document of the collection state,
// which exists while somebody has it. Whoever has it looks for another admin, changes their own, and gives the turn back.
// Becoming an admin needs no turn: it only adds.
//
// Somebody who has the turn may crash, or stand still for long and then go on. So who waits longer than patience takes the
// turn over; but first it raises the fence of the developer whom the other wanted to change, which the other read before it
// got the turn, and which its change has as a condition. A change that comes too late finds the fence raised, and nothing
// happens. No clock is compared with another one.
const (
	turnID      = "admins"
	patience    = 3 * time.Second
	turnTimeout = 10 * time.Second // of waiting, when the context ends no sooner
	mostTries   = 20
)

var errCrowded = errors.New("admins are being changed elsewhere all the time")

// mayLeave reports whether a change may make an admin who can sign in something else.
func mayLeave(c account.Change) bool {
	return c.Role != nil && *c.Role != account.Admin || c.Disabled != nil && *c.Disabled
}

func signInAdmin(d account.Developer) bool { return d.Role == account.Admin && !d.Disabled }

// hasAdmin reports whether an admin who can sign in exists, other than the one of that id.
func (a *accounts) hasAdmin(ctx context.Context, except bson.ObjectID) (bool, error) {
	_, err := a.developers.FindOne(ctx, bson.D{
		{Key: "role", Value: string(account.Admin)},
		{Key: "disabled", Value: bson.D{{Key: "$in", Value: bson.A{false, nil}}}},
		{Key: "deleted", Value: bson.D{{Key: "$in", Value: bson.A{false, nil}}}},
		{Key: "_id", Value: bson.D{{Key: "$ne", Value: except}}},
	}, options.FindOne().SetProjection(bson.D{key("_id", 1)})).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, err
}

// leave applies a change after which the developer may be no admin any more. apply is called with a filter that holds only
// for the developer as they were read, and with what the change has to add ($inc); it gives driver.ErrNoDocuments when the
// filter did not hold, and then everything begins anew.
func (a *accounts) leave(
	ctx context.Context, id bson.ObjectID, epoch *int64, apply func(filter bson.D, inc ...bson.E) error,
) error {
	for range mostTries {
		doc, err := a.developers.FindOne(ctx, byID(id), options.FindOne().SetProjection(developerFields())).Raw()
		if errors.Is(err, driver.ErrNoDocuments) {
			return account.ErrNotFound
		}
		if err != nil {
			return err
		}
		d := readDeveloper(doc)
		if epoch != nil && *epoch != d.Epoch {
			return account.ErrChanged
		}
		if filter := asRead(doc, "role", "disabled", "deleted", "fence"); signInAdmin(d) { // what decides about being an admin
			err = a.inTurn(ctx, id, func() error {
				switch other, err := a.hasAdmin(ctx, id); {
				case err != nil:
					return err
				case !other:
					return account.ErrLastAdmin
				}
				return apply(filter, bson.E{Key: "fence", Value: int64(1)})
			})
		} else {
			err = apply(filter)
		}
		if !errors.Is(err, driver.ErrNoDocuments) {
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
		filter = append(filter, bson.E{Key: name, Value: bson.D{{Key: "$eq", Value: value}}}) // a pattern is no condition
	}
	return filter
}

// inTurn calls f when it is our turn to take away the admin of that id.
func (a *accounts) inTurn(ctx context.Context, id bson.ObjectID, f func() error) error {
	token := rand.Text()
	// Whatever became of our attempt to get the turn: it is given back, and nobody else's is.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
		defer cancel()
		// If that fails the next one waits, and takes the turn over.
		_, _ = a.db.state.DeleteOne(ctx, bson.D{{Key: "_id", Value: turnID}, {Key: "holder", Value: token}})
	}()
	if err := a.takeTurn(ctx, token, id); err != nil {
		return err
	}
	return f()
}

func (a *accounts) takeTurn(ctx context.Context, token string, id bson.ObjectID) error {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	var (
		holder string // who has the turn, and since when as far as we have seen
		since  time.Time
	)
	for {
		_, err := a.db.state.InsertOne(ctx,
			bson.D{{Key: "_id", Value: turnID}, {Key: "holder", Value: token}, {Key: "developer", Value: id}})
		if !isDuplicate(err) {
			return err
		}
		var turn struct {
			Holder    string
			Developer bson.ObjectID
		}
		switch err := a.db.state.FindOne(ctx, byID(turnID)).Decode(&turn); {
		case errors.Is(err, driver.ErrNoDocuments):
			continue
		case err != nil:
			return fmt.Errorf("wait for the turn: %w", err)
		}
		if turn.Holder == token { // the answer to our first try was lost
			return nil
		}
		if turn.Holder != holder {
			holder, since = turn.Holder, time.Now()
		}
		if time.Since(since) > patience {
			if taken, err := a.takeOver(ctx, holder, turn.Developer, token, id); taken || err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the turn: %w", ctx.Err())
		case <-time.After(2*time.Millisecond + mathrand.N(20*time.Millisecond)):
		}
	}
}

// takeOver takes the turn from somebody who does not end. The fence comes first: else a crash in between would leave a
// change that nobody knows of any more.
func (a *accounts) takeOver(
	ctx context.Context, holder string, wanted bson.ObjectID, token string, id bson.ObjectID,
) (bool, error) {
	raise := bson.D{{Key: "$inc", Value: bson.D{{Key: "fence", Value: int64(1)}}}}
	if _, err := a.developers.UpdateOne(ctx, byID(wanted), raise); err != nil {
		return false, err
	}
	r, err := a.db.state.UpdateOne(ctx, bson.D{{Key: "_id", Value: turnID}, {Key: "holder", Value: holder}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "holder", Value: token}, {Key: "developer", Value: id}}}})
	if err != nil {
		return false, err
	}
	return r.MatchedCount == 1, nil
}
