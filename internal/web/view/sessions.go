package view

import "time"

// SessionsPage is the page at /account/sessions.
type SessionsPage struct {
	Page
	Devices []Device      // this one first
	Ended   []EndedDevice // in the last 30 days, the latest end first
	More    bool          // there are others before those
	Now     time.Time     // what "2 hours ago" counts from

	Problems []Problem // field "name": with what was typed as the name
	Wrong    string    // of the device of this session
	Typed    string
}

// EndedDevice is where somebody was signed in: one session that is over.
type EndedDevice struct {
	Name     string // what its owner called it, else browser and system
	Browser  string
	Addr     string
	SignedIn time.Time
	LastSeen time.Time
	Ended    time.Time
	Why      string // "password changed by"
	By       string // whose name follows; "" for nobody's
}

// Device is where somebody is signed in: one session.
type Device struct {
	ID        string    // of the session: letters and digits
	Name      string    // what the reader calls it, else browser and system
	Given     string    // what the reader calls it; "" for nothing
	Browser   string    // browser and system in words
	Known     bool      // it can be given a name
	UserAgent string    // as it was sent
	Addr      string    //
	SignedIn  time.Time //
	LastSeen  time.Time //
	FirstSeen time.Time // when the device signed in for the first time; zero: not known
	Current   bool      // the reader's own
	New       bool      // first seen a short while ago: the page asks whether it was them
}

// EndSessionsPage is the page before the end of all sessions, or of all others. Its form is posted
// to its own address.
type EndSessionsPage struct {
	Page
	Devices  []Device // this one first
	Now      time.Time
	All      bool      // this one ends too
	Password bool      // the current password is asked for
	Problems []Problem // field "current_password"
}

// alone reports whether the reader is signed in nowhere else.
func (p SessionsPage) alone() bool { return len(p.Devices) < 2 }

func (p SessionsPage) lead() string {
	if p.alone() {
		return "You are signed in only here."
	}
	return "Signed in on " + counted(len(p.Devices), "device", "devices")
}

// name is what the device is called, at any length.
func (d Device) name() string { return clippedName(d.Name, 80) }

// nameOf is the field of a device's name. Its id is the device's own: there are several on the page.
func (p SessionsPage) nameOf(d Device) input {
	f := input{
		name: "name", id: "name-" + d.anchor(), label: "What you call it", kind: "text", value: d.Given, optional: true,
		hint: "Up to 40 characters.",
	}
	if len(p.Problems) > 0 && d.ID == p.Wrong {
		f.value, f.problem = p.Typed, problemOf(p.Problems, "name")
	}
	return f
}

// wrongName is the field that the problems of the page are about.
func (p SessionsPage) wrongName() (fields []input) {
	for _, d := range p.Devices {
		if d.Known && d.ID == p.Wrong {
			fields = append(fields, p.nameOf(d))
		}
	}
	return fields
}

// mayBeNamed offers to name the device.
func (d Device) mayBeNamed() string {
	switch {
	case d.New:
		return "Yes, name it"
	case d.Given != "":
		return "Change its name"
	}
	return "Name this device"
}

// to is where a form about the device is sent.
func (p SessionsPage) to(d Device, what string) string {
	return "/account/sessions/" + d.anchor() + "/" + what
}

// anchor is the id, with which ids in the page end; "" for one that is none.
func (d Device) anchor() string {
	row := EntryRow{ID: d.ID}
	return row.anchor()
}

// ends lists what will end.
func (p EndSessionsPage) ends() (list []Device) {
	for _, d := range p.Devices {
		if p.All || !d.Current {
			list = append(list, d)
		}
	}
	return list
}

func (p EndSessionsPage) button() string {
	if p.All {
		return "Sign out everywhere"
	}
	return "Sign out everywhere else"
}

func (p EndSessionsPage) confirmation() confirmation {
	c := confirmation{
		heading: p.button() + "?", address: "/account/sessions/end-others", button: p.button(), busy: "Signing out…", kind: primary,
		proof: p.Password, back: "/account/sessions", backText: "Back to your sessions", problems: p.Problems,
	}
	if p.All {
		c.address = "/account/sessions/end-all"
	}
	if len(p.ends()) == 0 {
		c.button = ""
	}
	return c
}

// inWords says how long ago something was; of what is a month old, the day.
func inWords(now, t time.Time, d date) string {
	const day = 24 * time.Hour
	switch ago := now.Sub(t); {
	case ago < time.Minute: // also by a clock that is ahead
		return "just now"
	case ago < time.Hour:
		return counted(int(ago/time.Minute), "minute", "minutes") + " ago"
	case ago < day:
		return counted(int(ago/time.Hour), "hour", "hours") + " ago"
	case ago < 31*day:
		return counted(int(ago/day), "day", "days") + " ago"
	}
	return "on " + string(d.in(secondForm)[:10])
}
