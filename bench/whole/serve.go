package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// What every session holds, and what an answer says that found it.
const (
	nameKey, nameValue = "name", "Ada Lovelace"
	langKey, langValue = "language", "en-GB"
	pageKey, pageValue = "last_page", "/developers?sort=name"
	fine               = "fine"
)

// serve is the server of one contestant. It goes on until the process is asked to end.
func serve(args []string) error {
	if len(args) != 6 {
		return fmt.Errorf("usage: whole serve CONTESTANT ADDR DIR REDIS-SOCKET PROFILE WRITES")
	}
	name, addr, dir, socket, profile := args[0], args[1], args[2], args[3], args[4]
	writes, err := strconv.Atoi(args[5])
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if profile != "" {
		to, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(to); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	handler, err := handlerOf(ctx, name, dir, socket, writes)
	if err != nil {
		return err
	}
	// The heap of a small server: on an empty one the garbage collector would be a good part of
	// every figure.
	heap := make([]byte, 64<<20)
	defer runtime.KeepAlive(heap)
	server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return server.ListenAndServe()
}

// handlerOf returns the pages of a contestant. Of so many requests for /read one changes a value.
func handlerOf(ctx context.Context, name, dir, socket string, writes int) (http.Handler, error) {
	for _, c := range contestants() {
		if c.name != name {
			continue
		}
		s, err := c.open(ctx, dir, socket)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		pages := http.NewServeMux()
		pages.HandleFunc("/fill", func(w http.ResponseWriter, r *http.Request) {
			err := s.set(w, r, nameKey, nameValue, langKey, langValue, pageKey, pageValue)
			answer(w, err == nil)
		})
		var asked atomic.Int64
		pages.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
			right := s.get(r, nameKey) == nameValue
			if n := asked.Add(1); writes > 0 && n%int64(writes) == 0 {
				right = s.set(w, r, pageKey, "/logs?page="+strconv.FormatInt(n, 10)) == nil && right
			}
			answer(w, right)
		})
		all := http.NewServeMux()
		all.Handle("/", s.middleware(pages))
		all.HandleFunc("/used", func(w http.ResponseWriter, _ *http.Request) {
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_, _ = io.WriteString(w, strconv.FormatInt(u.Utime.Nano()+u.Stime.Nano(), 10))
		})
		return all, nil
	}
	return nil, fmt.Errorf("no contestant of the name %q", name)
}

func answer(w http.ResponseWriter, right bool) {
	if !right {
		http.Error(w, "not what was stored", http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, fine)
}
