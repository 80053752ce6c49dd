package door

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// Another host of the site has a cookie of its own, for none is shared over a domain. Behind it
// stands a session that the one at home has issued, so that they end together. Its key comes there
// in a code, by way of the browser:
//
//	at the other host  a nonce is set as a cookie, and an ask is made (SignAsk)
//	at home            HandOver issues the session, and seals its key into the code
//	at the other host  Arrive opens the code, and gives the session a new key
//
// The code is good once, on whatever node, since its key opens nothing after that; for codeTime; at
// the host that it was made for; and in the browser that has asked, by the nonce. An issued session
// whose code was never used says of no host that it is for it, and so is nobody's.

// codeTime is how long a code is good for: the time of one redirect.
const codeTime = 30 * time.Second

// maxCode is the longest code that is read: a way back of 2 KiB, and what is beside it, sealed.
const maxCode = 4096

// mostIssued is how many sessions for other hosts one at home may have. Codes that are never used
// count, too.
const mostIssued = 24

// hostOf is the host that an issued session is for. One at home has none.
const hostOf session.Key[string] = "host"

// issuedBy is the id of the session at home that an issued one ends with.
const issuedBy session.Key[string] = "issued_by"

// code is what is sealed in one.
type code struct {
	Key     string `json:"k"` // of the issued session
	Account string `json:"a"`
	Home    string `json:"p"` // the session at home
	Epoch   int64  `json:"e"`
	Proved  int64  `json:"v"` // see proved; 0 for never
	asked
}

// HandOver lets the browser of whoever is signed in at home in under the host of the ask, by a code
// that it takes there.
//
// Faults: Unauthorized, Forbidden (a token; under another host), Conflict (where another program
// shares the session), Busy.
func (d *Door) HandOver(ctx context.Context, v *Visit, to Ask) (text string, err error) {
	switch {
	case !v.SignedIn():
		return "", fault.New(fault.Unauthorized, "Please sign in.")
	case v.Host != "":
		return "", d.forbid(ctx, v, v.Developer)
	case d.shared:
		return "", handsOverNothing(nil)
	}
	if err := d.asPerson(ctx, v, v.Developer); err != nil {
		return "", err
	}
	key, issued, err := v.Session.Issue(ctx)
	switch {
	case errors.Is(err, session.ErrUnsupported):
		return "", handsOverNothing(err)
	case err != nil:
		return "", unavailable(err)
	}
	own, _ := v.Session.ID()
	d.trimIssued(ctx, v.Developer.ID, own, issued)
	c := code{
		Key: key, Account: v.Developer.ID, Home: own.String(), Epoch: v.Developer.Epoch,
		asked: asked{Host: to.Host, Nonce: to.Nonce, Back: to.Back, Returns: to.Returns, At: d.now().Unix()},
	}
	c.Proved, _ = proved.Get(v.Session)
	d.noteOf(ctx, v, book.ActionHandedOver, v.Developer, to.Host)
	return base64.RawURLEncoding.EncodeToString(d.codes.Seal(compact(c))), nil
}

func handsOverNothing(cause error) error {
	return fault.Wrap(fault.Conflict, "Sessions of this site are good under one host alone.", cause)
}

// trimIssued ends what a session has issued beyond mostIssued, the longest unused first and never the
// latest. A browser that keeps no cookies at the other host leaves one behind with each try.
func (d *Door) trimIssued(ctx context.Context, owner string, by, latest session.ID) {
	list, err := d.sessions.List(ctx, owner) // the latest used first
	if err != nil {
		d.log.Warn("sessions for other hosts were not counted", "error", err)
		return
	}
	issued := 1
	for _, s := range list {
		if s.Parent != by || s.ID == latest {
			continue
		}
		if issued++; issued <= mostIssued {
			continue
		}
		if err := d.sessions.End(context.WithoutCancel(ctx), owner, s.ID); err != nil {
			d.log.Warn("a session for another host was not ended", "error", err)
		}
	}
}

// Arrival is what a code came to.
type Arrival struct {
	Session *session.Session // for the cookie (Session.TakeCookie); nil if nobody was let in
	Back    string           // the page that the browser wanted; "" where that is not known
	Returns int              // how often the browser has come back before
}

