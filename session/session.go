package session

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Session is what one request sees and changes of its session. It is loaded at the first use, and
// saved with the first byte of the answer. Get one with From.
//
// Errors are sticky, as in bufio.Writer: after the first one every call does nothing, Err tells it,
// and the answer becomes an error page instead of what the handler writes, so that a handler need
// not check. A Session is safe for concurrent use by the goroutines of its request. Once the answer
// has begun, and after the request, what was loaded before can still be read; everything else is
// ErrCommitted.
type Session struct {
	m *Manager
	r *http.Request // as the middleware got it: callbacks and stores that see its context cannot get here and deadlock

	mu        sync.Mutex
	loaded    bool
	committed bool
	asked     bool // loaded at least once, whatever Discard forgot

	sent      bool // the request carried a session key, of whatever worth
	byHeader  bool // in a header (Config.Header), not in a cookie
	oldCookie bool // in the cookie of Config.Old
	known     bool // the request's key opened a record: the answer identifies somebody
	forget    bool // signed out: the client is to forget its key
	taken     bool // the caller of TakeCookie sends the cookie
	needed    bool // the cookie that is due must not be lost: without it the session, or its end, is lost on the client
	moved     bool // found in a cookie of the old home that the new one, a store, does not know
	told      bool // err was told by Save
	bare      bool // the answer can carry no cookie: the connection is about to be hijacked

	err      error         // sticky: the first thing that went wrong
	withheld error         // why the answer was withheld
	deadline time.Duration // after the Manager was made: the latest one of the contexts through which From was called, other than the request's own

	*state              // what was found and changed; nil for nothing at all
	due    *http.Cookie // the cookie that the answer carries
	kept   *state       // what was found after the last Save
	saved  *http.Cookie // the one that was due after the last Save

	vary, noStore [1]string // room for the values of two headers
}

// state is what a request found of its session, and what is to become of it. Most requests of
// strangers have none.
type state struct {
	found    bool // rec is the session's live record
	resign   bool // the cookie is to be written anew: it was signed by an old key of the ring, or found in the old home
	afresh   bool // rec came in a cookie of the old home, and is not in the store yet
	unsealed bool // rec changed since its cookie was made, which it travels in
	shared   bool // the id of rec is made of what it holds, which others may hold, too
	enrolled bool // rec has a companion record that its cookie does not name yet
	there    bool // rec was found in a cookie of the old home, but another request has stored it meanwhile
	clear    bool // the values of rec count as absent
	renew    bool

	rec      Record
	at       int64      // when rec was loaded, Unix milliseconds
	sealedAt time.Time  // when the cookie was made that rec's values came in
	key      sessionKey // of rec, unless it travels in its cookie
	left     Digest     // of rec's companion record, when it is about to leave its cookie for the store
	broken   ID         // the record of the request's key, when its values cannot be read; else zero
	// superseded is the record that the request's key opened before it was renewed. Such a key is
	// good for one thing: a sign-out that was under way during the renewal must not leave the
	// session alive behind the back of its owner.
	superseded ID

	dropped []departed // records to delete at the commit: signed out, or another subject's
	changes []change
	flashed int // messages of this request
	bytes   int // the size of what this request sees, -1 for not known
	signIn  *SignIn
}

// departed is a record that this request leaves behind.
type departed struct {
	id     ID
	digest Digest
	popped Patch  // removes the values that were popped, if there are any
	before Values // what they were
}

// change is what the request did to one key, as the last word or as functions of what is stored.
type change struct {
	key    string
	value  []byte // what a Get sees now; nil is absent
	based  bool   // value depends on the stored one through steps
	steps  []func(old []byte) ([]byte, error)
	popped bool   // the stored value must still be before at the commit
	before []byte // what was stored when it was popped
}

type contextKey struct{}

// From gives the request's session, where Managers stand inside of each other that of the innermost
// one. Without the middleware it gives a session that is empty and keeps nothing, whose Err is
// ErrNoMiddleware: nobody is signed in by mistake.
func From(ctx context.Context) *Session { return from(ctx, contextKey{}) }

// From gives the request's session of this Manager, whatever others the request has.
func (m *Manager) From(ctx context.Context) *Session { return from(ctx, m) }

func from(ctx context.Context, key any) *Session {
	s, ok := ctx.Value(key).(*Session)
	if !ok {
		return &Session{err: ErrNoMiddleware, loaded: true}
	}
	if deadline, ok := ctx.Deadline(); ok {
		s.reached(deadline)
	}
	return s
}

// reached notes the deadline of a context through which the session was reached, if it is not that
// of the whole request; see Session.cutShort.
func (s *Session) reached(deadline time.Time) {
	if own, ok := s.r.Context().Deadline(); ok && !deadline.Before(own) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = max(s.deadline, deadline.Sub(s.m.made))
}

// Err gives the first thing that went wrong with this session in this request, or nil.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// ID names the session's record. It reports false for a visitor of whom nothing is stored yet.
func (s *Session) ID() (ID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.load() || !s.live() || s.afresh && s.beside() {
		return ID{}, false
	}
	return s.rec.ID, true
}

// Subject says who is signed in, "" for nobody. It sees a SignIn or SignOut of this request.
func (s *Session) Subject() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.load():
		return ""
	case s.state == nil:
	case s.signIn != nil:
		return s.signIn.Subject
	case s.found:
		return s.rec.Subject
	}
	return ""
}

