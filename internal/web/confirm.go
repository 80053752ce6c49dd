package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
	"github.com/doorbook/doorbook/session"
)

// errand is what brings somebody to a page of ours that stands between them and an application.
func (p *Web) errand(r *http.Request) (e view.Errand) {
	next := session.WayBack(r, "")
	e.Unsent = r.FormValue("unsent") != ""
	u, err := url.Parse(next)
	if next == "" || err != nil {
		return e
	}
	app := httpx.AppHere(r)
	if rest, ours := strings.CutPrefix(u.Path, httpx.Base(r)); ours && (rest == "" || rest[0] == '/') {
		app = nil
		if rest == "/hand-over" {
			app = p.asks(r, u.Query())
			e.Unsent = e.Unsent || u.Query().Get("unsent") != ""
		}
	}
	if app != nil {
		e.App = app.Name
	}
	return e
}

// asks is the application under another host of a way there, nil for none.
func (p *Web) asks(r *http.Request, query url.Values) *gate.App {
	g := httpx.Gate(r)
	ask, ok := p.door.ReadAsk(query.Get("ask"))
	if !ok || g == nil {
		return nil
	}
	return g.At(ask.Host)
}

// confirmForm asks somebody for the password whose sign-in is too long ago for what they want of an
// application. Under another host than home it begins a new way there.
func (p *Web) confirmForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	switch {
	case !v.SignedIn() && v.Host != "": // who signs in has confirmed, too
		return p.enter(w, r, v, door.Ask{Back: httpx.Wanted(r), Returns: httpx.Enters(r).Times})
	case !v.SignedIn():
		return httpx.SendToSignIn(w, r, httpx.Onward(r))
	case v.Host != "":
		within := time.Duration(min(max(number(r, "within"), 1), int(longestProof/time.Second))) * time.Second
		return p.enter(w, r, v, door.Ask{Back: httpx.Wanted(r), Returns: httpx.Enters(r).Times, Within: within})
	}
	return p.show(w, r, v, http.StatusOK, p.confirmPage)
}

// longestProof is more than any session lasts.
const longestProof = 10 * 365 * 24 * time.Hour

// number is a field of a request that holds a number; 0 for all else.
func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.FormValue(name))
	if err != nil {
		return 0
	}
	return n
}

func (p *Web) confirm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	err := p.door.Confirm(r.Context(), v, r.PostForm.Get("current_password"))
	if problems, status, shown := onForm(w, r, err); shown {
		return p.show(w, r, v, status, p.confirmPage, problems...)
	}
	if err != nil {
		return err
	}
	httpx.SeeOther(w, httpx.Onward(r))
	return nil
}

func (p *Web) confirmPage(r *http.Request, page view.Page, problems []view.Problem) templ.Component {
	return view.Confirm(view.ConfirmPage{
		Page: page, Errand: p.errand(r), Next: session.WayBack(r, ""), Problems: problems,
	})
}

// confirmFirst sends somebody to confirm the password at home, and from there on.
func (p *Web) confirmFirst(w http.ResponseWriter, r *http.Request, ask door.Ask) {
	query := "next=" + url.QueryEscape(p.handOverHere(r, ask))
	away(w, httpx.Path(r, "/confirm?"+query))
}
