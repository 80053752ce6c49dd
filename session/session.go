package session

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
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
	known     bool // the request's key opened a record: the answer identifies somebody
	forget    bool // signed out: the client is to forget its key
	told      bool // err was told by Save
	via       via
	again     again // whether the request may be sent to its own address

	err      error         // sticky: the first thing that went wrong
	withheld error         // why the answer was withheld
	deadline time.Duration // the latest of the contexts that From was called with, after Manager.made; see reached

	in     *entrance // where the session is, or is to be made
	*state           // what was found and changed; nil for nothing at all
	kept   *state    // what was found after the last Save
	answer answer

	vary, noStore [1]string // room for the values of two headers
}

// via says how the request brought its session key.
type via uint8

const (
	viaNothing     via = iota
	viaCookie          // in the cookie of today
	viaOldCookie       // in the cookie of Config.Old
	viaHeader          // in the header of Config.Header
	viaSeveral         // in several cookies of a name, which differ
	viaEmptyHeader     // not at all, but that header asks for a key
)

// state is what a request found of its session, and what is to become of it. Most requests of
// strangers have none.
type state struct {
	found place.Found
	at    int64 // when it was found, Unix milliseconds
	edits
	renew  bool
	signIn *store.SignIn
	// superseded is the session of a key that was renewed. Such a key is good for one thing: a
	// sign-out that was under way meanwhile must not leave the session alive behind the back of its
	// owner.
	superseded ID
	dropped    []departed // sessions to end at the commit: signed out, or another subject's
}

// departed is a session that this request leaves behind.
type departed struct {
	in     *entrance
	found  place.Found
	popped store.Patch  // removes the values that were popped, if there are any
	before store.Values // what they were
}

type contextKey struct{}

// From gives the request's session, where Managers stand inside of each other that of the innermost
// one. Without the middleware it gives a session that is empty and keeps nothing, whose Err is
// ErrNoMiddleware: nobody is signed in by mistake. To change it is a mistake of the program, and
// panics.
func From(ctx context.Context) *Session { return from(ctx, contextKey{}) }

// From gives the request's session of this Manager, whatever others the request has.
func (m *Manager) From(ctx context.Context) *Session { return from(ctx, m) }

func from(ctx context.Context, key any) *Session {
	s, ok := ctx.Value(key).(*Session)
	if !ok {
		withoutHandler(ctx)
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
	if !s.load() || !s.lives() || s.found.State == place.Unkept {
		return ID{}, false
	}
	return s.found.Record.ID, true
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
	case s.found.State.Lives():
		return s.found.Record.Subject
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
	case s.found.State.Lives() && s.found.Record.Subject != "":
		return s.found.Record.SignedIn
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
	if s.belongsToAnother(subject) {
		s.drop()
	}
	now, life := s.m.now(), s.m.lifetime(remember)
	in := store.SignIn{
		Subject: subject, SignedIn: now,
		Expires: now.Add(life.Idle), Deadline: now.Add(life.Absolute), Idle: life.Idle, Persist: remember,
	}
	in.Addr, in.UserAgent = s.client()
	s.signIn = &in
}

// belongsToAnother reports whether who signs in must not go on with the session as it is: it is, or
// would be with this request, somebody else's, or nobody can read what it holds.
func (s *Session) belongsToAnother(subject string) bool {
	switch f := &s.found; {
	case f.State == place.Unreadable:
		return true
	case s.signIn != nil && s.signIn.Subject != subject:
		return true
	default:
		return f.State.Lives() && f.Record.Subject != "" && f.Record.Subject != subject
	}
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
	if s.superseded != (ID{}) {
		s.dropped = append(s.dropped, departed{in: s.in, found: place.Found{Record: store.Record{ID: s.superseded}}})
	}
	s.drop()
	s.forget = s.via != viaNothing && s.via != viaEmptyHeader
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
	s.edits.clearAll()
}

// Discard forgets all changes of this request that are not saved yet, a sticky error too, so that
// an error page can be shown with the session as it was; without it an answer of 500 saves like any
// other. A session that could not be loaded is loaded again at the next use.
func (s *Session) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed || s.m == nil {
		return
	}
	s.err, s.forget, s.told = nil, false, false
	if s.lives() && len(s.dropped) == 0 {
		s.reset()
		return
	}
	if s.kept != nil {
		kept := *s.kept
		s.state, s.answer.due = &kept, s.answer.saved
		return
	}
	s.loaded, s.state = false, nil // load again at the next use
}

// lives reports whether there is a session.
func (s *Session) lives() bool { return s.state != nil && s.found.State.Lives() }

// reset takes back everything that is not saved, but for sessions that are to be ended.
func (s *state) reset() {
	s.edits, s.signIn, s.renew = edits{bytes: -1, flashed: s.flashed}, nil, false
}

// drop leaves the session to be ended, and goes on with an empty one.
func (s *Session) drop() {
	switch s.found.State {
	case place.Live, place.Arriving, place.Unreadable:
		d := departed{in: s.in, found: s.found}
		if s.found.Shared { // elsewhere nobody else could pop the same
			d.popped, d.before = s.popped(s.found.Record.Version)
		}
		s.dropped = append(s.dropped, d)
	}
	s.reset()
	s.err, s.forget = nil, false
	s.found = place.Found{}
}

// open makes room for what is found and changed.
func (s *Session) open() {
	if s.state == nil {
		s.state = &state{edits: edits{bytes: -1}}
	}
}

// id names the record for events, zero if there is none.
func (s *Session) id() ID {
	if s.state == nil {
		return ID{}
	}
	return s.found.Record.ID
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

// client returns what lists show of the one who holds the session.
func (s *Session) client() (addr, userAgent string) {
	return clip(s.m.cfg.ClientAddr(s.r), maxAddr), clip(s.r.UserAgent(), maxUserAgent)
}

// visitor is a Session for the place that it is opened in.
type visitor Session

// Client implements place.Visitor.
func (v *visitor) Client() (addr, userAgent string) { return (*Session)(v).client() }

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