// SignedInSince is when the subject last proved who they are; the zero time if nobody is signed in.
func (s *Session) SignedInSince() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.load(), s.state == nil:
	case s.signIn != nil:
		return s.signIn.SignedIn
	case s.found && s.rec.Subject != "":
		return s.rec.SignedIn
	}
	return time.Time{}
}

// SignIn makes subject, any text that names one person to the program, the one who is signed in.
// The session gets a new key, so that one planted or overheard before is worthless (ASVS 7.2.4),
// and its lifetime starts anew. What a stranger's session held stays; what another subject's held
// does not.
func (s *Session) SignIn(subject string) { s.signInAs(subject, false) }

// SignInRemembered is SignIn for somebody who asked to be kept signed in: Config.Remembered
// applies.
func (s *Session) SignInRemembered(subject string) { s.signInAs(subject, true) }

func (s *Session) signInAs(subject string, remember bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable() {
		return
	}
	if subject == "" || len(subject) > maxSubject || !utf8.ValidString(subject) {
		s.failLocked(fmt.Errorf("%w: sign in: not a usable subject: %.32q", ErrMisuse, subject))
		return
	}
	if (s.found && s.rec.Subject != "" && s.rec.Subject != subject) ||
		(s.signIn != nil && s.signIn.Subject != subject) || s.broken != (ID{}) {
		s.drop()
	}
	now, life := s.m.now(), s.m.lifetime(remember)
	in := SignIn{
		Subject: subject, SignedIn: now,
		Expires: now.Add(life.Idle), Deadline: now.Add(life.Absolute), Idle: life.Idle, Persist: remember,
	}
	in.Addr, in.UserAgent = s.client()
	s.signIn = &in
}

// SignOut ends the session: with the first byte of the answer its record is deleted and its key is
// worth nothing on any node, even if the key was renewed while the request was under way; and the
// browser is told to forget its cookie. What is set or flashed afterwards begins a new session.
func (s *Session) SignOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable() {
		return
	}
	s.drop()
	s.forget = s.sent
	if s.superseded != (ID{}) {
		s.dropped = append(s.dropped, departed{id: s.superseded})
	}
}

// Renew gives the session a new key, for a change of what its subject may do.
func (s *Session) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writable() {
		s.renew = true
	}
}

// Clear removes all values and flash messages, but leaves who is signed in.
func (s *Session) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable() {
		return
	}
	s.clear, s.bytes = true, 0
	s.changes = slices.DeleteFunc(s.changes, func(c change) bool { return !c.popped })
	for i := range s.changes {
		s.changes[i].value = nil // what was popped stays this request's alone
	}
}

// Discard forgets all changes of this request that are not saved yet, a sticky error too, so that
// an error page can be shown with the session as it was. A session that could not be loaded is
// loaded again at the next use.
func (s *Session) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed || s.m == nil {
		return
	}
	s.err, s.forget, s.told = nil, false, false
	if s.live() && len(s.dropped) == 0 {
		s.reset()
		return
	}
	if s.kept != nil {
		kept := *s.kept
		s.state, s.due = &kept, s.saved
		return
	}
	s.loaded, s.state = false, nil // load again at the next use
}

// live reports whether the session has a record.
func (s *Session) live() bool { return s.state != nil && s.found }

// reset takes back everything that is not saved, but for records that are to be deleted.
func (s *state) reset() {
	s.clear, s.changes, s.bytes, s.signIn, s.renew = false, nil, -1, nil, false
}

// drop leaves the loaded record to be deleted and goes on with an empty session.
func (s *Session) drop() {
	if s.found && s.afresh && s.beside() {
		// a stranger's: there is nothing to delete
	} else if s.found {
		d := departed{id: s.rec.ID, digest: s.rec.Digest}
		if !s.afresh { // else there is nothing in the store yet that could be popped twice
			d.popped, d.before = s.popped()
		}
		s.dropped = append(s.dropped, d)
	} else if s.broken != (ID{}) {
		s.dropped = append(s.dropped, departed{id: s.broken})
	}
	s.reset()
	s.err, s.forget = nil, false
	s.found, s.rec, s.broken, s.afresh, s.unsealed = false, Record{}, ID{}, false, false
	s.enrolled, s.there, s.left = false, false, Digest{}
}

// writable reports whether the session can still be changed, after loading it.
func (s *Session) writable() bool {
	if s.committed && s.err == nil {
		s.err = ErrCommitted
	}
	if !s.load() {
		return false
	}
	s.open()
	return true
}

// open makes room for what is found and changed.
func (s *Session) open() {
	if s.state == nil {
		s.state = &state{bytes: -1}
	}
}

// id names the record for events, zero if there is none.
func (s *Session) id() ID {
	if s.state == nil {
		return ID{}
	}
	return s.rec.ID
}

func (s *Session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(err)
}

func (s *Session) failLocked(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *Session) unreadable(key string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe(EventUnreadable, s.id(), fmt.Errorf("session: value of %q: %w", key, err))
}

// observe tells of an event. The context it passes does not lead to this session, whose lock is
// held.
func (s *Session) observe(kind EventKind, id ID, err error) {
	s.m.cfg.Observe(s.r.Context(), Event{Kind: kind, ID: id, Err: err})
}

// How many bytes of them are stored.
const (
	maxSubject   = 255
	maxAddr      = 64
	maxUserAgent = 256
)

// clip makes text from a client fit to be stored and shown.
func clip(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}
