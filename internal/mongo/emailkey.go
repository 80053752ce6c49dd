package mongo

import (
	"context"
	"errors"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// Developers are found by email_key, the canonical form of their address; email_seen is the address that it was made for.
// Those whom the original application registers have neither, and those whose address it changes have both of the old one.
// They are found by the query that looks for an
// address, and put right before it is answered; so an unknown address costs the same one round trip as a known one. A
// developer whose address is none, or somebody else's already, gets the own _id as key, which no address is, and is left
// alone until Doorbook changes the address.

const (
	keyBatch  = 100  // developers put right in one round
	keyRounds = 1000 // and rounds of one call
)

var (
	errFlood     = errors.New("developers without a key come in faster than they get one")
	errNoAddress = errors.New("not an address")
)

// settle gives the developer of that address, account.ErrNotFound if there is none. With no address it only puts right
// what lacks a key.
func (a *accounts) settle(ctx context.Context, emailKey string) (account.Developer, error) {
	given := 0
	defer func() {
		if given > 0 {
			a.db.log.LogAttrs(ctx, slog.LevelInfo, "developers of another program got a key", slog.Int("developers", given))
		}
	}()
	for range keyRounds {
		found, odd, err := a.lookUp(ctx, emailKey)
		if err != nil {
			return account.Developer{}, err
		}
		for _, doc := range odd {
			if err := a.giveKey(ctx, doc); err != nil {
				return account.Developer{}, err
			}
			given++
		}
		switch {
		case len(odd) > 0: // look again
		case found != nil:
			return readDeveloper(found), nil
		default:
			return account.Developer{}, account.ErrNotFound
		}
	}
	return account.Developer{}, errFlood
}

// lookUp gives the developer who has the key, nil if there is none, and those whose key is not that of their address, the
// oldest first.
func (a *accounts) lookUp(ctx context.Context, emailKey string) (found bson.Raw, odd []bson.Raw, err error) {
	where := bson.E{Key: "email_key", Value: nil} // is absent
	if emailKey != "" {
		where = bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "email_key", Value: bson.D{{Key: "$in", Value: bson.A{text(emailKey), nil}}}}},
			bson.D{{Key: "email", Value: text(emailKey)}, {Key: "email_key", Value: bson.D{{Key: "$type", Value: "string"}}}},
		}}
	}
	filter := bson.D{where, {Key: "_id", Value: bson.D{{Key: "$gte", Value: bson.NilObjectID}}}}
	cursor, err := a.developers.Find(ctx, filter,
		options.Find().SetSort(bson.D{key("email_key", -1), key("_id", 1)}).SetLimit(keyBatch+2))
	if err != nil {
		return nil, nil, err
	}
	err = all(ctx, cursor, func(doc bson.Raw) {
		switch {
		case stale(doc):
			odd = append(odd, append(bson.Raw(nil), doc...))
		case readDeveloper(doc).EmailKey == emailKey:
			found = append(bson.Raw(nil), doc...)
		}
	})
	return found, odd, err
}

// stale reports whether a developer has no key, or one that was made for another address.
func stale(doc bson.Raw) bool {
	if v, err := doc.LookupErr("email_key"); err != nil || v.Type == bson.TypeNull {
		return true
	}
	seen, err := doc.LookupErr("email_seen")
	return err == nil && readText(seen) != readDeveloper(doc).Email
}

// giveKey gives a developer the key of their address, or the one of those who have none. It does nothing when the developer
// was changed meanwhile.
func (a *accounts) giveKey(ctx context.Context, doc bson.Raw) error {
	id := doc.Lookup("_id")
	filter := bson.D{{Key: "_id", Value: id}, {Key: "email_key", Value: nil}}
	if v, err := doc.LookupErr("email_key"); err == nil {
		filter[1].Value = v
	}
	set := func(key any) error {
		_, err := a.developers.UpdateOne(ctx, filter, bson.D{{Key: "$set", Value: bson.D{
			{Key: "email_key", Value: key}, {Key: "email_seen", Value: text(readDeveloper(doc).Email)},
		}}})
		return err
	}
	canonical, err := "", errNoAddress
	if email, e := doc.LookupErr("email"); e == nil && email.Type == bson.TypeString {
		filter = append(filter, bson.E{Key: "email", Value: email})
		canonical, err = account.CanonicalEmail(readText(email))
	}
	if err == nil {
		if err = set(canonical); !isDuplicate(err) {
			return err
		}
	}
	a.db.log.LogAttrs(ctx, slog.LevelWarn,
		"a developer of another program cannot sign in here: the e-mail address is none, or somebody else's",
		slog.String("developer", readText(id)))
	return set(id)
}
