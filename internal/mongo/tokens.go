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

// tokens is account.Tokens over the collection tokens.
type tokens struct {
	db   *DB
	rows *driver.Collection
}

// token is how one is stored.
type token struct {
	ID        bson.ObjectID `bson:"_id"`
	Hash      []byte        `bson:"hash"`
	Account   any           `bson:"account"`
	Epoch     int64         `bson:"epoch"`
	Name      any           `bson:"name"`
	Scopes    string        `bson:"scopes"`
	CreatedAt time.Time     `bson:"created_at"`
	Ends      time.Time     `bson:"ends_at"`
	Ended     bool          `bson:"ended"`
	UsedAt    *time.Time    `bson:"used_at"` // null: never
	UsedFrom  any           `bson:"used_from"`
}

// Create implements account.Tokens. How many there are is looked at behind the insertion: of several
// made at once, on several nodes, the last look sees all. So none is one too many, and of those that
// are made at the same moment more may be refused than need be.
func (k *tokens) Create(ctx context.Context, by account.Actor, t account.Token, most int) error {
	if err := k.db.accounts.Confirm(ctx, by); err != nil {
		return err
	}
	return k.db.fail(ctx, "create token", k.create(ctx, t, most))
}

func (k *tokens) create(ctx context.Context, t account.Token, most int) error {
	id, ok := objectID(t.ID)
	if !ok {
		return errors.New("the id is not one")
	}
	doc := token{
		ID: id, Hash: t.Hash[:], Account: text(t.Account), Epoch: t.Epoch, Name: text(t.Name),
		Scopes: t.Scopes.String(), CreatedAt: t.CreatedAt, Ends: t.Ends, Ended: t.Ended,
		UsedAt: timeOrNull(t.UsedAt), UsedFrom: text(t.UsedFrom),
	}
	if _, err := k.rows.InsertOne(ctx, doc); err != nil {
		return err
	}
	n, err := k.rows.CountDocuments(ctx, liveTokens(t.Account, t.CreatedAt))
	if err == nil && n > int64(most) {
		err = account.ErrTooManyTokens
	}
	if err != nil { // its text is never shown, so nobody will miss it
		_, undo := k.rows.DeleteOne(context.WithoutCancel(ctx), byID(id))
		return or(err, undo)
	}
	return nil
}

// liveTokens matches the tokens of an account that are live at now.
func liveTokens(owner string, now time.Time) bson.D {
	return bson.D{el("account", text(owner)), el("ended", false), el("ends_at", bson.D{el("$gt", now)})}
}

// ByHash implements account.Tokens.
func (k *tokens) ByHash(ctx context.Context, hash [32]byte) (account.Token, error) {
	raw, err := k.rows.FindOne(ctx, bson.D{el("hash", hash[:])}).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return account.Token{}, account.ErrNotFound
	}
	if err != nil {
		return account.Token{}, k.db.fail(ctx, "find token", err)
	}
	return readToken(raw), nil
}

// List implements account.Tokens.
func (k *tokens) List(ctx context.Context, owner string) (list []account.Token, err error) {
	cursor, err := k.rows.Find(ctx, bson.D{el("account", text(owner))},
		options.Find().SetSort(bson.D{key("created_at", -1), key("_id", -1)}))
	if err == nil {
		err = all(ctx, cursor, func(doc bson.Raw) { list = append(list, readToken(doc)) })
	}
	return list, k.db.fail(ctx, "list tokens", err)
}

// End implements account.Tokens.
func (k *tokens) End(ctx context.Context, by account.Actor, owner, id string, now time.Time) error {
	if err := k.db.accounts.Confirm(ctx, by); err != nil {
		return err
	}
	oid, ok := objectID(id)
	if !ok {
		return or(ctx.Err(), account.ErrNotFound)
	}
	r, err := k.rows.UpdateOne(ctx, append(byID(oid), liveTokens(owner, now)...), endToken(now))
	if err == nil && r.MatchedCount == 0 {
		err = account.ErrNotFound
	}
	return k.db.fail(ctx, "end token", err)
}

// EndAll implements account.Tokens.
func (k *tokens) EndAll(ctx context.Context, owner string, now time.Time) (int, error) {
	r, err := k.rows.UpdateMany(ctx, liveTokens(owner, now), endToken(now))
	if err != nil {
		return 0, k.db.fail(ctx, "end tokens", err)
	}
	return int(r.ModifiedCount), nil
}

func endToken(now time.Time) bson.D {
	return bson.D{el("$set", bson.D{el("ended", true), el("ends_at", now)})}
}

// Touch implements account.Tokens.
func (k *tokens) Touch(ctx context.Context, t account.Token, at time.Time, from string) error {
	id, ok := objectID(t.ID)
	if !ok {
		return ctx.Err()
	}
	asRead := append(byID(id), el("ended", false), el("used_at", timeOrNull(t.UsedAt)))
	_, err := k.rows.UpdateOne(ctx, asRead, bson.D{el("$set", bson.D{el("used_at", at), el("used_from", text(from))})})
	return k.db.fail(ctx, "touch token", err)
}

// Sweep implements account.Tokens. It is safe to run on every node.
func (k *tokens) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	n, err := sweep(ctx, k.rows, bson.D{el("ends_at", bson.D{el("$lt", before)})}, bson.D{key("ends_at", 1)}, limit)
	return n, k.db.fail(ctx, "sweep tokens", err)
}

// confirmToken returns account.ErrAuthority if the actor's token is not theirs, or was ended.
func (a *accounts) confirmToken(ctx context.Context, by account.Actor) error {
	if by.Token == "" {
		return nil
	}
	id, ok := objectID(by.Token)
	if !ok {
		return account.ErrAuthority
	}
	n, err := a.db.tokens.rows.CountDocuments(ctx,
		append(byID(id), el("account", text(by.ID)), el("ended", false)), options.Count().SetLimit(1))
	if err == nil && n == 0 {
		err = account.ErrAuthority
	}
	return err
}

// readToken reads a token. One whose epoch or state cannot be read is good for nobody.
func readToken(doc bson.Raw) account.Token {
	t := account.Token{Epoch: -1, Ended: true}
	each(doc, func(name string, v bson.RawValue) {
		switch name {
		case "_id":
			id, _ := v.ObjectIDOK()
			t.ID = id.Hex()
		case "hash":
			_, hash, _ := v.BinaryOK()
			copy(t.Hash[:], hash)
		case "account":
			t.Account = readText(v)
		case "epoch":
			if n, ok := v.AsInt64OK(); ok {
				t.Epoch = n
			}
		case "name":
			t.Name = capped(readText(v), maxPerson)
		case "scopes":
			t.Scopes = account.ReadScopes(readText(v))
		case "created_at":
			t.CreatedAt = readTime(v)
		case "ends_at":
			t.Ends = readTime(v)
		case "ended":
			if ended, ok := v.BooleanOK(); ok {
				t.Ended = ended
			}
		case "used_at":
			if v.Type != bson.TypeNull {
				t.UsedAt = readTime(v)
			}
		case "used_from":
			t.UsedFrom = capped(readText(v), maxPerson)
		}
	})
	return t
}

// timeOrNull is a time as it is stored; null for the zero time.
func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
