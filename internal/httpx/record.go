package httpx

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
)

// record is the outermost layer. It gives the request its id and headers, enters it in the book
// when the final header is about to pass, and answers for a handler that panicked. By then the
// session is committed, so the entry tells of an answer that will be sent; and the entry is
// committed before its first byte, so an answered request has its entry.
func (e *Edge) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		q := &request{Context: ctx, cancel: cancel, edge: e, start: e.now()}
		q.visit.RequestID = rand.Text()
		q.visit.Addr = e.clientAddr(r)
		q.visit.Collects = true
		r = r.WithContext(q)
		w := &recorder{ResponseWriter: rw, edge: e, r: r, q: q, unread: unwanted(r)}
		e.under(q, e.hostOf(r))
		h := rw.Header()
		if !e.theirs(r) { // an application's answer has its own
			setHeaders(h, e.https)
			if e.known(q.host) { // who tries out names is told of none
				h["Content-Security-Policy"] = []string{e.policy()}
			}
		}
		h["X-Request-Id"] = []string{q.visit.RequestID}
		defer w.end()
		next.ServeHTTP(w, r)
	})
}

// recorder is the ResponseWriter that enters the request in the book before it lets the final
// header pass.
type recorder struct {
	http.ResponseWriter
	edge    *Edge
	r       *http.Request
	q       *request
	entryID string
	unread  io.Reader // the body as it came, nil for none
	taken   bool      // the connection is somebody else's now
	lasting lasting
	took    time.Duration // until the entry was stored: what comes after that is the client's time
	sent    int64         // bytes of the answer's body
	told    int64         // of them by the entry
	counts  bool          // the entry tells of them: it is of an application
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// begin enters the request and what was done with it, in one commit. By now the session is saved,
// or its visit knows that it is not.
func (w *recorder) begin(status int) {
	if w.q.begun {
		return
	}
	w.q.begun = true
	if w.q.route != nil && w.q.route.Silent && w.q.asked == nil {
		w.leave()
		return
	}
	if w.isAsset(status) {
		w.count()
		return
	}
	entry := w.entry(status)
	if entry.Application != "" {
		entry.Bytes = w.length(status)
	}
	// Whether the visitor still waits or not, what they did is entered. A loss is counted and told
	// by the recorder.
	ctx := context.WithoutCancel(w.r.Context())
	var err error
	if deeds := w.edge.door.Leave(&w.q.visit); len(deeds) == 0 {
		err = w.edge.recorder.Append(ctx, entry)
	} else {
		err = w.edge.recorder.Append(ctx, append(deeds, entry)...)
	}
	if err == nil {
		w.entryID, w.counts, w.told = entry.ID, entry.Application != "", entry.Bytes
	}
	w.took = w.edge.now().Sub(w.q.start)
}

// leave enters what was done with a request that has no entry of its own.
func (w *recorder) leave() {
	if deeds := w.edge.door.Leave(&w.q.visit); len(deeds) > 0 {
		_ = w.edge.recorder.Append(context.WithoutCancel(w.r.Context()), deeds...)
	}
}

// entry is the request as the book keeps it, redacted by its route.
func (w *recorder) entry(status int) book.Entry {
	v, r := &w.q.visit, w.q.visitors(w.r)
	if v.SignedIn() && v.SessionID == "" && v.Token.ID == "" {
		v.SessionID = w.edge.door.SessionName(v) // it came into being with this answer
	}
	now := w.edge.now()
	entry := book.Entry{
		ID: id.New(now), Type: book.Request, CreatedAt: now,
		ClientAddr: v.Addr, Method: method(r.Method), Status: status, Duration: now.Sub(w.q.start),
		User: v.Developer.ID, UserName: v.Developer.Name, Session: v.SessionID, RequestID: v.RequestID,
		Token: v.Token.ID, TokenName: v.Token.Name,
	}
	if w.q.applied() != nil {
		w.q.asked.enter(&entry, w.q.host, r)
		return entry
	}
	var keep book.Keep
	if w.q.route != nil {
		entry.Route, keep = w.q.route.Pattern, w.q.route.Keep
	}
	path, below := w.edge.below(r.URL.Path) // as the routes are written
	entry.URL = book.RedactURL(path, r.URL.RawQuery, cmp.Or(entry.Route, w.edge.shape(r.URL.Path)), keep)
	if below {
		entry.URL = w.edge.base + entry.URL
	}
	if w.q.misled {
		entry.URL = book.Inert("//"+capped(w.q.host), 280) + entry.URL
	}
	entry.Body = w.q.body.redacted(r, keep)
	return entry
}

// length is how long the answer's body will be, as its header says; 0 where that does not say.
func (w *recorder) length(status int) int64 {
	if w.r.Method == http.MethodHead || status == http.StatusNotModified {
		return 0
	}
	n, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// method returns a method as the book keeps it: what is none of HTTP's own may be anything.
func method(sent string) string {
	switch sent {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return sent
	}
	return "[other]"
}

func (w *recorder) WriteHeader(status int) {
	if status < 100 || status > 199 || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	if err := w.lasting.ended(); err != nil {
		return 0, err
	}
	n, err := w.ResponseWriter.Write(b)
	w.sent += int64(n)
	return n, err
}

func (w *recorder) ReadFrom(src io.Reader) (n int64, err error) {
	w.begin(http.StatusOK)
	if rf, ok := w.ResponseWriter.(io.ReaderFrom); ok {
		n, err = rf.ReadFrom(src)
	} else {
		n, err = io.Copy(struct{ io.Writer }{w.ResponseWriter}, src)
	}
	w.sent += n
	return n, err
}

func (w *recorder) FlushError() error {
	w.begin(http.StatusOK)
	if err := w.lasting.ended(); err != nil {
		return err
	}
	if w.q.asked == nil { // an application flushes what is over in a moment, too
		w.watch()
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *recorder) Flush() { _ = w.FlushError() }

func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.begin(http.StatusSwitchingProtocols)
	w.taken = true
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return w.takenOver(conn), rw, nil
}

// late is how much longer than entered an answer must take for its duration to be entered anew:
// below that it was whole when it began.
const late = 100 * time.Millisecond

// end is deferred around everything: it answers for a panic, and has the entry completed.
func (w *recorder) end() {
	defer w.finish()
	if !w.taken {
		w.lasting.over()
	}
	if p := recover(); p != nil {
		w.panicked(p)
	}
	w.begin(http.StatusOK) // a handler that wrote nothing
	w.linger()
}

// finish completes the entry of an answer that went on after its header, or was longer or shorter
// than that said, also of one that was cut off.
func (w *recorder) finish() {
	if w.entryID == "" {
		return
	}
	took := w.edge.now().Sub(w.q.start)
	ending := book.Ending{ID: w.entryID, Duration: took}
	if w.counts && !w.taken && w.r.Method != http.MethodHead {
		ending.Bytes = w.sent
	}
	if took-w.took > late || ending.Bytes != w.told {
		w.edge.recorder.Finish(ending)
	}
}

// tunnelEnded completes the entry of an upgraded connection, which goes on when its request is
// answered.
func (w *recorder) tunnelEnded(sent, _ int64) {
	if w.entryID != "" {
		w.edge.recorder.Finish(book.Ending{ID: w.entryID, Duration: w.edge.now().Sub(w.q.start), Bytes: sent})
	}
}

func (w *recorder) panicked(p any) {
	if !w.q.begun {
		w.edge.door.NotKept(&w.q.visit)
	}
	if p == http.ErrAbortHandler { // the sentinel itself is what net/http compares
		w.leave()
		panic(p)
	}
	w.edge.door.NoteError(w.r.Context(), &w.q.visit, book.ActionPanic, describe(p))
	if w.q.begun {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	w.edge.answer(w, w.r, &w.q.visit, fault.New(fault.Internal, "Something went wrong on our side."))
}

// describe tells where a panic came from, and of its value only what the runtime made: a value may
// hold what a visitor sent.
func describe(p any) string {
	what := fmt.Sprintf("panic of type %T", p)
	if err, ok := p.(runtime.Error); ok {
		what = "panic: " + err.Error()
	}
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs[:])])
	for {
		f, more := frames.Next()
		if f.Function != "runtime.gopanic" && f.Function != "runtime.panicmem" && f.Function != "runtime.sigpanic" {
			what += fmt.Sprintf(" at %s:%d", f.Function, f.Line)
		}
		if !more {
			return what
		}
	}
}

