package httpx

import (
	"bytes"
	"io"
	"net/http"
)

// Posted returns a request as its handler saw it, with its form, and the pattern of its route, also
// to who answers in the handler's place. The form is empty where none could be read.
func Posted(r *http.Request) (posted *http.Request, pattern string) {
	q := of(r)
	if q.route == nil || q.body == nil || q.body.cut {
		return r, ""
	}
	posted = r.WithContext(r.Context())
	posted.Body, posted.Form, posted.PostForm = io.NopCloser(bytes.NewReader(q.body.bytes)), nil, nil
	if parseForm(posted) != nil {
		return r, ""
	}
	return posted, q.route.Pattern
}
