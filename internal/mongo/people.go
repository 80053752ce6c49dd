package mongo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// People are found by words, and listed by name_key; words_seen is a digest of what both were made
// of. Those whom the original application registers have none of them, and those whose name or
// address is changed here have words_seen taken away by the same change; they are put right before
// the next search is answered. A name that the original application changes is found by its new
// words once somebody has seen it in a list.

// wordsOf is what somebody is found and listed by.
func wordsOf(d account.Developer) bson.D {
	return bson.D{
		el("words", texts(d.Found())), el("name_key", text(d.SortKey())), el("words_seen", wordsDigest(d)),
	}
}

func wordsDigest(d account.Developer) []byte {
	sum := sha256.Sum256([]byte(d.Name + "\x00" + d.Email + "\x00" + d.ShortName))
	return sum[:16]
}

// staleWords reports whether the words of a document were made of something else than what it holds.
func staleWords(doc bson.Raw, d account.Developer) bool {
	_, digest, _ := doc.Lookup("words_seen").BinaryOK()
	return !bytes.Equal(digest, wordsDigest(d))
}

// giveSomeWords gives words to some of those who have none, and tells how many that were.
func (a *accounts) giveSomeWords(ctx context.Context) (int, error) {
	cursor, err := a.developers.Find(ctx, bson.D{
		el("words_seen", nil), el("_id", bson.D{el("$gte", bson.NilObjectID)}),
	}, options.Find().SetProjection(developerFields()).SetLimit(keyBatch))
	if err != nil {
		return 0, err
	}
	var docs []bson.Raw
	if err := all(ctx, cursor, func(doc bson.Raw) { docs = append(docs, bytes.Clone(doc)) }); err != nil {
		return 0, err
	}
	return len(docs), a.giveWords(ctx, docs)
}

// giveWords gives developers the words of what they are called, unless that has changed meanwhile.
func (a *accounts) giveWords(ctx context.Context, docs []bson.Raw) error {
	if len(docs) == 0 {
		return nil
	}
	models := make([]driver.WriteModel, len(docs))
	for i, doc := range docs {
		models[i] = driver.NewUpdateOneModel().SetFilter(asRead(doc, "name", "email", "short_name")).
			SetUpdate(bson.D{el("$set", wordsOf(readDeveloper(doc)))})
	}
	_, err := a.developers.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	if aboutDocument(err) { // one that takes no words is not found by any
		err = nil
	}
	return err
}

// giveAllWords gives words to all who have none, but those who take none.
func (a *accounts) giveAllWords(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	before := -1
	for {
		left, err := a.developers.CountDocuments(ctx, bson.D{el("words_seen", nil)})
		if err != nil || left == 0 || int(left) == before {
			return err
		}
		before = int(left)
		if _, err := a.giveSomeWords(ctx); err != nil {
			return err
		}
	}
}

// People implements account.Directory.
func (a *accounts) People(ctx context.Context, q account.PeopleQuery) ([]account.Developer, string, error) {
	list, next, err := a.people(ctx, q)
	if errors.Is(err, account.ErrBadPage) {
		return nil, "", err
	}
	return list, next, a.db.fail(ctx, "find people", err)
}

func (a *accounts) people(ctx context.Context, q account.PeopleQuery) (list []account.Developer, next string, err error) {
	at, err := account.ParsePlace(q.After)
	begins, can := q.Beginnings()
	limit := min(q.Limit, account.MaxPeople)
	if err != nil || !can || limit <= 0 {
		return nil, "", err
	}
	for range keyRounds {
		if n, err := a.giveSomeWords(ctx); err != nil || n < keyBatch {
			if err != nil {
				return nil, "", err
			}
			break
		}
	}
	filter, err := peopleFilter(q, begins, at)
	if err != nil {
		return nil, "", err
	}
	cursor, err := a.developers.Find(ctx, filter, options.Find().SetProjection(developerFields()).
		SetSort(bson.D{key("name_key", 1), key("_id", 1)}).SetLimit(int64(limit)+1))
	if err != nil {
		return nil, "", err
	}
	var odd []bson.Raw
	err = all(ctx, cursor, func(doc bson.Raw) {
		d := readDeveloper(doc)
		if list = append(list, d); staleWords(doc, d) {
			odd = append(odd, bytes.Clone(doc))
		}
	})
	if err != nil {
		return nil, "", err
	}
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		next = account.Place{Name: last.SortKey(), ID: last.ID}.String()
	}
	return list, next, a.giveWords(ctx, odd)
}

