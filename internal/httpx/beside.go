package httpx

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
)

// An application under the host of our pages is one origin with them for a browser. So any script in
// a page of it, its own or one that somebody has planted there, could ask for our pages as whoever
// looks at it, read them, and send their forms. Therefore, under such a host,
//
//   - pages are opened, and neither fetched nor framed, by the browser's own word;
//   - forms bring their token, which stands in a page that no script could fetch: that a form comes
//     from this origin proves nothing, for the application's pages do, too;
//   - addresses that answer in JSON take a token in place of the cookie.
//
// What is left to scripts stands in docs/security.md. Under a host of its own an application can do
// none of this; but where hosts are of one domain (one site, to browsers) its scripts send the cookie
// of home along, if they read nothing: so the first holds there, too, and nobody is handed over
// (GET /hand-over) who did not go there.

// beside reports whether an application has the host of a request, too.
func (e *Edge) beside(q *request) bool {
	return e.gate != nil && e.gate().Find(hostName(q.host)) != nil
}

// byHand makes sure that a request was made by a person, where there are applications and as far as
// the browser says so.
func (e *Edge) byHand(r *http.Request, q *request) error {
	opened, said := isOpened(r)
	switch {
	case e.gate == nil, opened && said, q.route.Silent: // which is a proxy's question, or what it shows for its own error
	case q.route.Form == JSON && !e.beside(q):
	case q.route.Form == JSON:
		q.strip(r)
		if q.route.Who >= SignedIn {
			return fault.New(fault.Unauthorized, "An application shares this host, so no cookie is taken here: bring a token in the header Authorization.")
		}
	case !opened:
		e.door.Note(r.Context(), &q.visit, book.ActionForbidden, "")
		return fault.New(fault.Forbidden, "Pages of Doorbook are opened, not fetched by a script, and not shown in a frame.")
	}
	return nil
}

// isOpened reports whether a browser opens a page with a request, and whether it says what it does
// with it. Browsers say nothing over plain http, and old ones never do.
func isOpened(r *http.Request) (opened, said bool) {
	mode, dest := r.Header["Sec-Fetch-Mode"], r.Header["Sec-Fetch-Dest"]
	isOnly := func(lines []string, word string) bool { return len(lines) == 0 || len(lines) == 1 && lines[0] == word }
	return isOnly(mode, "navigate") && isOnly(dest, "document"), len(mode)+len(dest) > 0
}

// proven reports whether a form is of a page of ours: by its token, or by the browser's word where
// no page of anybody else is of our origin.
func (e *Edge) proven(r *http.Request, v *door.Visit) bool {
	q := of(r)
	return q.origin == ours && !e.beside(q) || e.tokens.check(r, v, r.PostForm.Get(FormTokenField))
}
