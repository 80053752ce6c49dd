package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

func TestStory(t *testing.T) {
	registry := prometheus.NewRegistry()
	public := site(browser.Sessions(t, session.Config{Observe: observe(registry)}))
	browser.Story(t, public)

	const want = `
# HELP session_events_total What happened to sessions, by kind.
# TYPE session_events_total counter
session_events_total{kind="created"} 1
session_events_total{kind="ended"} 1
session_events_total{kind="load failed"} 0
session_events_total{kind="revived"} 1
session_events_total{kind="save failed"} 0
session_events_total{kind="signed in"} 1
session_events_total{kind="unreadable"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}

	page := httptest.NewRecorder()
	metrics(registry).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(page.Body.String(), `session_events_total{kind="created"} 1`) {
		t.Errorf("/metrics: %s", page.Body)
	}
	if p := browser.New(t, public).Get("/metrics"); strings.Contains(p.Body, "session_events_total") {
		t.Errorf("the public site shows the counters: %s", p.Body)
	}
}
