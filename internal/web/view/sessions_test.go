package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/web/view"
)

// TestHowLongAgo: in words, with the moment in the title; of what is old, the day; a clock that is
// ahead is no matter.
func TestHowLongAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 31, 13, 24, 5, 0, time.UTC)
	for ago, want := range map[time.Duration]string{
		-time.Hour: "just now", 0: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago",
		59 * time.Minute: "59 minutes ago", time.Hour: "1 hour ago", 23*time.Hour + 59*time.Minute: "23 hours ago",
		24 * time.Hour: "1 day ago", 30 * 24 * time.Hour: "30 days ago", 31 * 24 * time.Hour: "on 2026-06-30",
	} {
		at := now.Add(-ago)
		html := render(t, view.Sessions(view.SessionsPage{Now: now, Devices: []view.Device{{LastSeen: at}}}))
		whole := `last used <time datetime="` + at.Format("2006-01-02T15:04:05Z") + `" title="` + at.Format("2006-01-02 15:04:05") + ` UTC">` + want + `</time>`
		if !strings.Contains(html, whole) {
			t.Errorf("%v ago: no %s in %s", ago, whole, html)
		}
	}
}
