// Package span is how settings and files write a time that something may take: 30m, 2h, 30d.
package span

import (
	"strconv"
	"strings"
	"time"
)

// unit is what a time is counted in.
type unit struct {
	letter string
	length time.Duration
}

func units() []unit { return []unit{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} }

// Parse reads a whole number of days, hours or minutes; false for anything else.
func Parse(text string) (time.Duration, bool) {
	for _, u := range units() {
		digits, ok := strings.CutSuffix(text, u.letter)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 16)
		return time.Duration(n) * u.length, err == nil
	}
	return 0, false
}

// String writes a time as Parse reads it.
func String(d time.Duration) string {
	for _, u := range units() {
		if d%u.length == 0 {
			return strconv.Itoa(int(d/u.length)) + u.letter
		}
	}
	return d.String()
}
