package web

import (
	"fmt"
	"net/http"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

const sessionsAddress = "/account/sessions"

func (p *Web) sessions(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showSessions(w, r, v, http.StatusOK, "")
}

// showSessions shows the page. What is wrong is so with the name of the device of a session.
func (p *Web) showSessions(
	w http.ResponseWriter, r *http.Request, v *door.Visit, status int, wrong string, problems ...view.Problem,
) error {
	h, err := p.door.History(r.Context(), v, v.Developer.ID)
	if err != nil {
		return err
	}
	page := view.SessionsPage{
		Page: p.page(w, r, v), Devices: shownDevices(h.Live), Ended: shownEnded(h.Ended, v.Developer.ID), More: h.More,
		Now: httpx.Started(r), Problems: problems, Wrong: wrong, Typed: r.PostForm.Get("name"),
	}
	return p.send(w, r, status, view.Sessions(page))
}

// shownEnded are sessions that are over as their reader sees them.
func shownEnded(list []door.EndedSession, reader string) []view.EndedDevice {
	shown := make([]view.EndedDevice, len(list))
	for i, e := range list {
		why, by := e.Words(reader)
		shown[i] = view.EndedDevice{
			Name: e.Called(), Browser: e.DeviceWords, Addr: e.Addr, SignedIn: e.Began, LastSeen: e.LastSeen, Ended: e.At, Why: why, By: by,
		}
	}
	return shown
}

// devices lists where the visitor is signed in.
func (p *Web) devices(r *http.Request, v *door.Visit) ([]view.Device, error) {
	list, err := p.door.Sessions(r.Context(), v, v.Developer.ID)
	if err != nil {
		return nil, err
	}
	return shownDevices(list), nil
}

func shownDevices(list []door.SessionInfo) []view.Device {
	devices := make([]view.Device, len(list))
	for i, s := range list {
		devices[i] = view.Device{
			ID: s.ID, Name: s.Called(), Given: s.Name, Browser: s.Device, Known: s.Known, UserAgent: s.UserAgent, Addr: s.Addr, SignedIn: s.SignedIn,
			LastSeen: s.LastSeen, FirstSeen: s.FirstSeen, Current: s.Current, New: s.New,
		}
	}
	return devices
}

func (p *Web) endSession(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	ended, err := p.door.EndSession(r.Context(), v, v.Developer.ID, r.PathValue("id"))
	switch {
	case fault.Is(err, fault.NotFound): // sent twice, or ended elsewhere: what was wanted is so
		v.Session.Flash("info", "That device was signed out already.")
		httpx.Redirect(w, r, sessionsAddress)
		return nil
	case err != nil:
		return err
	case v.Session.Subject() == "":
		out(w, r, v, "You are signed out.")
		return nil
	}
	v.Session.Flash("success", view.Isolated(ended.Called())+" is signed out.")
	httpx.Redirect(w, r, sessionsAddress)
	return nil
}

func (p *Web) disownSession(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	ended, err := p.door.DisownSession(r.Context(), v, r.PathValue("id"))
	switch {
	case fault.Is(err, fault.NotFound): // it has ended, and the advice is the same
		v.Session.Flash("info", "That device was signed out already.")
	case err != nil:
		return err
	default:
		v.Session.Flash("success", view.Isolated(ended.Called())+" is signed out.")
	}
	httpx.Redirect(w, r, sessionsAddress+"/disowned")
	return nil
}

func (p *Web) disowned(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.send(w, r, http.StatusOK, view.Disowned(p.page(w, r, v)))
}

// endForm is the page before the end of all sessions, or of all but this one.
func (p *Web) endForm(all bool) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		return p.showEnd(w, r, v, http.StatusOK, all)
	}
}

func (p *Web) showEnd(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, all bool, problems ...view.Problem) error {
	devices, err := p.devices(r, v)
	if err != nil {
		return err
	}
	return p.send(w, r, status, view.EndSessions(view.EndSessionsPage{
		Page: p.page(w, r, v), Devices: devices, Now: httpx.Started(r), All: all, Password: p.door.MustProve(v), Problems: problems,
	}))
}

func (p *Web) endSessions(all bool) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		n, err := p.door.EndSessions(r.Context(), v, v.Developer.ID, door.EndSessions{
			All: all, CurrentPassword: r.PostForm.Get("current_password"),
		})
		if problems, status, shown := onForm(w, r, err); shown {
			return p.showEnd(w, r, v, status, all, problems...)
		}
		switch {
		case err != nil:
			return err
		case all:
			out(w, r, v, "You are signed out everywhere: "+counted(n, "%d device.", "%d devices."))
			return nil
		case n == 0:
			v.Session.Flash("info", "You were signed in only here.")
		default:
			v.Session.Flash("success", counted(n, "%d other device is signed out.", "%d other devices are signed out."))
		}
		httpx.Redirect(w, r, sessionsAddress)
		return nil
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}

func (p *Web) nameSession(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	named, err := p.door.NameSession(r.Context(), v, r.PathValue("id"), r.PostForm.Get("name"))
	switch problems, status, shown := onForm(w, r, err); {
	case shown:
		return p.showSessions(w, r, v, status, r.PathValue("id"), problems...)
	case fault.Is(err, fault.NotFound):
		v.Session.Flash("info", "That device was signed out already.")
	case err != nil:
		return err
	case named.Name == "":
		v.Session.Flash("success", named.Device+" has no name any more.")
	default:
		v.Session.Flash("success", named.Device+" is now called "+view.Isolated(named.Name)+".")
	}
	httpx.Redirect(w, r, sessionsAddress)
	return nil
}