// Arrive lets a browser in under the host of the visit, by a code and the nonce that it keeps there.
// What it was let in by before at this host ends. With a code that lets nobody in the Arrival says
// whither the browser was on its way, if that is known.
//
// Faults: NotFound, Busy.
func (d *Door) Arrive(ctx context.Context, v *Visit, text string, nonce []byte) (a Arrival, err error) {
	c, ok := d.openCode(text)
	if !ok {
		return a, d.notArrived(ctx, v, "none of ours")
	}
	if v.Host == "" || c.Host != v.Host {
		return a, d.notArrived(ctx, v, "made for "+c.Host)
	}
	a.Back, a.Returns = c.Back, c.Returns
	s := d.sessions.Open(ctx, c.Key)
	switch why, err := d.overCode(s, c, nonce); {
	case err != nil:
		return a, err
	case why != "":
		return a, d.notArrived(ctx, v, why)
	}
	dev, err := d.accounts.ByID(ctx, c.Account)
	switch {
	case err != nil && !errors.Is(err, account.ErrNotFound):
		return a, unavailable(err)
	case err != nil || dev.State != account.Active || dev.Epoch != c.Epoch:
		return a, d.notArrived(ctx, v, "what was proved at its sign-in no longer holds")
	}
	switch err := settleIn(s, c); {
	case errors.Is(err, session.ErrEnded):
		return a, d.notArrived(ctx, v, "used twice at once, or its session has ended")
	case err != nil:
		return a, unavailable(err)
	}
	d.leaveIssued(ctx, v)
	a.Session = s
	v.Developer = dev
	d.nameSession(v, c.Home)
	d.noteOf(ctx, v, book.ActionArrived, dev, v.Host)
	return a, nil
}

// overCode says why a code lets nobody in any more, or not in this browser; "" while it does.
func (d *Door) overCode(s *session.Session, c code, nonce []byte) (why string, err error) {
	switch subject := s.Subject(); {
	case s.Err() != nil:
		return "", unavailable(s.Err())
	case subject != c.Account:
		return "used before, or its session has ended", nil
	case len(nonce) == 0 || NonceHash(nonce) != c.Nonce:
		return "by a browser that did not ask for it", nil
	case !d.within(c.At, codeTime):
		return "too late", nil
	}
	return "", nil
}

// openCode reads a code, and nothing that another purpose or another program has sealed.
func (d *Door) openCode(text string) (c code, ok bool) {
	raw, ok := unwrap(text, maxCode)
	if !ok {
		return c, false
	}
	if raw, ok = d.codes.Open(raw); !ok {
		return c, false
	}
	return c, json.Unmarshal(raw, &c) == nil && c.Host != "" && c.Key != "" && c.Account != "" && c.Home != ""
}

// settleIn makes an issued session one of its host, under a key that nobody has seen. Of two who try
// at once one succeeds.
func settleIn(s *session.Session, c code) error {
	s.Renew()
	hostOf.Set(s, c.Host)
	issuedBy.Set(s, c.Home)
	epoch.Set(s, c.Epoch)
	epochOf.Set(s, c.Account)
	if c.Proved != 0 {
		proved.Set(s, c.Proved)
	}
	return s.Save()
}

// leaveIssued ends what the browser was let in by before at this host. One that cannot be ended now
// ends with the session that has issued it.
func (d *Door) leaveIssued(ctx context.Context, v *Visit) {
	id, ok := v.Session.ID()
	if !ok || !v.SignedIn() || v.Session.Subject() != v.Developer.ID {
		return
	}
	if err := d.sessions.End(context.WithoutCancel(ctx), v.Developer.ID, id); err != nil {
		d.log.Warn("the session before this one was not ended", "error", err)
	}
}

// notArrived writes down that a code let nobody in, which its reader is not told the reason of.
func (d *Door) notArrived(ctx context.Context, v *Visit, why string) error {
	d.note(ctx, v, book.ActionHandOverRefused, "", why)
	return fault.New(fault.NotFound, "This way in was used already, or took too long.")
}

// misplaced ends a session that is used under another host than its own, and reports whether it is
// one: somebody has carried its key there.
func (d *Door) misplaced(ctx context.Context, v *Visit, dev account.Developer) bool {
	is, _ := hostOf.Get(v.Session)
	if is == v.Host {
		return false
	}
	called := func(host string) string {
		if host == "" {
			return "the host where people sign in"
		}
		return host
	}
	d.noteOf(ctx, v, book.ActionSessionMisplaced, dev, "that of "+called(is)+" came to "+called(v.Host))
	v.Session.SignOut()
	return true
}

// nameSession names the visit's session in the book, and notes its use: by the one at home, which is
// what people see in lists.
func (d *Door) nameSession(v *Visit, home string) {
	id, err := session.ParseID(home)
	if err != nil {
		return
	}
	v.SessionID = shortName(id)
	d.seen.note(id, d.now())
}

// endHome ends the session that has issued the visitor's, and with it all that it has issued.
func (d *Door) endHome(ctx context.Context, v *Visit, home string) error {
	id, err := session.ParseID(home)
	if err == nil {
		err = d.sessions.End(context.WithoutCancel(ctx), v.Developer.ID, id)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) { // it has just ended
		return unavailable(err)
	}
	now := d.now()
	d.noteEnds(ctx, v, v.Developer.ID, account.SignedOut, account.SignIn{
		Session: home, UserAgent: v.UserAgent, Addr: v.Addr, Began: v.Session.SignedInSince(), LastSeen: now, Until: now,
	})
	return nil
}
