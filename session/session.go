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

// Session is what one request sees and changes of its session. It is loaded at the first use, and saved with the first
// byte of the answer. Get one with From.
//
// Errors are sticky, as in bufio.Writer: after the first one every call does nothing, Err tells it, and the answer becomes
// an error page instead of what the handler writes, so that a handler need not check. A Session is safe for concurrent use
// by the goroutines of its request. Once the answer has begun, and after the request, what was loaded before can still be
// read; everything else is ErrCommitted.
type Session struct {
	m *Manager
	r *http.Request // as the middleware got it: callbacks and stores that see its context cannot get here and deadlock
	w *responseWriter

	mu        sync.Mutex
	loaded    bool
	committed bool
	err       error     // sticky: the first thing that went wrong
	withheld  error     // why the answer was withheld
	deadline  time.Time // the latest one of the contexts through which From was called, other than the request's own

	key      sessionKey // valid while found
	keyIndex int        // the key of the ring that signed the cookie
	found    bool       // rec is the session's live record
	rec      Record
	broken   ID // the record of the request's key, when its values cannot be read; else zero
	// superseded is the record that the request's key opened before it was renewed. Such a key is good for one thing: a
	// sign-out that was under way during the renewal must not leave the session alive behind the back of its owner.
	superseded ID

	sent    bool       // the request carried a session cookie, of whatever worth
	known   bool       // the request's key opened a record: the answer identifies somebody
	dropped []departed // records to delete at the commit: signed out, or another subject's
	forget  bool       // signed out: the browser is to forget its cookie

	clear   bool // the values of rec count as absent
	changes []change
	bytes   int // the size of what this request sees, -1 for not known
	signIn  *SignIn
	renew   bool

	due   *http.Cookie // the cookie that the answer carries
	taken bool         // the caller of TakeCookie sends it
}

// departed is a record that this request leaves behind.
type departed struct {
	id     ID
	digest Digest
	popped Patch // removes the values that were popped, if there are any
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

// From gives the request's session. Without the middleware it gives a session that is empty and keeps nothing, whose Err
// is ErrNoMiddleware: nobody is signed in by mistake.
func From(ctx context.Context) *Session {
	s, ok := ctx.Value(contextKey{}).(*Session)
	if !ok {
		return &Session{err: ErrNoMiddleware, loaded: true}
	}
	if deadline, ok := ctx.Deadline(); ok {
		s.reached(deadline)
	}
	return s
}

// reached notes the deadline of a context through which the session was reached, if it is not that of the whole request;
// see Session.cutShort.
func (s *Session) reached(deadline time.Time) {
	if own, ok := s.r.Context().Deadline(); ok && !deadline.Before(own) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if deadline.After(s.deadline) {
		s.deadline = deadline
	}
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
	if !s.load() || !s.found {
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
	case !s.load():
	case s.signIn != nil:
		return s.signIn.SignedIn
	case s.found && s.rec.Subject != "":
		return s.rec.SignedIn
	}
	return time.Time{}
}

// SignIn makes subject, any text that names one person to the program, the one who is signed in. The session gets a new
// key, so that one planted or overheard before is worthless (ASVS 7.2.4), and its lifetime starts anew. What a stranger's
// session held stays; what another subject's held does not.
func (s *Session) SignIn(subject string) { s.signInAs(subject, false) }

// SignInRemembered is SignIn for somebody who asked to be kept signed in: Config.Remembered applies.
func (s *Session) SignInRemembered(subject string) { s.signInAs(subject, true) }

func (s *Session) signInAs(subject string, remember bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable() {
		return
	}
	if subject == "" || len(subject) > 255 || !utf8.ValidString(subject) {
		s.failLocked(fmt.Errorf("session: sign in: not a usable subject: %.32q", subject))
		return
	}
	if (s.found && s.rec.Subject != "" && s.rec.Subject != subject) || s.broken != (ID{}) {
		s.drop()
	}
	now, life := s.m.now(), s.m.cfg.Lifetime
	if remember {
		life = s.m.cfg.Remembered
	}
	s.signIn = &SignIn{
		Subject: subject, SignedIn: now,
		Expires: now.Add(life.Idle), Deadline: now.Add(life.Absolute), Idle: life.Idle, Persist: remember,
		Addr: clip(s.m.cfg.ClientAddr(s.r), 64), UserAgent: clip(s.r.UserAgent(), 256),
	}
}

// SignOut ends the session: with the first byte of the answer its record is deleted and its key is worth nothing on any
// node, even if the key was renewed while the request was under way; and the browser is told to forget its cookie. What is set or flashed afterwards begins a new session.
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

// Discard forgets all changes of this request that are not saved yet, a sticky error too, so that an error page can be
// shown with the session as it was. A session that could not be loaded is loaded again at the next use.
func (s *Session) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed || s.m == nil {
		return
	}
	s.reset()
	if len(s.dropped) > 0 || !s.found {
		s.loaded, s.found, s.rec, s.broken, s.superseded = false, false, Record{}, ID{}, ID{} // load again at the next use
	}
	s.dropped = nil
}

// reset takes back everything that is not saved, but for records that are to be deleted.
func (s *Session) reset() {
	s.err, s.clear, s.changes, s.bytes, s.signIn, s.renew, s.forget = nil, false, nil, -1, nil, false, false
}

// drop leaves the loaded record to be deleted and goes on with an empty session.
func (s *Session) drop() {
	if s.found {
		s.dropped = append(s.dropped, departed{s.rec.ID, s.rec.Digest, s.popped()})
	} else if s.broken != (ID{}) {
		s.dropped = append(s.dropped, departed{id: s.broken})
	}
	s.reset()
	s.found, s.rec, s.broken = false, Record{}, ID{}
}

// writable reports whether the session can still be changed, after loading it.
func (s *Session) writable() bool {
	if s.committed && s.err == nil {
		s.err = ErrCommitted
	}
	return s.load()
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
	s.observe(EventUnreadable, s.rec.ID, fmt.Errorf("session: value of %q: %w", key, err))
}

// observe tells of an event. The context it passes does not lead to this session, whose lock is held.
func (s *Session) observe(kind EventKind, id ID, err error) {
	s.m.cfg.Observe(s.r.Context(), Event{Kind: kind, ID: id, Err: err})
}

// clip makes text from a client fit to be stored and shown.
func clip(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}
