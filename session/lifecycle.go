package session

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// What becomes of a session in one request, in this order:
//
//	load     finds it, at the first use
//	writable comes before each change, which stands in state until it is saved
//	commit   saves it, before the first byte of the answer: save
//	           ends what is left behind, and takes out what was popped from it,
//	           writes or makes the session, or notes the use,
//	           and makes the cookie
//
// Where the session is only its place knows. A change that comes too late is told by the place: it
// is made under the key that the browser sent, and meets store.ErrNotFound if that is no longer the
// session's. Nobody asks before, so nothing can come in between.

// load finds the request's session at its first use. It reports false if the session is unusable.
func (s *Session) load() bool {
	switch {
	case s.loaded:
		return s.err == nil
	case s.err != nil:
		return false
	case s.committed:
		s.err = ErrCommitted
		s.tooLate(EventLoadFailed, &s.m.mistakes.read, readTooLate)
		return false
	}
	s.loaded, s.asked = true, true
	k := s.m.keyed.Load()
	s.in = &k.home
	value, duplicate := s.presented()
	if s.via == viaNothing || s.via == viaEmptyHeader {
		return true
	}
	s.err = errAborted // until it is known better: a store or a callback may panic
	switch {
	case duplicate:
		if s.via != viaHeader {
			s.via = viaSeveral
		}
		s.observe(EventUnreadable, ID{}, errDuplicate)
	case !s.recognise(k, value):
		s.observe(EventUnreadable, ID{}, place.ErrForeign)
	}
	if errors.Is(s.err, errAborted) {
		s.err = nil
	}
	return s.err == nil
}

// presented returns what the request wants to be recognised by.
func (s *Session) presented() (value string, duplicate bool) {
	if key, opened := s.openedWith(); opened {
		if key != "" {
			s.via = viaHeader
		}
		return key, false
	}
	if name := s.m.cfg.Header; name != "" {
		if lines := s.r.Header[name]; len(lines) > 0 {
			value = lines[0]
			if n := len("Bearer "); len(value) >= n && strings.EqualFold(value[:n], "Bearer ") {
				value = value[n:]
			}
			if s.via = viaHeader; value == "" && len(lines) == 1 {
				s.via = viaEmptyHeader
			}
			return value, len(lines) > 1
		}
	}
	name, before := s.m.cfg.Home.Cookie.Name, s.m.cfg.Old.Cookie.Name
	if value, duplicate = findCookie(s.r.Header, name); value != "" || duplicate {
		s.via = viaCookie
	} else if name != before {
		if value, duplicate = findCookie(s.r.Header, before); value != "" || duplicate {
			s.via = viaOldCookie
		}
	}
	return value, duplicate
}

// recognise finds the session of a cookie's value, in the place of today or as it came before. It
// reports false for one that is not of ours, which costs no visit to a store.
func (s *Session) recognise(k *keyed, value string) bool {
	oneName := s.m.cfg.Home.Cookie.Name == s.m.cfg.Old.Cookie.Name
	switch {
	case s.via != viaOldCookie && s.openIn(&k.home, value):
		return true
	case k.old == nil, s.via == viaCookie && !oneName:
		return false
	}
	return s.openIn(k.old, value)
}

// openIn opens a session in a place, which then is the session's. It reports false if the value is
// not of that place.
func (s *Session) openIn(e *entrance, value string) bool {
	// It does not stop when the client hangs up: what the handler goes on to write belongs to this
	// session.
	ctx, cancel := s.saveContext()
	f, err := e.place.Open(ctx, value, (*visitor)(s))
	cancel()
	if errors.Is(err, place.ErrForeign) {
		return false
	}
	s.in = e
	s.open()
	s.tellOpened(&f)
	switch {
	case errors.Is(err, store.ErrUnreadable):
		s.observe(EventUnreadable, f.Record.ID, err)
	case err != nil:
		s.loadFailed(f.Record.ID, err)
		return true
	case f.State == place.Ended:
		s.forget = f.Forget && s.via != viaOldCookie && reads(s.r) && wantsPage(s.r)
	case f.State == place.Orphaned:
		s.endQuietly(f.Record.ID)
	case f.State.Lives() && !s.valid(&f):
		return true
	}
	if s.known = f.State.Lives() || f.State == place.Unreadable; s.known || f.State == place.Superseded {
		s.found, s.at = f, s.m.now().UnixMilli()
	}
	if f.State == place.Superseded {
		s.superseded = f.Record.ID
	}
	return true
}

