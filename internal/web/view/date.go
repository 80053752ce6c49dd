package view

import "time"

// form is how much of a time is written. The script that shows times in the viewer's zone tells
// them apart by length.
type form int

const (
	stampForm  form = iota // 2006-01-02T15:04:05Z, for machines
	secondForm             // 2006-01-02 15:04:05
	minuteForm             // 2006-01-02 15:04
	clockForm              // 15:04
)

// date is a time in UTC, written as in stampForm, and once more with a space for the T. It costs a
// fourth of what time.Time.AppendFormat does; a dashboard writes some two hundred.
type date struct {
	stamp [20]byte
	plain [19]byte
}

// write takes a time apart. Years outside 0 to 9999, which no entry has, are written as the nearest
// of them.
func write(t time.Time) date {
	var d date
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	year = min(max(year, 0), 9999)
	s := &d.stamp
	copy(s[:], "0000-00-00T00:00:00Z")
	two := func(at, n int) { s[at], s[at+1] = byte('0'+n/10), byte('0'+n%10) }
	two(0, year/100)
	two(2, year%100)
	two(5, int(month))
	two(8, day)
	two(11, hour)
	two(14, minute)
	two(17, second)
	copy(d.plain[:], s[:19])
	d.plain[10] = ' '
	return d
}

func (d *date) in(f form) []byte {
	switch f {
	case secondForm:
		return d.plain[:]
	case minuteForm:
		return d.plain[:16]
	case clockForm:
		return d.plain[11:16]
	default:
		return d.stamp[:]
	}
}
