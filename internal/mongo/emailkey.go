package mongo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// Developers are found by email_key, the canonical form of their address; email_seen is a digest of
// the address that it was made for. Those whom the original application registers have neither, and
// those whose address it changes have both of the old one. They are found by the query that looks
// for an address, and put right before it is answered; so an unknown address costs the same one
// round trip as a known one. A developer whose address is none, or somebody else's already, gets
// the own _id as key, which no address is, and is left alone until Doorbook changes the address.

const (
	keyBatch  = 50 // developers put right in one round
	keyRounds = 5  // and rounds of one call: it may be a sign-in that waits
)

var errFlood = errors.New("more developers of another program need a key than one call gives; the next call goes on")

// settle gives the developer of that address, account.ErrNotFound if there is none. First it puts
// right those who lack a key, and an admin of that address who is not made yet. When they are too
// many for one call it does not say that there is none: the address may be one of the others'.
func (a *accounts) settle(ctx context.Context, emailKey string) (account.Developer, error) {
	found, done, err := a.settleSome(ctx, emailKey)
	if err == nil && found != nil && isPending(found) {
		if err = a.mend(ctx, found.Lookup("_id").ObjectID()); err == nil {
			found, done, err = a.settleSome(ctx, emailKey)
		}
	}
	switch {
	case err != nil:
		return account.Developer{}, err
	case found != nil:
		return readDeveloper(found), nil
	case !done:
		a.db.log.LogAttrs(ctx, slog.LevelWarn, errFlood.Error())
		return account.Developer{}, errFlood
	}
	return account.Developer{}, account.ErrNotFound
}

// settleAll puts right those who lack a key, however many they are.
func (a *accounts) settleAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	for {
		if _, done, err := a.settleSome(ctx, ""); done || err != nil {
			return err
		}
	}
}

// settleSome gives the developer of that address, nil if there is none, and whether everybody has a
// key who can have one.
func (a *accounts) settleSome(ctx context.Context, emailKey string) (found bson.Raw, done bool, err error) {
	given := 0
	defer func() {
		if given > 0 {
			a.db.log.LogAttrs(ctx, slog.LevelInfo, "developers of another program got a key", slog.Int("developers", given))
		}
	}()
	var after bson.ObjectID // of those without a key, who comes before was passed over
	for range keyRounds {
		odd, last := []bson.Raw(nil), after
		if found, odd, last, err = a.lookUp(ctx, emailKey, after); err != nil || len(odd) == 0 {
			return found, err == nil, err
		}
		left, err := a.giveKeys(ctx, odd)
		if err != nil {
			return nil, false, err
		}
		given += len(odd) - left
		if left > 0 {
			if left == len(odd) && last == after {
				return found, true, nil
			}
			after = last
		}
	}
	return found, false, nil
}

// lookUp gives the developer who has the key, nil if there is none, and those whose key is not that
// of their address, the oldest first; of those without a key only who comes after an id, and last
// is the last one.
func (a *accounts) lookUp(
	ctx context.Context, emailKey string, after bson.ObjectID,
) (found bson.Raw, odd []bson.Raw, last bson.ObjectID, err error) {
	filter := bson.D{
		{Key: "email_key", Value: nil}, // is absent
		{Key: "_id", Value: bson.D{{Key: "$gte", Value: bson.NilObjectID}}},
	}
	if emailKey != "" {
		filter[0] = bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "email_key", Value: bson.D{{Key: "$in", Value: bson.A{text(emailKey), nil}}}}},
			bson.D{{Key: "email", Value: text(emailKey)}, {Key: "email_key", Value: bson.D{{Key: "$type", Value: "string"}}}},
		}}
	}
	if last = after; after != bson.NilObjectID {
		filter = append(filter, bson.E{Key: "$nor", Value: bson.A{
			bson.D{{Key: "email_key", Value: nil}, {Key: "_id", Value: bson.D{{Key: "$lte", Value: after}}}},
		}})
	}
	cursor, err := a.developers.Find(ctx, filter, options.Find().SetProjection(developerFields()).
		SetSort(bson.D{key("email_key", -1), key("_id", 1)}).SetLimit(keyBatch+2))
	if err != nil {
		return nil, nil, last, err
	}
	err = all(ctx, cursor, func(doc bson.Raw) {
		switch {
		case stale(doc):
			odd = append(odd, append(bson.Raw(nil), doc...))
			if !hasKey(doc) {
				last, _ = doc.Lookup("_id").ObjectIDOK()
			}
		case readDeveloper(doc).EmailKey == emailKey:
			found = append(bson.Raw(nil), doc...)
		}
	})
	return found, odd, last, err
}

