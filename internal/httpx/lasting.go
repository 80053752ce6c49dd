package httpx

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/session"
)

// lasting is an answer that goes on after its header: one that was flushed, whose connection was
// taken over, or that an application gives for longer than a moment. Nothing else of the edge looks
// at who reads it again, so it is watched (streams): within five seconds after they are out the
// request's context is done, and no byte passes any more. Other answers cost nothing of this.
type lasting struct {
	mu    sync.Mutex
	leave func() // ends the watch; nil while there is none
	done  bool   // the answer is over
	lost  bool   // its reader is out
	conn  net.Conn
}

// watch begins to watch who reads the answer, if somebody is signed in.
func (w *recorder) watch() {
	l := &w.lasting
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leave != nil || l.done {
		return
	}
	if p, ok := w.q.visit.Presence(); ok {
		l.leave = w.edge.streams.join(p, &stream{may: w.q.mayRead(p.Developer), cut: w.cut})
	}
}

// aMoment is how long an application's answer may take before it is watched.
const aMoment = time.Second

// whenItLasts watches the answer if it is not over in a moment, until the function that it gives is
// called.
func (w *recorder) whenItLasts() (over func()) {
	if !w.q.visit.SignedIn() {
		return func() {}
	}
	timer := time.AfterFunc(aMoment, w.watch)
	return func() { timer.Stop() }
}

// mayRead gives what is asked again of whoever reads: for an application its rules as they are by
// then, for a page of ours whether an admin is still one.
func (q *request) mayRead(was account.Developer) func(now account.Developer) bool {
	a := q.asked
	if a == nil {
		return func(now account.Developer) bool { return now.Role == was.Role || now.Role == account.Admin }
	}
	edge, app, question := q.edge, a.app.Host, a.question
	return func(now account.Developer) bool {
		question.Developer, question.Now = now, edge.now()
		question.SignedIn = question.Now // how recent a sign-in must be was asked when it began
		again := edge.gate().Find(app)
		return again != nil && again.Decide(&question).Verdict == gate.Pass
	}
}

// cut ends the answer: what waits for its client, too.
func (w *recorder) cut() {
	l := &w.lasting
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return
	}
	l.lost = true
	w.q.cancel()
	if l.conn != nil {
		_ = l.conn.Close()
		return
	}
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now())
}

// over ends the watch.
func (l *lasting) over() {
	l.mu.Lock()
	l.done = true
	leave := l.leave
	l.mu.Unlock()
	if leave != nil {
		leave()
	}
}

// ended gives an error once its reader is out.
func (l *lasting) ended() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return session.ErrEnded
	}
	return nil
}

// takenOver watches a connection that is somebody else's from now on.
func (w *recorder) takenOver(conn net.Conn) net.Conn {
	w.lasting.mu.Lock()
	w.lasting.conn = conn
	w.lasting.mu.Unlock()
	w.watch()
	return &watchedConn{Conn: conn, over: w.lasting.over}
}

// watchedConn ends its watch when it is closed.
type watchedConn struct {
	net.Conn
	over func()
}

// Close implements net.Conn.
func (c *watchedConn) Close() error {
	c.over()
	return c.Conn.Close()
}

// idleBuffer is what an idle connection holds of memory for each direction, in bytes.
const idleBuffer = 4 << 10

// ReadFrom implements io.ReaderFrom, so that who copies takes no larger buffer.
func (c *watchedConn) ReadFrom(src io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{c.Conn}, struct{ io.Reader }{src}, make([]byte, idleBuffer))
}

// WriteTo implements io.WriterTo likewise.
func (c *watchedConn) WriteTo(dst io.Writer) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{c.Conn}, make([]byte, idleBuffer))
}
