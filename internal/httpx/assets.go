package httpx

import (
	"mime"
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
)

// isAsset reports whether an answer is what a page of an application is made of, and no page: the
// browser says that it asks for an image, a style, a script or a font, and the application that it
// gives one. The browser's word alone is not taken: who likes to read without an entry can send it.
func (w *recorder) isAsset(status int) bool {
	a := w.q.asked
	if a == nil || a.app == nil || a.decision.Verdict != gate.Pass || w.r.Method != http.MethodGet {
		return false
	}
	dest := w.r.Header.Get("Sec-Fetch-Dest")
	switch dest {
	case "image", "style", "script", "font":
	default:
		return false
	}
	if status == http.StatusNotModified { // nothing is given
		return true
	}
	media, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	return err == nil && (status == http.StatusOK || status == http.StatusPartialContent) && gives(media, dest)
}

// gives reports whether a media type is of the kind that was asked for.
func gives(media, dest string) bool {
	switch dest {
	case "image":
		return strings.HasPrefix(media, "image/")
	case "style":
		return media == "text/css"
	case "font":
		return strings.HasPrefix(media, "font/") || strings.HasPrefix(media, "application/font-") ||
			strings.HasPrefix(media, "application/x-font-") || media == "application/vnd.ms-fontobject"
	}
	switch media {
	case "text/javascript", "application/javascript", "application/x-javascript", "application/ecmascript", "application/wasm":
		return true
	}
	return false
}

// count tells the book of a part of a page, which gets no entry of its own.
func (w *recorder) count() {
	v := &w.q.visit
	w.edge.recorder.Asset(book.Asset{
		Application: w.q.asked.app.Name, User: v.Developer.ID, UserName: v.Developer.Name, Addr: v.Addr,
	})
	w.leave()
}
