package mongostore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/session/store"
)

// changes is an update of one document: each field stands in one of them.
type changes struct {
	set, unset, max bson.D
}

// optional sets a field, or removes it when there is nothing to keep.
func (c *changes) optional(name string, there bool, value any) {
	if there {
		c.set = append(c.set, el(name, value))
	} else {
		c.unset = append(c.unset, el(name, ""))
	}
}

// person sets who is there, or that nobody is.
func (c *changes) person(subject string, signedIn time.Time, addr, userAgent string) {
	c.optional(fieldSubject, subject != "", text(subject))
	c.optional(fieldSignedIn, !signedIn.IsZero(), date(signedIn))
	c.optional(fieldAddr, addr != "", text(addr))
	c.optional(fieldUserAgent, userAgent != "", text(userAgent))
}

// touch moves times forward: MongoDB leaves the greater one.
func (c *changes) touch(t store.Touch) {
	c.max = append(c.max, el(fieldLastSeen, date(t.LastSeen)), el(fieldExpires, date(t.Expires)))
}

// values changes the values of those keys alone that the patch names, so that patches of other keys
// never meet. A key that is deleted and set is set.
func (c *changes) values(p store.Patch) {
	if p.Clear {
		c.optional(fieldValues, len(p.Set) > 0, encodedValues(p.Set))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(p.Set)) {
		c.set = append(c.set, el(fieldValues+"."+fieldName(key), binary(p.Set[key])))
	}
	for _, key := range slices.Compact(slices.Sorted(slices.Values(p.Delete))) {
		if _, ok := p.Set[key]; !ok {
			c.unset = append(c.unset, el(fieldValues+"."+fieldName(key), ""))
		}
	}
}

// patched returns the changes of a patch: what store.Record.Apply does, in MongoDB's words.
func patched(p store.Patch) changes {
	var c changes
	c.values(p)
	if p.Rekey != nil {
		c.set = append(c.set, el(fieldDigest, binary(p.Rekey.Digest[:])), el(fieldKeyID, text(p.Rekey.KeyID)))
		c.optional(fieldState, p.Rekey.State != store.Live, text(string(p.Rekey.State)))
	}
	in := p.SignIn
	if in == nil {
		if p.Seen != nil {
			c.touch(*p.Seen)
		}
		return c
	}
	expires := in.Expires // which may shorten a life; a use of the same moment only prolongs it
	if p.Seen != nil {
		c.max = append(c.max, el(fieldLastSeen, date(p.Seen.LastSeen)))
		if p.Seen.Expires.After(expires) {
			expires = p.Seen.Expires
		}
	}
	c.person(in.Subject, in.SignedIn, in.Addr, in.UserAgent)
	c.set = append(c.set, el(fieldExpires, date(expires)), el(fieldDeadline, date(in.Deadline)),
		el(fieldIdle, in.Idle.Milliseconds()), el(fieldPersist, in.Persist))
	return c
}

// update returns the changes as MongoDB takes them. An operator that has nothing to do is left out.
func (c *changes) update() bson.D {
	var d bson.D
	for _, operator := range []bson.E{{Key: "$set", Value: c.set}, {Key: "$unset", Value: c.unset}, {Key: "$max", Value: c.max}} {
		if fields := operator.Value.(bson.D); len(fields) > 0 {
			d = append(d, operator)
		}
	}
	return d
}

// guard matches the record of that id while it is live and opened by that digest.
func guard(id store.ID, digest store.Digest, now time.Time) bson.D {
	return bson.D{el(fieldID, objectID(id)), el(fieldDigest, binary(digest[:])), el(fieldExpires, after(now))}
}

func after(now time.Time) bson.D { return bson.D{el("$gt", date(now))} }

// Patch implements store.Store, as one update of one document, which MongoDB does whole or not at
// all and one after the other; the conditions are part of it. When it does nothing for a patch
// under a version, a second look tells why.
//
// A record whose values, or version, are no such thing takes no patch that would need the old ones:
// the error wraps store.ErrUnreadable.
func (s *Store) Patch(ctx context.Context, p store.Patch) (int64, error) {
	version, err := s.patch(ctx, p)
	return version, explained(ctx, "patch", err)
}

func (s *Store) patch(ctx context.Context, p store.Patch) (int64, error) {
	filter := guard(p.ID, p.Digest, p.Now)
	live := filter
	if p.IfVersion != 0 {
		filter = append(slices.Clip(filter), el(fieldVersion, p.IfVersion))
	}
	c := patched(p)
	update := append(c.update(), el("$inc", bson.D{el(fieldVersion, int64(1))}))
	raw, err := s.records.FindOneAndUpdate(ctx, filter, update, options.FindOneAndUpdate().SetReturnDocument(options.After)).Raw()
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return 0, s.refused(ctx, live, p)
	case unfit(err):
		return 0, &serverError{err, store.ErrUnreadable}
	case err != nil:
		return 0, err
	}
	d := reader{raw: raw}
	version := read(&d, fieldVersion, false, readVersion)
	if d.bad != nil {
		return 0, store.ErrUnreadable
	}
	return version, nil
}

// refused says why a patch found nothing to change.
func (s *Store) refused(ctx context.Context, live bson.D, p store.Patch) error {
	if p.IfVersion == 0 {
		return store.ErrNotFound
	}
	err := s.records.FindOne(ctx, live, options.FindOne().SetProjection(bson.D{el(fieldID, 1)})).Err()
	switch {
	case errors.Is(err, mongo.ErrNoDocuments):
		return store.ErrNotFound
	case err != nil:
		return err
	}
	return store.ErrConflict
}
