package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// health answers the probes: alive while the process answers at all, ready while the databases can
// be written.
type health struct {
	databases func(context.Context) error
	recorder  *book.Recorder
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	checked time.Time
	err     error
}

func newHealth(databases func(context.Context) error, recorder *book.Recorder, log *slog.Logger, now func() time.Time) *health {
	return &health{databases: databases, recorder: recorder, log: log, now: now}
}

func (h *health) handlers() map[string]httpx.Handler {
	return map[string]httpx.Handler{"GET /healthz": h.alive, "GET /readyz": h.ready}
}

func (h *health) alive(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
	return say(w, http.StatusOK, "ok\n")
}

func (h *health) ready(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
	if err := h.recorder.Healthy(); err != nil {
		return say(w, http.StatusServiceUnavailable, "not ready: the book cannot be written\n")
	}
	if err := h.check(r.Context()); err != nil {
		return say(w, http.StatusServiceUnavailable, "not ready: a database cannot be written\n")
	}
	return say(w, http.StatusOK, "ready\n")
}

// check asks the databases at most once a second, however many ask: probes are open to strangers.
func (h *health) check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now().Sub(h.checked) < time.Second {
		return h.err
	}
	was := h.err
	h.err = h.databases(context.WithoutCancel(ctx))
	h.checked = h.now()
	if h.err != nil && was == nil {
		h.log.Error("not ready", "error", h.err)
	}
	return h.err
}

func say(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
	return nil
}
