// Package load asks servers for a page over and over, and judges each answer.
package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Target is a page under load.
type Target struct {
	addr    string
	request []byte // the whole request, sent over and over
	status  int    // what the answer must be
	want    []byte // what its body must contain
}

// NewTarget returns the page of a path, asked for with cookies, of which every answer must have the
// status and contain what is wanted.
func NewTarget(addr, path, cookies string, status int, want string) Target {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: doorbook-bench\r\nAccept: text/html\r\n"
	if cookies != "" {
		request += "Cookie: " + cookies + "\r\n"
	}
	return Target{addr: addr, request: []byte(request + "\r\n"), status: status, want: []byte(want)}
}

// Result is what a load saw.
type Result struct {
	Right   int // answers with the right status and text
	Wrong   int // everything else, broken connections too
	Problem string
	Took    time.Duration
	Times   []time.Duration // of the right ones, sorted
	Bytes   int             // of the last body
	CPU     time.Duration   // what the server used meanwhile, for the caller to fill in
	Other   time.Duration   // what its database used, if it has a process of its own
}

// PerSecond is how many right answers there were in a second.
func (r Result) PerSecond() float64 { return float64(r.Right) / r.Took.Seconds() }

// CPUPerAnswer is the server's processor time for one answer.
func (r Result) CPUPerAnswer() time.Duration { return r.CPU / time.Duration(max(r.Right, 1)) }

// OtherPerAnswer is the database's.
func (r Result) OtherPerAnswer() time.Duration { return r.Other / time.Duration(max(r.Right, 1)) }

// Quantile gives the time that a share q of the right answers did not exceed.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.Times) == 0 {
		return 0
	}
	return r.Times[min(int(q*float64(len(r.Times))), len(r.Times)-1)]
}

// Run asks for the target over a number of connections that stay open as long as the server lets
// them, each sending its next request when the answer to the last is read, until the time is over
// or most answers have come (0: no such bound).
func Run(ctx context.Context, t Target, connections int, during time.Duration, most int) Result {
	return RunEach(ctx, slices.Repeat([]Target{t}, connections), during, most)
}

// RunEach is Run with a connection for each of the targets.
func RunEach(ctx context.Context, targets []Target, during time.Duration, most int) Result {
	connections := len(targets)
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	parts := make([]Result, connections)
	begin := time.Now()
	var all sync.WaitGroup
	for i := range parts {
		share := 0
		if most > 0 {
			share = max((most+connections-1)/connections, 1)
		}
		all.Go(func() { parts[i] = targets[i].ask(ctx, during, share) })
	}
	all.Wait()
	sum := Result{Took: time.Since(begin)}
	for _, p := range parts {
		sum.Right += p.Right
		sum.Wrong += p.Wrong
		sum.Times = append(sum.Times, p.Times...)
		sum.Bytes = max(sum.Bytes, p.Bytes)
		if sum.Problem == "" {
			sum.Problem = p.Problem
		}
	}
	slices.Sort(sum.Times)
	return sum
}

// ask is the work of one connection.
func (t Target) ask(ctx context.Context, during time.Duration, most int) (r Result) {
	var (
		conn net.Conn
		in   = bufio.NewReaderSize(nil, 32<<10)
		a    answer
	)
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	for ctx.Err() == nil && (most == 0 || r.Right+r.Wrong < most) {
		begin := time.Now()
		err := func() (err error) {
			if conn == nil {
				if conn, err = net.DialTimeout("tcp", t.addr, 10*time.Second); err != nil {
					conn = nil
					return err
				}
				// What is under way when the time is over is waited for, at every server alike, but
				// not for ever.
				_ = conn.SetDeadline(begin.Add(during + 10*time.Second))
				in.Reset(conn)
			}
			if _, err := conn.Write(t.request); err != nil {
				return err
			}
			return a.read(in)
		}()
		switch {
		case err != nil:
			r.fail(err.Error())
		case a.status != t.status || !bytes.Contains(a.body, t.want):
			r.fail(fmt.Sprintf("status %d, %d bytes: %.200q", a.status, len(a.body), a.body))
		default:
			r.Right++
			r.Bytes = len(a.body)
			r.Times = append(r.Times, time.Since(begin))
		}
		if conn != nil && (err != nil || a.close) {
			_ = conn.Close()
			conn = nil
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // a server that is not there must not become a busy loop
		}
	}
	return r
}

func (r *Result) fail(problem string) {
	r.Wrong++
	if r.Problem == "" {
		r.Problem = problem
	}
}
