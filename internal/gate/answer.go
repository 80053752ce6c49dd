package gate

import (
	"maps"
	"net/http"
	"time"
)

// answer is the ResponseWriter that an application's answer goes through.
type answer struct {
	http.ResponseWriter
	trip    *trip
	rc      *http.ResponseController
	stall   time.Duration
	h2      bool
	until   time.Time   // the deadline of writing; zero: none of ours
	early   http.Header // of a 1xx; nil while there was none
	hints   int         // 1xx that were passed
	started bool        // the final header is due or sent: the header is the application's
	taken   bool        // the connection is
	failed  error       // of writing: the visitor's
}

// maxHints is how many 1xx of an answer are passed on: no honest application sends more, and one
// that never stops runs into the time limit for its header.
const maxHints = 16

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// begin puts the server's time limit for an answer off: an HTTP/2 stream is reset when it is over,
// however little there is to write; HTTP/1 looks at it only when something is written.
func (a *answer) begin() {
	if a.h2 {
		_ = a.rc.SetWriteDeadline(time.Time{})
	}
}

// Header is that of the answer, or of the 1xx that come before it, for which what we have set for
// a page of our own is none.
func (a *answer) Header() http.Header {
	if a.started {
		return a.ResponseWriter.Header()
	}
	if a.early == nil {
		a.early = http.Header{}
	}
	return a.early
}

func (a *answer) WriteHeader(status int) {
	if !a.started {
		a.hint(status)
		return
	}
	a.lastOf()
	a.arm()
	a.ResponseWriter.WriteHeader(status)
}

// lastOf has the connection closed after an answer that comes before the end of the body: what is
// left of it, which may not even be well-formed, must not be taken for another request.
func (a *answer) lastOf() {
	if !a.h2 && a.trip.body.unread() {
		a.ResponseWriter.Header()["Connection"] = []string{"close"}
	}
}

// hint passes a 1xx on, if the visitor understands it.
func (a *answer) hint(status int) {
	r := a.trip.r
	expects := a.trip.body != nil && r.Header.Get("Expect") != ""
	if a.hints++; a.hints > maxHints || !r.ProtoAtLeast(1, 1) || status == http.StatusContinue && !expects {
		return
	}
	a.trip.clean(a.early)
	h := a.ResponseWriter.Header()
	page := maps.Clone(h)
	clear(h)
	maps.Copy(h, a.early)
	a.arm()
	a.ResponseWriter.WriteHeader(status)
	clear(h)
	maps.Copy(h, page)
}

func (a *answer) Write(b []byte) (int, error) {
	a.arm()
	n, err := a.ResponseWriter.Write(b)
	a.disarm(err)
	return n, err
}

// FlushError sends what was written.
func (a *answer) FlushError() error {
	a.arm()
	err := a.rc.Flush()
	a.disarm(err)
	return err
}

// arm gives the visitor time to take what is written next.
func (a *answer) arm() {
	now := time.Now()
	if a.until.Sub(now) < a.stall*3/4 {
		a.until = now.Add(a.stall)
		_ = a.rc.SetWriteDeadline(a.until)
	}
}

// disarm takes the limit back where it would end a stream that has nothing to send.
func (a *answer) disarm(err error) {
	if err != nil && a.failed == nil {
		a.failed = err
	}
	if a.h2 {
		a.until = time.Time{}
		_ = a.rc.SetWriteDeadline(time.Time{})
	}
}
