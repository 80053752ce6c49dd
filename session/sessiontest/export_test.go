package sessiontest

import "time"

// SetPatience replaces how long a store may take inside of Each's yield, for a store that is known
// to wait for ever.
func SetPatience(d time.Duration) { patience = d }
