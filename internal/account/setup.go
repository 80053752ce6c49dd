package account

import "time"

// SetupMost is the longest that a setup link can have left. One that has more was made while the
// clock ran ahead, and nobody knows how old it is.
const SetupMost = time.Hour

// SetupOpen reports whether a setup link that expires then is good at now.
func SetupOpen(expires, now time.Time) bool {
	left := expires.Sub(now)
	return left > 0 && left <= SetupMost
}
