package main

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

// target is a page under load.
type target struct {
	addr    string
	request []byte // the whole request, sent over and over
	status  int    // what the answer must be
	want    []byte // what its body must contain
}

func newTarget(addr, path, cookies string, status int, want string) target {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nUser-Agent: doorbook-bench\r\nAccept: text/html\r\n"
	if cookies != "" {
		request += "Cookie: " + cookies + "\r\n"
	}
	return target{addr: addr, request: []byte(request + "\r\n"), status: status, want: []byte(want)}
}

// result is what a load saw.
type result struct {
	right   int // answers with the right status and text
	wrong   int // everything else, broken connections too
	problem string
	took    time.Duration
	times   []time.Duration // of the right ones, sorted
	bytes   int             // of the last body
	cpu     time.Duration   // what the server used meanwhile, for the caller to fill in
	other   time.Duration   // what its database used, if it has a process of its own
}

func (r result) perSecond() float64 { return float64(r.right) / r.took.Seconds() }

// cpuPerAnswer is the server's processor time for one answer.
func (r result) cpuPerAnswer() time.Duration { return r.cpu / time.Duration(max(r.right, 1)) }

// otherPerAnswer is the database's.
func (r result) otherPerAnswer() time.Duration { return r.other / time.Duration(max(r.right, 1)) }

// quantile gives the time that a share q of the right answers did not exceed.
func (r result) quantile(q float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(int(q*float64(len(r.times))), len(r.times)-1)]
}

// load asks for the target over a number of connections that stay open as long as the server lets
// them, each sending its next request when the answer to the last is read, until the time is over
// or most answers have come (0: no such bound).
func load(ctx context.Context, t target, connections int, during time.Duration, most int) result {
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	parts := make([]result, connections)
	begin := time.Now()
	var all sync.WaitGroup
	for i := range parts {
		share := 0
		if most > 0 {
			share = max((most+connections-1)/connections, 1)
		}
		all.Go(func() { parts[i] = t.ask(ctx, during, share) })
	}
	all.Wait()
	sum := result{took: time.Since(begin)}
	for _, p := range parts {
		sum.right += p.right
		sum.wrong += p.wrong
		sum.times = append(sum.times, p.times...)
		sum.bytes = max(sum.bytes, p.bytes)
		if sum.problem == "" {
			sum.problem = p.problem
		}
	}
	slices.Sort(sum.times)
	return sum
}

// ask is the work of one connection.
func (t target) ask(ctx context.Context, during time.Duration, most int) (r result) {
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
	for ctx.Err() == nil && (most == 0 || r.right+r.wrong < most) {
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
			r.right++
			r.bytes = len(a.body)
			r.times = append(r.times, time.Since(begin))
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

func (r *result) fail(problem string) {
	r.wrong++
	if r.problem == "" {
		r.problem = problem
	}
}
