package account

import "time"

// Within reports whether what was noted at some time is at most that long ago by now. Of what is
// further ahead than clocks may differ nobody knows how long ago it was.
func Within(limit time.Duration, noted, now time.Time) bool {
	ago := now.Sub(noted)
	return ago <= limit && ago >= -Skew
}
