// Package fromflask copies an installation of the original Flask application, its developers and
// its logs, into the database of this program. It reads MongoDB and writes through the
// repositories, so it does not know which database it fills. It never writes to its source.
//
// A copy can be made again: what is there already is left alone, so a copy that broke off goes on
// where it stopped. Ids are kept. What is not fit to be copied is refused and reported one by one,
// without a word of its content.
package fromflask

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// The original's collections.
const (
	Developers = "developers"
	Logs       = "logs"
)

// ErrNothing is the answer to a source without developers and logs.
var ErrNothing = errors.New("there are no developers and no logs")

// Source is where an installation is read from.
type Source interface {
	// Count gives about how many documents the collection holds, to show how far a copy is; 0 if
	// there is no such collection.
	Count(ctx context.Context, collection string) (int64, error)
	// Documents gives the documents of a collection in the order of their _id. A document is the
	// caller's until the next one. After an error there are no more.
	Documents(ctx context.Context, collection string) iter.Seq2[bson.Raw, error]
}

// Config is what is copied from where to where. Source, Accounts and Book are required.
type Config struct {
	Source   Source
	Accounts account.Repository
	Book     book.Repository

	Admins []string // canonical e-mail addresses of those who become admins; everybody else is a member
	// CheckHash gives an error for a password hash that no password could ever be checked against,
	// because it cannot be read or costs too much. Default: only what is no hash at all is refused.
	CheckHash func(hash string) error

	Keeps    time.Duration    // how long the book keeps entries, to count those that it will not; default: none is counted
	Batch    int              // entries in one commit; default 500
	Clock    func() time.Time // default time.Now
	Progress func(Progress)   // told after each developer and each batch of entries
	Item     func(Item)       // told of each document that was not simply copied
}

// Progress is how far a copy is.
type Progress struct {
	Collection string
	Read       int64
	About      int64 // documents there were at the start; others may come meanwhile
}

// Totals is what became of all documents.
type Totals struct {
	Developers Tally `json:"developers"`
	Entries    Tally `json:"entries"`
	Redacted   int64 `json:"redacted"` // entries whose body was left out; of those copied
	Old        int64 `json:"old"`      // entries that are older than the book keeps; of those copied

	Admins   []string `json:"admins,omitempty"`           // of Config.Admins: who is one now
	NotFound []string `json:"admins_not_found,omitempty"` // the others: no account that was copied belongs to them
}

// Tally is what became of the documents of one collection: Read is the sum of all that follow.
type Tally struct {
	Read    int64 `json:"read"`
	Copied  int64 `json:"copied"`  // or would be: see Rehearse
	There   int64 `json:"there"`   // already, and the same
	Differs int64 `json:"differs"` // already, and not the same: changed here or there since it was copied; left alone
	Deleted int64 `json:"deleted"` // marked as deleted by the original, so not copied
	Refused int64 `json:"refused"`
}

// Copy copies, and gives what became of everything it has read; also when it breaks off with an
// error. Developers come first. ErrNothing; otherwise the error is the source's or a repository's,
// or the context's.
func Copy(ctx context.Context, c Config) (Totals, error) {
	if c.Batch <= 0 {
		c.Batch = 500
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	if c.Item == nil {
		c.Item = func(Item) {}
	}
	about := map[string]int64{}
	for _, collection := range []string{Developers, Logs} {
		n, err := c.Source.Count(ctx, collection)
		if err != nil {
			return Totals{}, err
		}
		about[collection] = n
	}
	run := &run{Config: c, about: about}
	run.totals.NotFound = slices.Clone(c.Admins)
	if err := run.developers(ctx); err != nil {
		return run.totals, fmt.Errorf("copying developers: %w", err)
	}
	if err := run.entries(ctx); err != nil {
		return run.totals, fmt.Errorf("copying logs: %w", err)
	}
	if run.totals.Developers.Read+run.totals.Entries.Read == 0 {
		return run.totals, ErrNothing
	}
	return run.totals, nil
}

// run is one Copy.
type run struct {
	Config
	about  map[string]int64
	totals Totals
}

func (r *run) progress(collection string, t Tally) {
	r.Progress(Progress{Collection: collection, Read: t.Read, About: max(r.about[collection], t.Read)})
}

// isAdmin is told of each account that is there or was copied, once its role is what was asked for.
func (r *run) isAdmin(emailKey string) {
	if slices.Contains(r.totals.NotFound, emailKey) {
		r.totals.NotFound = slices.DeleteFunc(r.totals.NotFound, func(s string) bool { return s == emailKey })
		r.totals.Admins = append(r.totals.Admins, emailKey)
	}
}

func (r *run) refuse(kind Kind, t *Tally, id string, why *refusal) {
	t.Refused++
	r.Item(Item{Kind: kind, ID: id, Outcome: Refused, Reason: why.reason, Detail: why.detail})
}

// refusal says why a document is not copied.
type refusal struct {
	reason Reason
	detail string
}