// body is what came with a request.
type body struct {
	bytes []byte
	cut   bool // there was more, or it broke off
}

// maxKept is how much of a body is looked at for the fields that the book keeps.
const maxKept = 16 << 10

// readBody reads the request's whole body, of at most what its route takes, and leaves it to be
// read again.
func (q *request) readBody(w http.ResponseWriter, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	most := cmp.Or(q.route.MaxBody, DefaultMaxBody)
	if r.ContentLength > most { // nothing of it is asked for
		r.Body = http.NoBody
		return bodyFault(&http.MaxBytesError{Limit: most})
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	q.body = &body{bytes: data, cut: err != nil}
	r.Body = io.NopCloser(bytes.NewReader(data))
	if err != nil {
		return bodyFault(err)
	}
	return nil
}

// redacted returns what the book keeps of a body.
func (b *body) redacted(r *http.Request, keep book.Keep) string {
	switch {
	case b == nil && r.ContentLength > 0:
		return fmt.Sprintf("[%d bytes, not read]", r.ContentLength)
	case b == nil:
		return ""
	case len(b.bytes) > maxKept:
		return book.RedactBody(r.Header.Get("Content-Type"), b.bytes[:maxKept], true, keep)
	}
	return book.RedactBody(r.Header.Get("Content-Type"), b.bytes, b.cut, keep)
}
