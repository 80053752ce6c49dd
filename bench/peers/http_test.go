package peers_test

import (
	"net/http"
	"net/http/httptest"
)

// serve sends one request to h and gives the browser's cookie afterwards.
func serve(h http.Handler, cookie string) (next string) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	next = cookie
	for _, c := range w.Result().Cookies() {
		if next = c.Name + "=" + c.Value; c.MaxAge < 0 {
			next = ""
		}
	}
	return next
}