var (
	errLoad      = errors.New("session: load")
	errDuplicate = errors.New("session: the session's cookie came more than once, with different values, so it counts as none")
)

func (s *Session) loadFailed(id ID, err error) {
	s.observe(EventLoadFailed, id, err)
	s.err = fmt.Errorf("%w: %w", errLoad, err)
}

// writable reports whether the session can still be changed, after loading it.
func (s *Session) writable() bool {
	if s.m == nil {
		panic("session: changed in a request that did not pass through Manager.Handler:" + wrapIt)
	}
	if s.committed && s.err == nil && s.loaded {
		s.err = ErrCommitted
		s.tooLate(EventSaveFailed, &s.m.mistakes.changed, changedTooLate)
	}
	if !s.load() {
		return false
	}
	s.open()
	return true
}

// commit saves what the request did and prepares the cookie that is due. It runs once, before the
// first byte of the answer; an error means that the handler's answer must not be sent.
func (s *Session) commit(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed {
		if s.withheld == errPanicked && status >= http.StatusInternalServerError {
			return nil // the error page of somebody who recovered outside, and kept the writer of inside
		}
		if s.withheld == nil { // a change after TakeCookie, or after a Hijack that failed
			s.withheld = s.err
		}
		return s.withheld
	}
	s.committed = true
	if s.cutShort(status) {
		s.abandon()
		return nil
	}
	s.withheld = errAborted // until it is known better: a store or a callback may panic
	failed := s.err
	if failed == nil && s.loaded {
		failed = s.save()
	}
	if failed != nil {
		s.answer.due = s.answer.saved
		if errors.Is(failed, ErrEnded) && s.opensAgain() {
			s.answer.due = s.in.cookie.removal()
		}
		if !s.told {
			s.tellFailure(failed)
		}
	}
	s.err, s.withheld = failed, failed
	return failed
}

var (
	errAborted  = errors.New("session: the request was aborted while its session was loaded or saved")
	errCutShort = errors.New("session: the handler was cut short, so nothing of its changes was saved")
	errPanicked = errors.New("session: the handler panicked before its answer began")
)

// opensAgain reports whether the browser's cookie would open once more what has just ended, and end
// the same way: the session is over, or a page was sent to its own address already and came back.
// Of one that was only renewed the browser may have the new cookie by now.
func (s *Session) opensAgain() bool {
	if s.state == nil || !s.found.Forget {
		return false
	}
	ctx, cancel := s.saveContext()
	defer cancel()
	_, err := s.in.place.Records().Load(ctx, s.found.Record.ID, s.m.now()) // whatever its key is by now
	return place.Gone(err) || reads(s.r) && wantsPage(s.r) && !s.sendsAgain()
}

// abandon forgets the changes of a handler that did not come to its end.
func (s *Session) abandon() {
	if s.changed() {
		s.observe(EventSaveFailed, s.id(), errCutShort)
	}
	if s.state != nil {
		s.reset()
		s.dropped = nil
	}
	s.err, s.forget = nil, false
}

// close ends the session of a request that never began its answer because its handler panicked.
// Nothing is saved.
func (s *Session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer.due = s.answer.saved
	if !s.committed {
		s.committed, s.withheld = true, errPanicked
	}
}

// changed reports whether there is anything to save but the time.
func (s *Session) changed() bool {
	return s.state != nil && (s.edits.any() || s.signIn != nil || s.renew || len(s.dropped) > 0)
}

