package config_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/config"
)

func TestStay(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, c := range []struct {
		idle, remember         string
		wantIdle, wantRemember time.Duration
		fails                  bool
	}{
		{"", "", 0, 0, false},
		{"2h", "30d", 2 * time.Hour, 30 * day, false},
		{"5m", "24h", 5 * time.Minute, day, false},
		{"24h", "400d", day, 400 * day, false},
		{"90m", "0", 90 * time.Minute, 0, false},
		{"4m", "30d", 0, 0, true},
		{"25h", "30d", 0, 0, true},
		{"2h", "23h", 0, 0, true},
		{"2h", "401d", 0, 0, true},
		{"0", "30d", 0, 0, true},
		{"2", "30d", 0, 0, true},
		{"-2h", "30d", 0, 0, true},
		{"+2h", "30d", 0, 0, true},
		{"1.5h", "30d", 0, 0, true},
		{"h", "30d", 0, 0, true},
		{"2h30m", "30d", 0, 0, true},
		{"2h", "99999999999999999999d", 0, 0, true},
	} {
		idle, remember, err := config.Stay{SessionIdle: c.idle, Remember: c.remember}.Times()
		if (err != nil) != c.fails || err == nil && (idle != c.wantIdle || remember != c.wantRemember) {
			t.Errorf("%q, %q: %v, %v, %v", c.idle, c.remember, idle, remember, err)
		}
	}
}
