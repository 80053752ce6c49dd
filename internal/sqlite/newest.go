package sqlite

import (
	"container/list"
	"context"
	"database/sql"
	"slices"
	"sync"

	"github.com/doorbook/doorbook/internal/book"
)

const (
	newestLimit = 100      // longest page that is remembered
	newestPages = 64       // pages (one per user and type) that are remembered
	newestBytes = 64 << 10 // and the most memory of one; a larger one is read anew each time
	newestKey   = 64       // longest user and type together that is remembered; both may be anybody's invention
)

// newest remembers the newest page of some queries, because the dashboard asks for it at every
// request and every request adds an entry. It is exact across processes: each find asks the
// database for its edition, in one look-up by key that begins after the call, and a page is given
// only if it is of that edition. What this process has appended meanwhile is put in front of a
// page; after anything else the page is read anew.
type newest struct {
	read    func(ctx context.Context, tx *sql.Tx, q book.Query, limit int) ([]record, error)
	db      *sql.DB
	version *shared // of the file: see selectVersion

	mu     sync.Mutex
	recent recent
	pages  map[pageKey]*list.Element // of *page
	order  *list.List                // the latest used first
}

// edition says what the book holds: generation counts the changes of stored entries, last is the
// newest seq.
type edition struct{ generation, last int64 }

type pageKey struct {
	user string
	kind book.Type
}

// page is the newest entries of one query, newest first. Its records never change; a newer page
// takes its place.
type page struct {
	key     pageKey
	edition edition
	limit   int // how many it would hold if there were enough
	records []record
	list    []book.Entry // the first records, in the form that Find gives to all who ask for this page; newest.mu
}

// selectVersion asks for the edition. It takes the last seq that was given out rather than the
// highest stored one: an entry that is deleted at once must not lie beyond the edition of a page
// that was read after.
const selectVersion = `SELECT generation, (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'entries') FROM state WHERE one = 1`

func newNewest(h *Handle, read func(context.Context, *sql.Tx, book.Query, int) ([]record, error)) *newest {
	return &newest{read: read, db: h.Read, version: h.version, pages: make(map[pageKey]*list.Element), order: list.New()}
}

// appended is told of committed entries, in the order of commits.
func (n *newest) appended(seqs []int64, entries []book.Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.recent.add(seqs, entries)
}

// find returns up to q.Limit entries, which others are given too, and the cursor of what comes
// after them.
func (n *newest) find(ctx context.Context, q book.Query) ([]book.Entry, string, error) {
	v, err := n.version.get(ctx)
	if err != nil {
		return nil, "", err
	}
	if p := n.remembered(q, edition{v[0], v[1]}); p != nil {
		list, next := n.give(p, q.Limit)
		return list, next, nil
	}
	p, err := n.load(ctx, q)
	if err != nil {
		return nil, "", err
	}
	n.keep(p)
	list, next := n.give(p, q.Limit)
	return list, next, nil
}

// give returns the first entries of a page. They are copied once for all who ask for it.
func (n *newest) give(p *page, limit int) ([]book.Entry, string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p.list == nil || len(p.list) < min(limit, len(p.records)) {
		p.list, _ = given(p.records, limit)
	}
	if len(p.records) <= limit {
		return slices.Clip(p.list[:len(p.records)]), ""
	}
	return slices.Clip(p.list[:limit]), cursor(p.records[limit-1].seq)
}

// remembered returns the page of edition v, or of a later one that somebody else has found
// meanwhile; nil if there is none.
func (n *newest) remembered(q book.Query, v edition) *page {
	n.mu.Lock()
	defer n.mu.Unlock()
	el := n.pages[pageKey{q.User, q.Type}]
	if el == nil {
		return nil
	}
	p := el.Value.(*page)
	if p.limit <= q.Limit || p.edition.generation < v.generation {
		return nil
	}
	if p.edition.last < v.last {
		if p.edition.generation != v.generation {
			return nil
		}
		added, ok := n.recent.between(p.edition.last, v.last)
		if !ok {
			return nil
		}
		p = p.with(added, v)
		if p.bytes() > newestBytes {
			n.forget(el)
			return p
		}
		el.Value = p
	}
	n.order.MoveToFront(el)
	return p
}

// with gives the page as of v, when added is what has come since.
func (p *page) with(added []record, v edition) *page {
	next := *p
	next.edition = v
	matches := 0
	for _, r := range added {
		if p.key.match(r.entry) {
			matches++
		}
	}
	if matches == 0 {
		return &next
	}
	next.list = nil
	next.records = make([]record, 0, min(p.limit, matches+len(p.records)))
	for i := len(added) - 1; i >= 0 && len(next.records) < p.limit; i-- {
		if p.key.match(added[i].entry) {
			next.records = append(next.records, added[i])
		}
	}
	next.records = append(next.records, p.records[:min(len(p.records), p.limit-len(next.records))]...)
	return &next
}

func (k pageKey) match(e *book.Entry) bool {
	return (k.user == "" || k.user == e.User) && (k.kind == "" || k.kind == e.Type)
}

// load reads a page and its edition at one moment.
func (n *newest) load(ctx context.Context, q book.Query) (*page, error) {
	tx, err := n.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	ctx = context.WithoutCancel(ctx) // the transaction ends with it already
	p := &page{key: pageKey{q.User, q.Type}, limit: q.Limit + 1}
	if err := tx.QueryRowContext(ctx, selectVersion).Scan(&p.edition.generation, &p.edition.last); err != nil {
		return nil, err
	}
	p.records, err = n.read(ctx, tx, q, p.limit)
	return p, err
}

// keep remembers a page, unless a newer one is there or it is too large, and forgets the one that
// was unused for longest.
func (n *newest) keep(p *page) {
	bytes := p.bytes()
	n.mu.Lock()
	defer n.mu.Unlock()
	el := n.pages[p.key]
	switch {
	case el == nil && bytes <= newestBytes:
		n.pages[p.key] = n.order.PushFront(p)
		if n.order.Len() > newestPages {
			n.forget(n.order.Back())
		}
	case el == nil:
	case bytes > newestBytes:
		n.forget(el)
	case !el.Value.(*page).newerThan(p):
		el.Value = p
		n.order.MoveToFront(el)
	}
}

func (p *page) bytes() (sum int) {
	for _, r := range p.records {
		sum += r.bytes
	}
	return sum
}

func (p *page) newerThan(o *page) bool {
	return p.edition.generation > o.edition.generation || p.edition.last > o.edition.last
}

func (n *newest) forget(el *list.Element) {
	delete(n.pages, el.Value.(*page).key)
	n.order.Remove(el)
}
