package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// measureIdle opens WebSockets that say nothing, and prints what one of them takes.
func measureIdle(ctx context.Context, o options, all []*contestant, w io.Writer) error {
	if o.idle == 0 {
		return nil
	}
	fmt.Fprintf(w, "\n%d idle WebSockets:\n\n| | memory before | after | each |\n|---|--:|--:|--:|\n", o.idle)
	for _, c := range all {
		before, err := c.residentMB()
		if err != nil {
			return err
		}
		after, err := c.holding(ctx, o.idle)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(w, "| %s | %.1f MB | %.1f MB | %.1f KB |\n", c.name, before, after, (after-before)*1e6/1024/float64(o.idle))
	}
	return nil
}

// holding returns the memory that a contestant has while so many WebSockets are open.
func (c *contestant) holding(ctx context.Context, many int) (mb float64, err error) {
	for range many {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.Close() }()
		cookie := ""
		if c.cookies != "" {
			cookie = "Cookie: " + c.cookies + "\r\n"
		}
		if _, err := fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %[1]s\r\nOrigin: http://%[1]s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%[2]s\r\n", c.addr, cookie); err != nil {
			return 0, err
		}
		resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 1024), nil)
		if err != nil {
			return 0, err
		}
		if resp.StatusCode != http.StatusSwitchingProtocols {
			return 0, fmt.Errorf("status %d", resp.StatusCode)
		}
	}
	if err := pause(ctx, 3*time.Second); err != nil { // what opening them took is given back by then, where it is
		return 0, err
	}
	return c.residentMB()
}

// measureDownload prints the most memory that a contestant had during a download.
func measureDownload(ctx context.Context, o options, all []*contestant, w io.Writer) error {
	if o.download == 0 {
		return nil
	}
	fmt.Fprintf(w, "\nA download of %d MB:\n\n| | memory before | most | seconds | processor time |\n|---|--:|--:|--:|--:|\n", o.download>>20)
	for _, c := range all {
		before, err := c.residentMB()
		if err != nil {
			return err
		}
		begin, cpu := time.Now(), c.cpu()
		most, err := c.downloading(ctx, o.download)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(w, "| %s | %.1f MB | %.1f MB | %.1f | %.2f s |\n", c.name, before, most, time.Since(begin).Seconds(), (c.cpu() - cpu).Seconds())
	}
	return nil
}

func (c *contestant) downloading(ctx context.Context, size int64) (most float64, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/big?size=%d", c.addr, size), nil)
	if err != nil {
		return 0, err
	}
	if c.cookies != "" {
		r.Header.Set("Cookie", c.cookies)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	var read atomic.Int64
	done := make(chan error, 1)
	go func() {
		n, err := io.Copy(io.Discard, resp.Body)
		read.Store(n)
		done <- err
	}()
	for {
		mb, err := c.residentMB()
		if err != nil {
			return 0, err
		}
		most = max(most, mb)
		select {
		case err := <-done:
			if err == nil && (resp.StatusCode != http.StatusOK || read.Load() != size) {
				err = fmt.Errorf("status %d, %d bytes", resp.StatusCode, read.Load())
			}
			return most, err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
