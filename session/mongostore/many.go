package mongostore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/session/store"
)

const (
	deleteBatch = 100 // records that one command removes, so that a long list keeps nobody waiting for long
	eachPage    = 500 // records that one answer holds
)

// Delete implements store.Store. Each record is a deletion of its own, a hundred in one command;
// so the driver may send it again after a failover. After an error some of the records may be gone.
func (s *Store) Delete(ctx context.Context, ids ...store.ID) error {
	for len(ids) > 0 {
		batch := ids[:min(deleteBatch, len(ids))]
		ids = ids[len(batch):]
		models := make([]mongo.WriteModel, len(batch))
		for i, id := range batch {
			models[i] = mongo.NewDeleteOneModel().SetFilter(bson.D{el(fieldID, objectID(id))})
		}
		if _, err := s.records.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false)); err != nil {
			return explained(ctx, "delete", err)
		}
	}
	return ctx.Err()
}

// BySubject implements store.Store. A record of which a part is damaged is given with the rest,
// so that it can be seen and ended.
func (s *Store) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	if subject == "" {
		return nil, ctx.Err()
	}
	filter := bson.D{el(fieldSubject, text(subject)), el(fieldExpires, after(now))}
	found, err := s.heads(ctx, filter, options.Find().SetBatchSize(eachPage))
	if err != nil {
		return nil, explained(ctx, "by subject", err)
	}
	theirs := found[:0]
	for _, r := range found {
		if r.Subject == subject { // a collection may have a collation to which others are the same
			theirs = append(theirs, r)
		}
	}
	return theirs, nil
}

// Each implements store.Store. It goes through the records in the order of their ids, a page at a
// time, each of which is a query of its own. As BySubject it returns damaged ones too.
func (s *Store) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	from := bson.D{el("$gte", bson.ObjectID{})}
	for {
		filter := bson.D{el(fieldID, from), el(fieldExpires, after(now))}
		// One more than the page holds, so that the server knows that it is done and keeps no
		// cursor.
		byID := bson.D{el(fieldID, 1)}
		find := options.Find().SetSort(byID).SetHint(byID).SetLimit(eachPage).SetBatchSize(eachPage + 1)
		page, err := s.heads(ctx, filter, find)
		if err != nil {
			return explained(ctx, "each", err)
		}
		for _, r := range page {
			if err := yield(r); err != nil {
				return err
			}
		}
		if len(page) < eachPage {
			return nil
		}
		from = bson.D{el("$gt", objectID(page[len(page)-1].ID))}
	}
}

// heads returns the records that a filter finds, without their values. What has an id that no
// record has is not ours.
func (s *Store) heads(ctx context.Context, filter bson.D, find *options.FindOptionsBuilder) ([]store.Record, error) {
	cursor, err := s.records.Find(ctx, filter, find.SetProjection(bson.D{el(fieldValues, 0)}))
	if err != nil {
		return nil, err
	}
	var documents []bson.Raw
	if err := cursor.All(ctx, &documents); err != nil {
		return nil, err
	}
	found := make([]store.Record, 0, len(documents))
	for _, raw := range documents {
		d := reader{raw: raw}
		if _, ok := raw.Lookup(fieldID).ObjectIDOK(); ok {
			found = append(found, d.head())
		}
	}
	return found, nil
}

// DeleteExpired implements store.Store. No command removes more than a hundred records, whatever
// the limit; it is told which, and that they must still be dead. Of several that sweep at once some
// may find that others were quicker, and return fewer than limit while dead ones remain.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (total int, err error) {
	dead := el(fieldExpires, bson.D{el("$lte", date(now))})
	for total < limit {
		batch := min(deleteBatch, limit-total)
		n, err := s.sweep(ctx, dead, batch)
		total += n
		if err != nil {
			return total, explained(ctx, "delete expired", err)
		}
		if n < batch {
			break
		}
	}
	return total, ctx.Err()
}

func (s *Store) sweep(ctx context.Context, dead bson.E, limit int) (int, error) {
	// All in one answer, so that no cursor stays on the server.
	find := options.Find().SetProjection(bson.D{el(fieldID, 1)}).SetLimit(int64(limit)).SetBatchSize(deleteBatch + 1)
	cursor, err := s.records.Find(ctx, bson.D{dead}, find)
	if err != nil {
		return 0, err
	}
	var documents []bson.Raw
	if err := cursor.All(ctx, &documents); err != nil || len(documents) == 0 {
		return 0, err
	}
	ids := make(bson.A, len(documents))
	for i, raw := range documents {
		ids[i] = raw.Lookup(fieldID)
	}
	result, err := s.records.DeleteMany(ctx, bson.D{el(fieldID, bson.D{el("$in", ids)}), dead})
	if err != nil {
		return 0, err
	}
	return int(result.DeletedCount), nil
}
