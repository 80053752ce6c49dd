package door

import (
	"context"
	"slices"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/session"
)

// MostEnded is how many ended sessions History gives.
const MostEnded = 50

// EndedSession is one session of a developer that is over.
type EndedSession struct {
	account.SignIn
	DeviceWords string // browser and system in words
	At          time.Time
	Reason      account.Ending
}

// History is where a developer is, and was, signed in.
type History struct {
	Live  []SessionInfo
	Ended []EndedSession // in the last 30 days, the latest end first, MostEnded at most
	More  bool           // there are others before those
}

// History lists a developer's sessions, as Sessions does, and those that have ended. It asks three
// questions, however many there are.
//
// Faults: NotFound, Forbidden, Busy.
func (d *Door) History(ctx context.Context, v *Visit, target string) (h History, err error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return h, err
	}
	h.Live, err = d.sessionsOf(ctx, dev)
	if err != nil {
		return h, err
	}
	// One that lives may be over by what was last written down of its use.
	now := d.now()
	list, err := d.signIns.Over(ctx, dev.ID, now.Add(-account.SignInsKept), now, MostEnded+len(h.Live)+1)
	if err != nil {
		return h, unavailable(err)
	}
	for _, s := range list {
		switch {
		case slices.ContainsFunc(h.Live, func(live SessionInfo) bool { return live.ID == s.Session }):
		case len(h.Ended) == MostEnded:
			h.More = true
			return h, nil
		default:
			h.Ended = append(h.Ended, EndedSession{
				SignIn: s, DeviceWords: d.agents.Of(s.UserAgent), At: s.Over(), Reason: s.Reason(),
			})
		}
	}
	return h, nil
}

// begun is the sign-in of a visit as it is remembered.
func (d *Door) begun(v *Visit, in arrival, row account.Device) account.SignIn {
	now := d.now()
	idle, most := d.stay.limits(in.remember)
	return account.SignIn{
		Session: row.Session, Account: in.who.ID, Device: row.ID, Name: row.Name, UserAgent: v.UserAgent, Addr: v.Addr,
		Method: in.method, Began: now, LastSeen: now, Idle: idle, Until: now.Add(most),
	}
}

// signInsOf are the sign-ins of live sessions, as far as the store of sessions knows them.
func signInsOf(live []session.Info) (list []account.SignIn) {
	for _, s := range live {
		one := account.SignIn{
			Session: s.ID.String(), UserAgent: s.UserAgent, Addr: s.Addr, Began: s.SignedIn, LastSeen: s.LastSeen, Until: s.Expires,
		}
		if one.Began.IsZero() {
			one.Began = s.Created
		}
		list = append(list, one)
	}
	return list
}

// noteOwnEnd is noteEnds of the visitor's own session, which ends with this visit.
func (d *Door) noteOwnEnd(ctx context.Context, v *Visit, why account.Ending) {
	if own := d.own(v); own.Session != "" {
		d.noteEnds(ctx, v, v.Developer.ID, why, own)
	}
}

// own is the visitor's session as the sign-in that it began with.
func (d *Door) own(v *Visit) account.SignIn {
	now := d.now()
	return account.SignIn{
		Session: recordID(v.Session), UserAgent: v.UserAgent, Addr: v.Addr, Began: v.Session.SignedInSince(), LastSeen: now, Until: now,
	}
}

// noteLeft tells that somebody else was signed in here, by that session, until now.
func (d *Door) noteLeft(ctx context.Context, v *Visit, was account.Developer, own account.SignIn) {
	is := v.Developer
	v.Developer = was
	d.note(ctx, v, book.ActionSignOut, was.ID, "")
	if own.Session != "" {
		d.noteEnds(ctx, v, was.ID, account.SignedOut, own)
	}
	v.Developer, v.SessionID = is, ""
}

// noteEnds remembers why sessions of an account have ended, and by whom. It is the only place where
// that is done, and whoever ends sessions calls it. They have ended whether that succeeds or not:
// one of which it is not known ends by itself when its time comes.
func (d *Door) noteEnds(ctx context.Context, v *Visit, owner string, why account.Ending, list ...account.SignIn) {
	now := d.now()
	for i := range list {
		s := &list[i]
		s.Account, s.Ended, s.Why, s.By, s.ByName = owner, now, why, v.Developer.ID, v.Developer.Name
		if why == account.EndedElsewhere && s.Session == recordID(v.Session) {
			s.Why = account.SignedOut // who ends the session that they are in
		}
		if v.program {
			s.ByName = book.CommandLine
		}
	}
	if err := d.signIns.End(context.WithoutCancel(ctx), list); err != nil {
		d.log.Warn("why sessions have ended was not kept", "error", err)
	}
}

// endedBy says why sessions end that somebody ends: their owner, or somebody who looks after the
// accounts.
func (v *Visit) endedBy(owner string) account.Ending {
	if v.Developer.ID == owner {
		return account.EndedElsewhere
	}
	return account.EndedByAdmin
}
