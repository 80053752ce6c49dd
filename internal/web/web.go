// Package web is the pages: it translates between HTML forms and the door. A file per blueprint of
// the original (home, auth), setup and sessions. It decides nothing, and knows no database.
package web

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/static"
	"github.com/doorbook/doorbook/internal/web/view"
)

// Web is the pages over one door. It is safe for concurrent use.
type Web struct {
	door   *door.Door
	static *static.Static
	events book.Catalog
	assets view.Assets
	drawn  atomic.Pointer[drawing]
	data   Download
	pages  sync.Pool // of *bytes.Buffer, for pages that are rendered and sent at once
}

// Download answers with the file of what is kept of the visitor, who gives the current password where
// that is asked for. It is JSON, which is not the pages' to write.
type Download func(w http.ResponseWriter, r *http.Request, v *door.Visit, current string) error

// New makes the pages.
func New(d *door.Door, data Download) (*Web, error) {
	files, err := static.New()
	if err != nil {
		return nil, err
	}
	p := &Web{door: d, data: data, static: files, events: book.NewCatalog(), assets: view.Assets{
		CSS: files.URL("app.css"), JS: files.URL("app.js"), Icon: files.URL("icon.svg"),
	}}
	return p, nil
}

// Handlers are the handlers of the pages, by the pattern of their route.
func (p *Web) Handlers() map[string]httpx.Handler {
	handlers := map[string]httpx.Handler{
		"GET /{$}":            p.dashboard,
		"GET /login":          p.loginForm,
		"POST /auth/login":    p.login,
		"GET /register":       p.registerForm,
		"POST /auth/register": p.register,
		"POST /auth/logout":   p.logout,
		"GET /setup":          p.setupForm,
		"POST /setup":         p.setup,
		"GET /link/{token}":   p.linkForm,
		"POST /link/{token}":  p.useLink,
		"GET /auth/login":     redirect("/login"),
		"GET /auth/register":  redirect("/register"),
		"GET /auth/logout":    p.signOutPage,
		"GET /hand-over":      p.handOver,
		"GET /arrive":         p.arrive,
		"GET /confirm":        p.confirmForm,
		"POST /confirm":       p.confirm,
		"GET /static/":        p.files,

		"GET /account/tokens":           p.tokens,
		"GET /account/tokens/new":       p.newToken,
		"POST /account/tokens":          p.makeToken,
		"POST /account/tokens/{id}/end": p.endToken,

		"GET /account":           p.account,
		"POST /account":          p.saveAccount,
		"GET /account/password":  p.password,
		"POST /account/password": p.savePassword,
		"GET /account/data":      p.ownData,
		"POST /account/data":     p.ownData,
		"GET /account/close":     p.closeForm,
		"POST /account/close":    p.closeAccount,
		"GET /forgot-password":   p.forgotten,

		// Where password managers look for the page (https://www.w3.org/TR/change-password-url/).
		"GET /.well-known/change-password": redirect("/account/password"),

		"GET /account/sessions":              p.sessions,
		"POST /account/sessions/{id}/end":    p.endSession,
		"POST /account/sessions/{id}/disown": p.disownSession,
		"POST /account/sessions/{id}/name":   p.nameSession,
		"GET /account/sessions/disowned":     p.disowned,
		"GET /account/sessions/end-others":   p.endForm(false),
		"POST /account/sessions/end-others":  p.endSessions(false),
		"GET /account/sessions/end-all":      p.endForm(true),
		"POST /account/sessions/end-all":     p.endSessions(true),

		"GET /people":        p.people,
		"GET /applications":  p.applications,
		"GET /invite":        p.inviteForm,
		"POST /invite":       p.invite,
		"GET /registration":  p.registrationForm,
		"POST /registration": p.registrationChange,
		"GET /people/{id}":   p.person,
		"POST /people/{id}/sessions/{session}/end": p.endPersonSession,
	}
	maps.Copy(handlers, p.personHandlers())
	return handlers
}

func redirect(to string) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
		httpx.Redirect(w, r, to)
		return nil
	}
}

func (p *Web) files(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
	http.StripPrefix(httpx.Base(r), p.static.Handler()).ServeHTTP(w, r)
	return nil
}

// page is what every page has. It takes the flash messages that wait.
func (p *Web) page(w http.ResponseWriter, r *http.Request, v *door.Visit) view.Page {
	page := p.bare(w, r, v)
	if !v.SignedIn() {
		page.RegistrationOpen = p.door.MayRegister(r.Context()) == nil
	}
	if !v.SignedIn() && p.door.Unclaimed(r.Context()) {
		page.Unclaimed, page.RegistrationOpen = true, false // the first account is to be an admin's
	}
	for _, f := range v.Session.Flashes() {
		page.Flashes = append(page.Flashes, view.Flash{Category: f.Category, Text: f.Text})
	}
	return page
}

// bare is a page without flash messages, for errors: they wait for a page that somebody reads in
// peace.
func (p *Web) bare(w http.ResponseWriter, r *http.Request, v *door.Visit) view.Page {
	page := view.Page{
		Base:             httpx.Base(r),
		Assets:           p.assets,
		RequestID:        v.RequestID,
		RegistrationOpen: p.door.FixedJoining().Mode == door.Open, // nothing is asked for: a database may be what fails
	}
	if v.SignedIn() {
		page.User = &view.User{Name: v.Developer.Name, Email: v.Developer.Email, Role: string(v.Developer.Role)}
		page.FormToken = httpx.FormToken(w, r, v)
		page.Looks = looksAfter(r, v)
	}
	return page
}

func looksAfter(r *http.Request, v *door.Visit) view.Looks {
	switch {
	case !v.Admin():
		return view.AfterThemselves
	case httpx.Gate(r) == nil:
		return view.AfterPeople
	}
	return view.AfterApplications
}

// send renders a page to the end before its first byte is sent, so that a broken one is an error
// page and not half a page.
func (p *Web) send(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	buf, ok := p.pages.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	defer p.pages.Put(buf) // Write has copied it by then
	buf.Reset()
	if err := c.Render(r.Context(), buf); err != nil {
		return fault.Wrap(fault.Internal, "Something went wrong on our side.", err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	h.Set("Cache-Control", "no-store") // pages name people and carry form tokens
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes())
	return nil
}

// ErrorPage is the page for people about an error. It implements httpx.ErrorPage.
func (p *Web) ErrorPage(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, f *fault.Error) {
	if f.Kind == fault.Busy && p.formAgain(w, r, v, status, f) {
		return
	}
	data := view.ErrorPageData{Page: p.bare(w, r, v), Status: status}
	if f.Kind != fault.Internal {
		data.Text = f.Public
	}
	if f.Kind == fault.Forbidden && !v.SignedIn() || f.Kind == fault.Unauthorized {
		data.Onward = []view.Link{{Text: "Sign in", Path: "/login"}}
	}
	page := view.ErrorPage(data)
	if f.Kind == fault.Misdirected {
		page = view.WrongHost(v.RequestID, httpx.Host(r))
	} else if other := instead(r, v, f, data); other != nil {
		page = other
	}
	if err := p.send(w, r, status, page); err != nil {
		http.Error(w, f.Public, status)
	}
}
