package web

import (
	"net/http"
	"net/mail"
	"net/url"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// instead is the page that stands in the place of an application's, which somebody may not enter or
// which gave no answer; nil for all other errors.
func instead(r *http.Request, v *door.Visit, f *fault.Error, data view.ErrorPageData) templ.Component {
	app, refused := httpx.Instead(r)
	if app == nil {
		return nil
	}
	first := view.Link{Text: "Go to the first page of " + view.Isolated(app.Name), Path: "/", Theirs: true}
	overview := view.Link{Text: "Go to the overview", Path: "/"}
	switch {
	case f.Kind == fault.Forbidden && refused:
		return view.NotForYou(notForYou(r, v, app, data))
	case f.Kind == fault.Unreached, f.Kind == fault.TimedOut:
		data.Onward = []view.Link{overview}
		data.Again = again(r)
		return view.ErrorPage(data)
	case f.Kind == fault.Malformed:
		data.Onward = []view.Link{first, overview}
		return view.ErrorPage(data)
	}
	return nil
}

// again is what to open to try once more: the page that was asked for, or the one from which
// something was sent there; "" where that is not known.
func again(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.RequestURI
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != httpx.Host(r) {
		return ""
	}
	return from.RequestURI()
}

func notForYou(r *http.Request, v *door.Visit, app *gate.App, data view.ErrorPageData) view.NotForYouPage {
	page := view.NotForYouPage{Page: data.Page, App: app.Name, Part: app.For(v.Developer)}
	g := httpx.Gate(r)
	if g == nil || g.Contact == "" {
		return page
	}
	page.Contact = g.Contact
	if at, err := mail.ParseAddress(g.Contact); err == nil && at.Name == "" && at.Address == g.Contact {
		page.ContactAt = "mailto:" + url.PathEscape(g.Contact)
	} else if u, err := url.Parse(g.Contact); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		page.ContactAt = u.String()
	}
	return page
}
