package httpx

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/door"
)

// Forget lets the browser of somebody who signs out drop the pages that it kept. Cookies are taken
// back by their names: Clear-Site-Data: "cookies" would take those of other programs on this host
// and of its siblings too. The session's own is the session's to take back; those of the device and
// of strangers' forms stay, because they sign nobody in, and the first keeps others from locking its
// owner out. Call it before the first byte.
func Forget(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"cache"`) }

// outAlready takes the session's cookie back from whoever wants to sign out of a session that has
// ended. Here the cookie opens nothing any more; to a Flask application that reads it too it still
// says who is signed in.
func (e *Edge) outAlready(w http.ResponseWriter, r *http.Request, v *door.Visit) {
	v.Session.SignOut()
	Forget(w)
	for _, name := range e.sessionCookies {
		if _, err := r.Cookie(name); err == nil {
			http.SetCookie(w, e.cookie(name, "", -1))
		}
	}
}
