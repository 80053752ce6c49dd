package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/doorbook/doorbook/internal/book"
)

// maxLimit is the most entries that one Find gives.
const maxLimit = 1000

// filter names one of the few shapes of a query, each with a statement and an index of its own.
type filter int

const (
	everything filter = iota
	requests
	others // of one type that is not request
	byUser
	requestsByUser
	othersByUser
	filters // how many there are
)

func filterOf(q book.Query) filter {
	f := everything
	switch q.Type {
	case "":
	case book.Request:
		f = requests
	default:
		f = others
	}
	if q.User != "" {
		f += byUser
	}
	return f
}

// query writes the statement. The index is named because the planner, which knows averages only,
// might walk through the whole book for somebody who has few entries. Parameters: 1 before which
// seq, 2 how many, 3 user, 4 type.
func (f filter) query() string {
	index, where := `NOT INDEXED`, ``
	switch f {
	case requests: // nearly all entries are requests
		where = ` AND type = 'request'`
	case others:
		index, where = `INDEXED BY entries_type`, ` AND type = ?4 AND type <> 'request'`
	case byUser:
		index, where = `INDEXED BY entries_user`, ` AND user = ?3`
	case requestsByUser:
		index, where = `INDEXED BY entries_user`, ` AND user = ?3 AND type = 'request'`
	case othersByUser:
		index, where = `INDEXED BY entries_user_type`, ` AND user = ?3 AND type = ?4 AND type <> 'request'`
	}
	return `SELECT ` + entryColumns + ` FROM entries ` + index + ` WHERE deleted_at IS NULL AND seq < ?1` + where + ` ORDER BY seq DESC LIMIT ?2`
}

// record is an entry with its place in the order.
type record struct {
	seq   int64
	entry *book.Entry
	bytes int // of memory, about
}

func newRecord(seq int64, e *book.Entry) record { return record{seq, e, footprint(e)} }

// Find implements book.Repository. Limits outside of 1 to 1000 count as the nearest one; a Before
// that is no cursor is book.ErrBadCursor.
func (e *entries) Find(ctx context.Context, q book.Query) (list []book.Entry, next string, err error) {
	q.Limit = min(max(q.Limit, 1), maxLimit)
	if q.Before == "" && q.Limit <= newestLimit && len(q.User)+len(q.Type) <= newestKey {
		list, next, err = e.newest.find(ctx, q)
	} else {
		var page []record
		page, err = e.findPage(ctx, q)
		list, next = given(page, q.Limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("sqlite: find entries: %w", err)
	}
	return list, next, nil
}

// given returns up to limit entries of a page, and the cursor of the next page if there is one.
func given(page []record, limit int) (list []book.Entry, next string) {
	if len(page) > limit {
		page = page[:limit]
		next = cursor(page[limit-1].seq)
	}
	list = make([]book.Entry, len(page))
	for i, r := range page {
		list[i] = *r.entry
	}
	return list, next
}

func (e *entries) findPage(ctx context.Context, q book.Query) ([]record, error) {
	before := int64(math.MaxInt64)
	if q.Before != "" {
		var err error
		if before, err = parseCursor(q.Before); err != nil {
			return nil, err
		}
	}
	return readPage(e.pages[filterOf(q)].QueryContext(ctx, before, q.Limit+1, q.User, string(q.Type)))
}

// page reads the newest entries that match within a transaction.
func (e *entries) page(ctx context.Context, tx *sql.Tx, q book.Query, limit int) ([]record, error) {
	return readPage(tx.StmtContext(ctx, e.pages[filterOf(q)]).QueryContext(ctx, int64(math.MaxInt64), limit, q.User, string(q.Type)))
}

func readPage(rows *sql.Rows, err error) ([]record, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []record
	for rows.Next() {
		seq, entry, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		page = append(page, newRecord(seq, entry))
	}
	return page, rows.Err()
}

// cursor names the last entry of a page: the next one is what came before it. It opens nothing, so
// it is not signed.
func cursor(seq int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(seq)))
}

func parseCursor(s string) (int64, error) {
	const size = 8
	if len(s) != base64.RawURLEncoding.EncodedLen(size) {
		return 0, book.ErrBadCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != size {
		return 0, book.ErrBadCursor
	}
	seq := int64(binary.BigEndian.Uint64(b))
	if seq <= 0 {
		return 0, book.ErrBadCursor
	}
	return seq, nil
}
