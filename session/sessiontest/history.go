package sessiontest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// history is what happened in a round.
type history struct {
	t        *testing.T
	store    store.Store
	nodes    [2]*session.Manager
	subjects [2]string
	clock    atomic.Int64 // in milliseconds
	order    atomic.Int64 // of beginnings and ends

	mu     sync.Mutex
	jar    jar // the browser's
	events []*event
}

func (h *history) now() time.Time { return time.UnixMilli(h.clock.Load()).UTC() }

// event is something that a tab did, and what it saw.
type event struct {
	name       string
	tab, node  int
	start, end int64 // in history.order
	acts       int64 // when it had seen what it saw, and began to act
	commits    int64 // when it had acted, and began its answer

	byKey     bool   // through Manager.Open instead of Manager.Handler
	sent, got string // the session cookie before and after, "" for none or no new one
	saw       sight  // before it did anything
	after     sight  // when the answer had begun; only id and subject
	status    int    // of the answer; 202 is an acknowledgement
	err       error  // instead of a status, for calls of a Manager

	writes map[string]string // to registers; "" removes
	counts bool
	popped string
	added  string   // a flash message
	showed []string // flash messages

	renews      bool
	ends        bool     // the session that it saw, or that its cookie names
	endsID      store.ID // if not zero
	endsSubject string
	listed      []store.ID
	expires     bool
}

// sight is what is to be seen of a session.
type sight struct {
	found   bool
	id      store.ID
	subject string
	values  map[string]string
	count   int
}

// acknowledged reports whether whoever asked was told that it was done.
func (e *event) acknowledged() bool { return e.status == accepted || e.status == 0 && e.err == nil }

// refused reports whether whoever asked was told that nothing was done.
func (e *event) refused() bool { return e.status == unauthorized || e.status == conflict }

// begin and finish note an event.
func (h *history) begin(e *event) { e.start = h.order.Add(1) }

func (h *history) finish(e *event) {
	e.end = h.order.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// String returns the history in the order in which its events began.
func (h *history) String() string {
	slices.SortFunc(h.events, func(a, b *event) int { return int(a.start - b.start) })
	var b strings.Builder
	for _, e := range h.events {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

func (e *event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%3d-%-3d tab %d, node %d: %-18s", e.start, e.end, e.tab, e.node, e.name)
	if e.status != 0 {
		fmt.Fprintf(&b, " %d", e.status)
	}
	if e.err != nil {
		fmt.Fprintf(&b, " %v", e.err)
	}
	if e.byKey {
		b.WriteString(", by key")
	}
	if e.sent != "" {
		fmt.Fprintf(&b, ", sent …%s", e.sent[max(0, len(e.sent)-6):])
	}
	if e.saw.found {
		fmt.Fprintf(&b, ", saw %s of %.3q: %v, counter %d", short(e.saw.id), e.saw.subject, e.saw.values, e.saw.count)
	}
	if len(e.writes) > 0 {
		fmt.Fprintf(&b, ", writes %v", e.writes)
	}
	if e.added != "" {
		fmt.Fprintf(&b, ", flashes %s", e.added)
	}
	if len(e.showed) > 0 {
		fmt.Fprintf(&b, ", shows %v", e.showed)
	}
	if e.popped != "" {
		fmt.Fprintf(&b, ", pops %s", e.popped)
	}
	if e.endsID != (store.ID{}) {
		fmt.Fprintf(&b, ", ends %s", short(e.endsID))
	}
	if e.endsSubject != "" {
		fmt.Fprintf(&b, ", ends all of %.3q", e.endsSubject)
	}
	if e.after.found {
		fmt.Fprintf(&b, ", after it %s of %.3q", short(e.after.id), e.after.subject)
	}
	if e.got != "" {
		fmt.Fprintf(&b, ", got …%s", e.got[max(0, len(e.got)-6):])
	}
	return b.String()
}

func short(id store.ID) string { return id.String()[:6] }

// waiting returns the flash messages of a round that a record holds.
func waiting(r store.Record, texts []string) (found []string) {
	for _, text := range texts {
		for key, value := range r.Values {
			if strings.HasPrefix(key, "_flash.") && strings.Contains(string(value), text) {
				found = append(found, text)
			}
		}
	}
	return found
}

// stored returns what the store holds of a record at the end of a round.
func (h *history) stored(id store.ID) (r store.Record, found bool, err error) {
	r, err = h.store.Load(h.t.Context(), id, h.now())
	if errors.Is(err, store.ErrNotFound) {
		return r, false, nil
	}
	return r, err == nil, err
}
