package main

import (
	"slices"
	"time"
)

// samples are times that something took.
type samples []time.Duration

// percentile gives the smallest time that p percent of them do not exceed, to three digits.
func (s samples) percentile(p int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return round(sorted[max(0, (len(sorted)*p+99)/100-1)])
}

func round(d time.Duration) time.Duration {
	unit := time.Nanosecond
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit)
}