// save does what is left to do, and makes the cookie that is due.
func (s *Session) save() error {
	if s.state == nil {
		return nil
	}
	if s.answer.bare && s.found.Urgency < place.Needed {
		s.found.Urgency = place.Fresh // another answer puts it in order
	}
	if do := s.todo(); do != doNothing || s.forget || len(s.dropped) > 0 {
		return s.carryOut(do, s.m.now())
	}
	return nil
}

func (s *Session) carryOut(do deed, now time.Time) (err error) {
	if do == saveChanges && s.renewedJustNow(now) {
		s.observe(EventRevived, s.found.Record.ID, store.ErrNotFound)
		return ErrEnded
	}
	ctx, cancel := s.saveContext()
	defer cancel()
	s.in = s.m.keyed.Load().again(s.in)
	if !s.lives() {
		s.begin(now)
	}
	if len(s.dropped) > 0 {
		err = s.endDropped(ctx, do == saveChanges, now)
	}
	switch {
	case err != nil:
		return err
	case do == saveChanges:
		err = s.write(ctx, now)
	case do == noteUse && !s.use(ctx, now):
		return nil
	}
	if err != nil {
		return err
	}
	s.useParent(ctx, now)
	return s.setDue(now)
}

// renewedJustNow reports whether the request came with the key of before a renewal that may be ten
// seconds old at most. A stranger's cookie in its answer would replace the new one, which the
// browser may have got meanwhile. After that it may begin anew: the answer with the new key got
// lost.
func (s *Session) renewedJustNow(now time.Time) bool {
	const grace = 10 * time.Second
	return s.found.State == place.Superseded && s.signIn == nil && now.Sub(s.found.Record.LastSeen) < grace
}

// deed is what is due to be done to a session.
type deed int

const (
	doNothing  deed = iota
	sendCookie      // that says what was done before
	noteUse
	saveChanges
)

// todo is what is left to do. A stranger who stores nothing costs no record and gets no cookie.
func (s *Session) todo() deed {
	switch {
	case s.signIn != nil, s.sets():
		return saveChanges
	case !s.lives():
		return doNothing
	case s.edits.any(), s.renew:
		return saveChanges
	case s.answer.bare && s.found.State == place.Arriving: // it can wait for another answer
		return doNothing
	case s.found.Urgency == place.Wanted, s.unused() >= s.touchEvery():
		return noteUse
	case s.found.Urgency == place.Needed:
		return sendCookie
	}
	return doNothing
}

// saveContext bounds a visit to the store that is carried out whether the client still waits or
// not.
func (s *Session) saveContext() (context.Context, context.CancelFunc) {
	return s.m.visit(s.r.Context())
}

// unused is for how long no use of the session was written down.
func (s *Session) unused() time.Duration {
	return time.Duration(s.at-s.found.Record.LastSeen.UnixMilli()) * time.Millisecond
}

// touchEvery is how often a use is written down: so often that neither the session's idle limit nor
// today's is missed.
func (s *Session) touchEvery() time.Duration {
	r := &s.found.Record
	return min(s.m.cfg.TouchEvery, r.Idle/4, s.m.lifetime(r.Persist).Idle/4)
}

// endDropped ends the sessions that this request left, once it is sure that what follows fits. What
// was popped from one must be this request's alone; but one whose key was renewed meanwhile ends all
// the same.
func (s *Session) endDropped(ctx context.Context, makes bool, now time.Time) error {
	if makes {
		if err := s.in.place.Fits(s.found, s.change(now)); err != nil {
			return fmt.Errorf("session: save: %w", err)
		}
	}
	var failed error // of several sessions each ends if it can
	for _, d := range s.dropped {
		if len(d.popped.Delete) > 0 {
			taken := s.take(ctx, d, now)
			failed = cmp.Or(failed, taken)
			if taken != nil && !errors.Is(taken, ErrEnded) {
				continue
			}
		}
		failed = cmp.Or(s.m.end(s.r.Context(), d.in.place.Records(), d.found.Record.ID), failed)
	}
	if failed != nil {
		return fmt.Errorf("session: save: %w", failed)
	}
	return nil
}

