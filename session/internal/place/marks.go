package place

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/doorbook/doorbook/session/store"
)

// A mark is a record that no key opens, of one of two kinds:
//
//   - one for each cookie that was ever enrolled, so that one whose record is gone is over, and not
//     new;
//   - one for each subject whose sessions were all ended, which refuses what was made before and
//     never seen. Its time is LastSeen, which only moves forward.
//
// Marks of the second kind are made before records are listed and ended, and looked at after a
// record was made, so of an enrolment and an end at the same time one always sees the other.

// Refuse makes or moves the mark of a subject (of everybody, for "").
func (p *accompanied) Refuse(ctx context.Context, subject string) error {
	const tries = 128
	for range tries {
		r := p.mark(subjectMark(subject))
		err := p.records.Create(ctx, r)
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		err = p.records.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: r.LastSeen, Expires: r.Expires}, r.LastSeen)
		if !Gone(err) {
			return err
		}
		if err := p.records.Delete(ctx, r.ID); err != nil { // its time is over
			return err
		}
	}
	return store.ErrConflict
}

// mark returns a mark as of now.
func (p *accompanied) mark(id store.ID) store.Record {
	now := p.env.Now()
	end := now.Add(p.env.longest())
	return store.Record{
		ID: id, Digest: sha256.Sum256([]byte("no key opens a mark")), Version: 1, KeyID: "mark", State: store.Mark,
		Created: now, LastSeen: now, Expires: end, Deadline: end, Idle: p.env.longest(),
	}
}

func seenMark(id store.ID) store.ID { return markID("seen", string(id[:])) }

func subjectMark(subject string) store.ID { return markID("ended before", subject) }

func markID(kind, of string) (id store.ID) {
	sum := sha256.Sum256([]byte("doorbook/session mark " + kind + "\x00" + of))
	copy(id[:], sum[:])
	return id
}