func hasKey(doc bson.Raw) bool {
	v, err := doc.LookupErr("email_key")
	return err == nil && v.Type != bson.TypeNull
}

// stale reports whether a developer has no key, or one that was made for another address.
func stale(doc bson.Raw) bool {
	if !hasKey(doc) {
		return true
	}
	seen, err := doc.LookupErr("email_seen")
	if err != nil {
		return false
	}
	_, digest, _ := seen.BinaryOK()
	return !bytes.Equal(digest, digestOf(emailOf(doc)))
}

// emailOf gives the address of a developer, as long as it may be.
func emailOf(doc bson.Raw) string {
	v, err := doc.LookupErr("email")
	if err != nil {
		return ""
	}
	return readText(v)
}

// digestOf is what email_seen keeps: another program's addresses may be of any length.
func digestOf(email string) []byte {
	sum := sha256.Sum256([]byte(email))
	return sum[:]
}

// giveKeys gives developers the keys of their addresses, all at once where it can be, and tells how
// many can have none.
func (a *accounts) giveKeys(ctx context.Context, docs []bson.Raw) (left int, err error) {
	var models []driver.WriteModel
	for _, doc := range docs {
		key := keyOf(doc)
		if key == nil {
			a.keyless(ctx, doc, "the e-mail address is none")
			key = doc.Lookup("_id")
		}
		filter, update := keyUpdate(doc, key)
		models = append(models, driver.NewUpdateOneModel().SetFilter(filter).SetUpdate(update))
	}
	if _, err = a.developers.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false)); err == nil || !aboutDocument(err) {
		return 0, err
	}
	for _, doc := range docs { // who has got a key is left alone
		switch err := a.giveKey(ctx, doc); {
		case err == nil:
		case aboutDocument(err):
			a.keyless(ctx, doc, "the document takes no key")
			left++
		default:
			return left, err
		}
	}
	return left, nil
}

// giveKey gives a developer the key of their address, or the one of those who have none.
func (a *accounts) giveKey(ctx context.Context, doc bson.Raw) error {
	set := func(key any) error {
		filter, update := keyUpdate(doc, key)
		_, err := a.developers.UpdateOne(ctx, filter, update)
		return err
	}
	if key := keyOf(doc); key != nil {
		if err := set(key); !isDuplicate(err) {
			return err
		}
		a.keyless(ctx, doc, "the e-mail address is somebody else's")
	}
	return set(doc.Lookup("_id"))
}

func (a *accounts) keyless(ctx context.Context, doc bson.Raw, why string) {
	a.db.log.LogAttrs(ctx, slog.LevelWarn, "a developer of another program cannot sign in here: "+why,
		slog.String("developer", readText(doc.Lookup("_id"))))
}

// keyOf gives the key of a developer's address, nil if it is none.
func keyOf(doc bson.Raw) any {
	if v, err := doc.LookupErr("email"); err == nil && v.Type == bson.TypeString {
		if canonical, err := account.CanonicalEmail(readText(v)); err == nil {
			return canonical
		}
	}
	return nil
}

// keyUpdate gives a developer a key, unless the key or the address was changed meanwhile.
func keyUpdate(doc bson.Raw, key any) (filter, update bson.D) {
	filter = asRead(doc, "email_key")
	if _, ok := key.(string); ok {
		filter = asRead(doc, "email_key", "email")
	}
	set := bson.D{{Key: "email_key", Value: key}, {Key: "email_seen", Value: digestOf(emailOf(doc))}}
	return filter, bson.D{{Key: "$set", Value: set}}
}

// aboutDocument reports whether a change failed for what the document is; others can still be
// changed.
func aboutDocument(err error) bool {
	var one driver.WriteException
	var bulk driver.BulkWriteException
	return isDuplicate(err) || errors.As(err, &one) && len(one.WriteErrors) > 0 || errors.As(err, &bulk) && len(bulk.WriteErrors) > 0
}
