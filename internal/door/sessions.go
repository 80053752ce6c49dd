package door

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// NewFor is how long a device is shown as a new one.
const NewFor = 24 * time.Hour

// SessionInfo is one session of a developer as they, and admins, see it.
type SessionInfo struct {
	ID        string // of its record: it opens nothing
	Device    string // browser and system in words
	Name      string // what its owner calls the device; "" for nothing
	UserAgent string // as it was sent: anything
	Addr      string
	SignedIn  time.Time
	LastSeen  time.Time // right to a minute
	Expires   time.Time // when it ends if it is not used
	FirstSeen time.Time // when the device signed in for the first time; zero where that is not known
	Current   bool      // it is the visitor's own
	New       bool      // the device was first seen within NewFor and has no name; never set for the visitor's own
	Known     bool      // the device is known, so that it can be given a name
}

// Called is what people know the device by: its name, else browser and system.
func (s SessionInfo) Called() string { return cmp.Or(s.Name, s.Device) }

// signIn is the session as the sign-in that it began with.
func (s SessionInfo) signIn() account.SignIn {
	return account.SignIn{
		Session: s.ID, Name: s.Name, UserAgent: s.UserAgent, Addr: s.Addr,
		Began: s.SignedIn, LastSeen: s.LastSeen, Until: s.Expires,
	}
}

// Sessions lists where a developer is signed in: the visitor's own session first, then by last use.
// A member sees their own. What another program that shares the cookie began is listed once it was
// used here.
//
// Faults: NotFound, Forbidden, Busy.
func (d *Door) Sessions(ctx context.Context, v *Visit, target string) ([]SessionInfo, error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return nil, err
	}
	return d.sessionsOf(ctx, dev)
}

// sessionsOf asks two questions, however many sessions there are.
func (d *Door) sessionsOf(ctx context.Context, dev account.Developer) ([]SessionInfo, error) {
	found, err := d.sessions.List(ctx, dev.ID)
	if err != nil {
		return nil, unavailable(err)
	}
	devices, err := d.devices.List(ctx, dev.ID)
	if err != nil {
		return nil, unavailable(err)
	}
	by := make(map[string]account.Device, len(devices))
	for _, row := range devices {
		if row.Session != "" {
			by[row.Session] = row
		}
	}
	found = atHome(found)
	list := make([]SessionInfo, len(found))
	for i, s := range found {
		list[i] = d.show(s, by[s.ID.String()])
	}
	slices.SortStableFunc(list, func(a, b SessionInfo) int {
		switch {
		case a.Current == b.Current:
			return 0
		case a.Current:
			return -1
		}
		return 1
	})
	return list, nil
}

// atHome leaves out the sessions that others have issued: to people these are one and the same, in
// one browser, under several hosts.
func atHome(list []session.Info) []session.Info {
	return slices.DeleteFunc(list, func(s session.Info) bool { return s.Parent != (session.ID{}) })
}

