package mongostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// wayOut ends what is said of a collection that is not ours.
const wayOut = "give New a collection that holds nothing else, or drop it if nobody needs it"

// fits reports a collection that is another program's, as far as one document and the list of
// indexes tell. It changes nothing.
func (s *Store) fits(ctx context.Context) error {
	if err := s.fitsDocument(ctx); err != nil {
		return err
	}
	cursor, err := s.records.Indexes().List(ctx)
	if err != nil {
		return err
	}
	var list []index
	if err := cursor.All(ctx, &list); err != nil {
		return err
	}
	for _, i := range list {
		if what := i.harm(); what != "" {
			return fmt.Errorf("the collection %q has an index %q %s; %s", s.records.Name(), i.Name, what, wayOut)
		}
	}
	return nil
}

// fitsDocument looks at one document, whichever the server finds first. A damaged record is still
// ours.
func (s *Store) fitsDocument(ctx context.Context) error {
	ours := []string{fieldDigest, fieldVersion, fieldKeyID}
	projection := bson.D{}
	for _, name := range ours {
		projection = append(projection, el(name, 1))
	}
	raw, err := s.records.FindOne(ctx, bson.D{}, options.FindOne().SetProjection(projection)).Raw()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range ours {
		if _, err := raw.LookupErr(name); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the collection %q holds documents without %s, %s and %s, which are no sessions; %s",
		s.records.Name(), fieldDigest, fieldVersion, fieldKeyID, wayOut)
}

// index is one as the server lists it.
type index struct {
	Name    string   `bson:"name"`
	Key     bson.Raw `bson:"key"`
	Unique  bool     `bson:"unique"`
	Partial bson.Raw `bson:"partialFilterExpression"`
	After   any      `bson:"expireAfterSeconds"`
}

// harm returns what an index would do to sessions, "" if nothing.
func (i *index) harm() string {
	keys, err := i.Key.Elements()
	if err != nil || len(keys) == 0 {
		return ""
	}
	ours := []string{fieldSubject, fieldExpires}
	living := []string{fieldCreated, fieldSignedIn, fieldLastSeen, fieldDeadline} // times of sessions that live
	first, alone := keys[0].Key(), len(keys) == 1
	own := alone && slices.Contains(ours, first)
	switch {
	case alone && first == fieldID:
		return ""
	case i.Unique:
		return "that is unique, and would refuse sessions"
	case !own && slices.Contains(ours, strings.TrimSuffix(i.Name, "_1")) && strings.HasSuffix(i.Name, "_1"):
		return "of other fields, in the place of ours"
	case own && len(i.Partial) > 0:
		return "of a part of the documents, in the place of ours"
	case i.After != nil && slices.Contains(living, first):
		return "by which the server would remove sessions that live"
	}
	return ""
}
