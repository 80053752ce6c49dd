package web

import (
	"net/http"
	"net/url"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// mostReturns is how often a browser may come back without being let in under another host before it
// is told what to check: once may be bad luck, as of two pages that are opened at once.
const mostReturns = 2

// enter sends somebody under another host home, to be signed in and to come back to a page: the ask
// says to which, how often they have come back already, and how recent the sign-in must be.
func (p *Web) enter(w http.ResponseWriter, r *http.Request, v *door.Visit, ask door.Ask) error {
	if ask.Returns >= mostReturns {
		return p.notKept(w, r, v, ask.Back)
	}
	ask.Host, ask.Nonce = v.Host, door.NonceHash(httpx.KeepEntering(w, r))
	away(w, httpx.AtHome(r, handOverPath(p.door.SignAsk(ask), r.FormValue("unsent") != "")))
	return nil
}

func handOverPath(ask string, unsent bool) string {
	path := "/hand-over?ask=" + ask
	if unsent { // what was to be changed did not get anywhere, which the sign-in page says
		path += "&unsent=1"
	}
	return path
}

// away sends a browser to another host of ours by an address that no other one is to see.
func away(w http.ResponseWriter, to string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	httpx.SeeOther(w, to)
}

// notKept tells somebody whose browser is sent round in a circle what to check.
func (p *Web) notKept(w http.ResponseWriter, r *http.Request, v *door.Visit, back string) error {
	httpx.ForgetEntering(w, r) // who tries again begins anew
	return p.send(w, r, http.StatusForbidden, view.NotKept(view.NotKeptPage{
		Page: p.bare(w, r, v), Host: v.Host, Again: "/login?next=" + url.QueryEscape(back),
	}))
}

// handOver lets the browser of somebody who is signed in at home in under another host.
func (p *Web) handOver(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	ask, ok := p.door.ReadAsk(r.FormValue("ask"))
	if !ok {
		return fault.New(fault.NotFound, "This way to sign in took too long, or was never one. Open the page that you wanted once more.")
	}
	if _, ok := httpx.AtHost(r, ask.Host, ""); !ok {
		return fault.New(fault.NotFound, "There is no application under "+view.Isolated(ask.Host)+" any more.")
	}
	if !v.SignedIn() {
		return p.signInFirst(w, r, ask)
	}
	if p.door.MustConfirm(v, ask) {
		p.confirmFirst(w, r, ask)
		return nil
	}
	code, err := p.door.HandOver(r.Context(), v, ask)
	if err != nil {
		return err
	}
	to, _ := httpx.AtHost(r, ask.Host, "/arrive?code="+code)
	away(w, to)
	return nil
}

// signInFirst sends somebody to the sign-in page, and from there on.
func (p *Web) signInFirst(w http.ResponseWriter, r *http.Request, ask door.Ask) error {
	return httpx.SendToSignIn(w, r, p.handOverHere(r, ask))
}

// handOverHere is the address of a request with that ask as the way back to it. The ask's own way
// back is left behind where both together are too long.
func (p *Web) handOverHere(r *http.Request, ask door.Ask) string {
	unsent := r.FormValue("unsent") != ""
	here := httpx.Path(r, handOverPath(r.FormValue("ask"), unsent))
	if len(here) > httpx.LongestWay {
		ask.Back = "/"
		here = httpx.Path(r, handOverPath(p.door.SignAsk(ask), unsent))
	}
	return here
}

// arrive lets a browser in under another host, by the code that it was given at home.
func (p *Web) arrive(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	w.Header().Set("Referrer-Policy", "no-referrer") // its address holds the code
	kept := httpx.Enters(r)
	a, err := p.door.Arrive(r.Context(), v, r.FormValue("code"), kept.Nonce)
	back := httpx.Inside(r, a.Back)
	switch {
	case v.Host == "":
		httpx.Redirect(w, r, "/")
		return nil
	case fault.Is(err, fault.NotFound) && v.SignedIn(): // by another page that was opened at once, or before
		away(w, back)
		return nil
	case fault.Is(err, fault.NotFound):
		return p.enter(w, r, v, door.Ask{Back: back, Returns: max(a.Returns, kept.Times) + 1})
	case err != nil:
		return err
	}
	cookie, err := a.Session.TakeCookie()
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie)
	httpx.Entered(w, r)
	away(w, back)
	return nil
}

// signOutPage asks whether to sign out, and tells who has.
func (p *Web) signOutPage(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if v.Host != "" && !v.SignedIn() { // at home somebody may be
		http.Redirect(w, r, httpx.AtHome(r, "/auth/logout"), http.StatusSeeOther)
		return nil
	}
	return p.send(w, r, http.StatusOK, view.SignOut(p.page(w, r, v)))
}

func (p *Web) logout(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if err := p.door.SignOut(r.Context(), v); err != nil {
		return err
	}
	httpx.Forget(w)
	httpx.ForgetEntering(w, r)
	to := httpx.AfterSignOut(r)
	switch {
	case to != "":
		http.Redirect(w, r, to, http.StatusSeeOther)
	case v.Host != "":
		http.Redirect(w, r, httpx.AtHome(r, "/auth/logout"), http.StatusSeeOther)
	default:
		out(w, r, v, "You are signed out.")
	}
	return nil
}