// withIssued is a session and those that it has issued.
func (d *Door) withIssued(ctx context.Context, owner string, id session.ID) []session.ID {
	ids := []session.ID{id}
	list, err := d.sessions.List(ctx, owner)
	if err != nil { // they come back by themselves
		return ids
	}
	for _, s := range list {
		if s.Parent == id {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// show tells of a session, and of the device that began it, the zero Device where that is not known.
func (d *Door) show(s session.Info, row account.Device) SessionInfo {
	out := SessionInfo{
		ID: s.ID.String(), Device: d.agents.Of(s.UserAgent), Name: row.Name, Known: row.ID != "", UserAgent: s.UserAgent, Addr: s.Addr,
		SignedIn: s.SignedIn, LastSeen: s.LastSeen, Expires: s.Expires, FirstSeen: row.FirstSeen, Current: s.Current,
	}
	if out.SignedIn.IsZero() {
		out.SignedIn = s.Created
	}
	if s.Current { // right now, of which the store hears within a minute
		out.LastSeen = d.now()
	}
	out.New = !s.Current && row.ID != "" && row.Name == "" && d.now().Sub(row.FirstSeen) < NewFor
	return out
}

// EndSession ends one session of a developer, under all hosts, from their next request on, and tells
// which one it was. The visitor's own signs them out.
//
// Faults: NotFound (also of a session that has ended), Forbidden, Busy.
func (d *Door) EndSession(ctx context.Context, v *Visit, target, id string) (SessionInfo, error) {
	dev, one, err := d.oneSession(ctx, v, target, id)
	if err != nil {
		return one, err
	}
	if one.Current {
		return one, d.SignOut(ctx, v)
	}
	return one, d.endOne(ctx, v, dev, one, book.ActionSessionEnded, v.endedBy(dev.ID))
}

// DisownSession ends a session of the visitor's account that is not theirs, forgets the device that
// has begun it, and lets the book tell of it. The visitor's own session is none of these.
//
// Faults: NotFound, Forbidden, Busy.
func (d *Door) DisownSession(ctx context.Context, v *Visit, id string) (SessionInfo, error) {
	dev, one, err := d.oneSession(ctx, v, v.Developer.ID, id)
	if err != nil {
		return one, err
	}
	if one.Current {
		return one, fault.New(fault.Conflict, "This is the session in which you are reading this.")
	}
	if err := d.endOne(ctx, v, dev, one, book.ActionSessionDisowned, account.Disowned); err != nil {
		return one, err
	}
	d.forgetDevice(ctx, dev.ID, one.ID)
	return one, nil
}

// NameSession gives a name to the device of a session of the visitor's account, so that they know
// it again; "" takes the name away. A device that has a name is no new one.
//
// Faults: NotFound, Invalid with the field name, Conflict for a session whose device is not known,
// Busy.
func (d *Door) NameSession(ctx context.Context, v *Visit, id, name string) (SessionInfo, error) {
	name, err := account.CheckDeviceName(name)
	if err != nil {
		return SessionInfo{}, err
	}
	dev, one, err := d.oneSession(ctx, v, v.Developer.ID, id)
	if err != nil {
		return one, err
	}
	if err := d.accounts.Confirm(ctx, v.actor(account.Member)); err != nil {
		return one, d.refused(ctx, v, translate(err), dev)
	}
	switch _, err := d.devices.Rename(ctx, dev.ID, one.ID, name); {
	case errors.Is(err, account.ErrNotFound):
		return one, fault.New(fault.Conflict, "This device cannot be given a name: it is known only from its next sign-in on.")
	case err != nil:
		return one, unavailable(err)
	}
	if name != one.Name {
		d.noteOf(ctx, v, book.ActionDeviceNamed, dev, one.Called()+book.Became+cmp.Or(name, one.Device))
	}
	one.Name, one.New = name, false
	return one, nil
}

// oneSession finds a session among those of a developer.
func (d *Door) oneSession(ctx context.Context, v *Visit, target, id string) (
	dev account.Developer, one SessionInfo, err error,
) {
	if dev, err = d.reach(ctx, v, target); err != nil {
		return dev, one, err
	}
	if err = d.asPerson(ctx, v, dev); err != nil {
		return dev, one, err
	}
	list, err := d.sessionsOf(ctx, dev)
	if err != nil {
		return dev, one, err
	}
	i := slices.IndexFunc(list, func(s SessionInfo) bool { return s.ID == id })
	if i < 0 {
		return dev, one, noSession()
	}
	return dev, list[i], nil
}

func noSession() error {
	return fault.New(fault.NotFound, "There is no such session. It may have ended already.")
}

// endOne ends a session that is not the visitor's own. Whoever lost the right to, since they were
// let in, ends none: they are looked at right before, for sessions are stored apart from accounts.
func (d *Door) endOne(
	ctx context.Context, v *Visit, dev account.Developer, one SessionInfo, action book.Action, why account.Ending,
) error {
	sid, err := session.ParseID(one.ID)
	if err != nil {
		return noSession()
	}
	if err := d.accounts.Confirm(ctx, v.actor(v.over(dev.ID))); err != nil {
		return d.refused(ctx, v, translate(err), dev)
	}
	err = d.sessions.End(context.WithoutCancel(ctx), dev.ID, sid)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return noSession()
	case err != nil:
		return unavailable(err)
	}
	d.noteOf(ctx, v, action, dev, one.Device+", session "+shortName(sid))
	d.noteEnds(ctx, v, dev.ID, why, one.signIn())
	return nil
}

// forgetDevice makes the device that has begun a session a new browser again.
func (d *Door) forgetDevice(ctx context.Context, owner, session string) {
	devices, err := d.devices.List(ctx, owner)
	if err != nil {
		d.log.Warn("a device that is somebody else's was not forgotten", "error", err)
		return
	}
	others := make([]string, 0, len(devices))
	for _, row := range devices {
		if row.Session != session {
			others = append(others, row.ID)
		}
	}
	if len(others) < len(devices) {
		d.endDevices(ctx, owner, others...)
	}
}

// EndSessions says which sessions of a developer are to end.
type EndSessions struct {
	All             bool   // the visitor's own too
	CurrentPassword string // of the visitor, where MustProve says so
}

// EndSessions ends all sessions of a developer, and gives how many; of the visitor themselves all but
// the one they are in, under whichever host, unless that is asked for too.
//
// Faults: NotFound, Forbidden, Invalid with the field current_password, Throttled, Busy.
func (d *Door) EndSessions(ctx context.Context, v *Visit, target string, in EndSessions) (int, error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return 0, err
	}
	if err := d.asPerson(ctx, v, dev); err != nil {
		return 0, err
	}
	if err := d.proveFresh(ctx, v, in.CurrentPassword); err != nil {
		return 0, err
	}
	if err := d.accounts.Confirm(ctx, v.actor(v.over(target))); err != nil {
		return 0, d.refused(ctx, v, translate(err), dev)
	}
	own := dev.ID == v.Developer.ID
	if !own || in.All {
		n, err := d.endAll(ctx, v, dev, v.endedBy(dev.ID))
		if err == nil && own {
			v.Session.SignOut() // which takes the cookie back
		}
		return n, err
	}
	mine, _ := v.Session.ID()
	return d.endAll(ctx, v, dev, v.endedBy(dev.ID), d.withIssued(ctx, dev.ID, mine)...)
}

// WhoHas finds the developer who has an e-mail address. It is for the command line: to others that
// would tell who has an account.
func (d *Door) WhoHas(ctx context.Context, email string) (account.Developer, error) {
	key, err := account.CanonicalEmail(email)
	if err != nil {
		return account.Developer{}, err
	}
	dev, err := d.accounts.ByEmail(ctx, key)
	if err != nil {
		return dev, translate(err)
	}
	return dev, nil
}