// peopleFilter matches those asked for who come behind a place.
func peopleFilter(q account.PeopleQuery, begins []string, at account.Place) (bson.D, error) {
	all := bson.A{bson.D{el("_id", bson.D{el("$gte", bson.NilObjectID)})}}
	for _, begin := range begins { // letters and digits
		all = append(all, bson.D{el("words", bson.Regex{Pattern: "^" + begin})})
	}
	if q.Group != "" {
		all = append(all, bson.D{el("groups", bson.D{el("$eq", text(q.Group))})})
	}
	switch q.Role {
	case "":
	case account.Admin:
		all = append(all, bson.D{el("role", string(account.Admin))})
	default:
		all = append(all, bson.D{el("role", bson.D{el("$ne", string(account.Admin))})})
	}
	if q.State != nil {
		all = append(all, stateFilter(*q.State)...)
	}
	if q.After != "" {
		id, ok := objectID(at.ID)
		if !ok {
			return nil, account.ErrBadPage
		}
		all = append(all, bson.D{el("$or", bson.A{
			bson.D{el("name_key", bson.D{el("$gt", text(at.Name))})},
			bson.D{el("name_key", bson.D{el("$eq", text(at.Name))}), el("_id", bson.D{el("$gt", id)})},
		})})
	}
	return bson.D{el("$and", all)}, nil
}

// stateFilter matches those in a state, as readRights reads it.
func stateFilter(state account.State) bson.A {
	no := bson.D{el("$in", bson.A{false, nil})}
	if state == account.Active {
		return bson.A{bson.D{el("disabled", no), el("deleted", no)}}
	}
	closed := bson.D{el("$or", bson.A{
		bson.D{el("disabled", bson.D{el("$nin", bson.A{false, nil})})},
		bson.D{el("deleted", bson.D{el("$nin", bson.A{false, nil})})},
	})}
	if state == account.Disabled {
		others := bson.A{account.Invited.String(), account.Waiting.String()}
		return bson.A{closed, bson.D{el("state", bson.D{el("$nin", others)})}}
	}
	return bson.A{closed, bson.D{el("state", state.String())}}
}

// Presence implements account.Directory.
func (a *accounts) Presence(ctx context.Context, ids []string, now time.Time) (map[string]account.Presence, error) {
	found := make(map[string]account.Presence, len(ids))
	if len(ids) == 0 {
		return found, ctx.Err()
	}
	subjects := make(bson.A, len(ids))
	for i, id := range ids {
		subjects[i] = id
	}
	cursor, err := a.db.base.Collection("sessions").Find(ctx,
		bson.D{el("subject", bson.D{el("$in", subjects)}), el("expires", bson.D{el("$gt", now)})},
		options.Find().SetProjection(bson.D{key("subject", 1), key("last_seen", 1), key("parent", 1)}).SetLimit(mostPresent))
	if err != nil {
		return nil, a.db.fail(ctx, "look who is here", err)
	}
	err = all(ctx, cursor, func(doc bson.Raw) {
		id := readText(doc.Lookup("subject"))
		p := found[id]
		if doc.Lookup("parent").IsZero() { // one for another host is of the session that has issued it
			p.Sessions++
		}
		if seen := readTime(doc.Lookup("last_seen")); seen.After(p.LastSeen) {
			p.LastSeen = seen
		}
		found[id] = p
	})
	return found, a.db.fail(ctx, "look who is here", err)
}

// mostPresent bounds the sessions that Presence counts.
const mostPresent = 20_000
