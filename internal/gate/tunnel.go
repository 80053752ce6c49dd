package gate

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

var (
	errNoHalf   = errors.New("this connection cannot be ended in one direction")
	errUpgraded = errors.New("the connection is a tunnel now")
	errProtocol = errors.New("the application went over to a protocol that was not asked for")
)

// tunnel is an upgraded connection: what the visitor says goes to the application, and back. It
// outlives the request, so that of all that carried that nothing is kept while it stands idle, as
// most do; ReverseProxy would keep it, with 32 KB for each direction.
type tunnel struct {
	visitor net.Conn
	app     io.ReadWriteCloser
	early   *bufio.Reader // what the visitor sent before the application had agreed; nil once it is read
	buffers *buffers
	stall   time.Duration
	until   time.Time // the deadline of writing to the visitor

	ended    func(sent, received int64)
	sent     int64 // to the visitor
	received int64
	ways     atomic.Int32 // that are open
}

// open takes the visitor's connection over and gives it the application's answer. The error is
// errUpgraded when that is done, and nothing else is to be.
func (t *trip) open(res *http.Response) error {
	app, ok := res.Body.(io.ReadWriteCloser)
	if !ok || t.asked == "" || !hasToken(res.Header["Connection"], "upgrade") || !strings.EqualFold(res.Header.Get("Upgrade"), t.asked) {
		return errProtocol
	}
	conn, rw, err := t.answer.rc.Hijack()
	if err != nil {
		return err
	}
	t.answer.taken = true
	res.Body = http.NoBody // which ReverseProxy closes
	u := &tunnel{
		visitor: conn, app: app, early: rw.Reader,
		buffers: &t.p.buffers, stall: t.p.cfg.Stall, ended: t.c.Ended,
	}
	res.Header["X-Request-Id"] = []string{t.c.RequestID}
	if err := res.Write(visitorSide{u}); err != nil {
		u.close()
		u.over()
		return errUpgraded
	}
	u.ways.Store(2)
	go u.up()
	go u.down()
	return errUpgraded
}

// up copies what the visitor says.
func (u *tunnel) up() {
	n, err := u.buffers.copy(u.app, visitorSide{u})
	u.received = n
	u.half(err, u.app)
}

// down copies what the application says.
func (u *tunnel) down() {
	n, err := u.buffers.copy(visitorSide{u}, u.app)
	u.sent = n
	u.half(err, u.visitor)
}

// half ends a direction: the other may go on, unless something failed or the end cannot be told.
func (u *tunnel) half(err error, to any) {
	if err == nil {
		err = errNoHalf
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			err = half.CloseWrite()
		}
	}
	if err != nil {
		u.close()
	}
	if u.ways.Add(-1) == 0 {
		u.close()
		u.over()
	}
}

func (u *tunnel) close() {
	_ = u.visitor.Close()
	_ = u.app.Close()
}

func (u *tunnel) over() {
	if u.ended != nil {
		u.ended(u.sent, u.received)
	}
}

// visitorSide is the end of the visitor, who has time as long as they take what is sent.
type visitorSide struct{ *tunnel }

func (u visitorSide) Read(p []byte) (int, error) {
	if u.early != nil {
		if n := u.early.Buffered(); n > 0 {
			return u.early.Read(p[:min(n, len(p))])
		}
		u.early = nil
	}
	return u.visitor.Read(p)
}

func (u visitorSide) Write(p []byte) (int, error) {
	if now := time.Now(); u.until.Sub(now) < u.stall*3/4 {
		u.until = now.Add(u.stall)
		_ = u.visitor.SetWriteDeadline(u.until)
	}
	return u.visitor.Write(p)
}