// take takes popped values out of a session that is about to be ended, unless another request was
// quicker.
func (s *Session) take(ctx context.Context, d departed, now time.Time) error {
	p := d.popped
	p.Now = now
	for try := 1; ; try++ {
		f, err := d.in.place.Write(ctx, d.found, place.Change{Patch: p})
		switch {
		case err == nil:
			return nil
		case place.Gone(err):
			return ErrEnded
		case !errors.Is(err, store.ErrConflict) || try >= maxTries:
			return err
		}
		f, err = d.in.place.Reload(ctx, f)
		switch {
		case place.Gone(err):
			return ErrEnded
		case err != nil:
			return err
		}
		for key, value := range d.before {
			if !bytes.Equal(f.Record.Values[key], value) {
				return fmt.Errorf("%w: %q was popped by this request and changed by another", store.ErrConflict, key)
			}
		}
		d.found, p.IfVersion = f, f.Record.Version
	}
}

// write saves the changes of this request, in a session that it makes if there is none.
func (s *Session) write(ctx context.Context, now time.Time) error {
	lived := s.lives()
	for try := 1; ; try++ {
		f, err := s.in.place.Write(ctx, s.found, s.change(now))
		if err == nil {
			s.settle(f)
			break
		}
		s.found = f
		if err = s.retry(ctx, err, try); errors.Is(err, ErrEnded) && s.standsAlone() {
			s.begin(now)
			if f, err = s.in.place.Write(ctx, s.found, s.change(now)); err == nil {
				s.settle(f)
				break
			}
		}
		if err != nil {
			return fmt.Errorf("session: save: %w", err)
		}
	}
	s.tellSaved(lived)
	return nil
}

// standsAlone reports whether a sign-in whose session was renewed or ended meanwhile, as by a double
// click, makes one of its own: it has proved who is there, so it goes on with what this request has
// set, and touches nothing of what came after the other (P14). Not if its proof was popped: that is
// good for one.
func (s *Session) standsAlone() bool {
	return s.signIn != nil && s.found.Record.Subject == "" && !s.pops()
}

// begin goes on with a session that is not there yet. Whatever cookie the browser brought, what begins
// begins at home.
func (s *Session) begin(now time.Time) {
	life := s.m.cfg.Lifetime
	r := store.Record{
		Created: now, LastSeen: now, Expires: now.Add(life.Idle), Deadline: now.Add(life.Absolute), Idle: life.Idle,
	}
	r.Addr, r.UserAgent = s.client()
	s.in, s.found = &s.m.keyed.Load().home, place.Found{Record: r}
}

// change is what this request did, on the session as it is known now.
func (s *Session) change(now time.Time) place.Change {
	c := place.Change{Patch: s.patch(s.found.Record.Version), Renew: s.signIn != nil || s.renew}
	c.Now, c.SignIn = now, s.signIn
	seen := place.Used(&s.found.Record, now)
	if s.signIn != nil {
		seen.Expires = s.signIn.Expires
	}
	c.Seen = &seen
	return c
}

// use notes that the session was used, and reports whether a cookie may be due after that. Reading
// must work while the store cannot write, so a failure is passed over; that the session ended
// meanwhile is what the next request learns.
func (s *Session) use(ctx context.Context, now time.Time) bool {
	f, err := s.in.place.Use(ctx, s.found, place.Used(&s.found.Record, now), now)
	switch {
	case err == nil:
		s.settle(f)
		return true
	case !place.Gone(err):
		s.observe(EventTouchFailed, s.found.Record.ID, err)
		return s.found.Urgency == place.Needed
	case s.found.Forget: // the old cookie would open it again
		s.answer.due, s.answer.needed = s.in.cookie.removal(), true
	}
	return false
}
