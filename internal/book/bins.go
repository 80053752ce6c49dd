package book

import "time"

// Outcome is the class of a status code that Minute.Outcome counts under: "2xx", "3xx", "4xx" or
// "5xx". A status that belongs to none is 2xx below 200 (101, a connection handed over) and 5xx
// when it is none at all.
func Outcome(status int) string {
	switch {
	case status >= 100 && status < 300:
		return "2xx"
	case status >= 300 && status < 400:
		return "3xx"
	case status >= 400 && status < 500:
		return "4xx"
	}
	return "5xx"
}

// Counts reports whether an entry counts among the requests of its minute: one of which nobody
// knows how it ended, as in the original application's logs, does not.
func (e *Entry) Counts() bool { return e.Type == Request && e.Status != 0 }

// Bin is how many requests ended in which way in one stretch of time: a bar of the plot.
type Bin struct {
	At                                          time.Time // the stretch's first moment
	Success, Redirect, ClientError, ServerError int       // 2xx, 3xx, 4xx, 5xx
}

// Total is how many requests there were.
func (b Bin) Total() int { return b.Success + b.Redirect + b.ClientError + b.ServerError }

// Bins adds the counts per minute up into n stretches of length step, the first from start on.
// Minutes outside are left out, stretches without requests are zero. It gives nil when n or step is
// not above zero.
func Bins(minutes []Minute, start time.Time, step time.Duration, n int) []Bin {
	if n <= 0 || step <= 0 {
		return nil
	}
	bins := make([]Bin, n)
	for i := range bins {
		bins[i].At = start.Add(time.Duration(i) * step)
	}
	for _, m := range minutes {
		d := m.At.Sub(start)
		if d < 0 || d/step >= time.Duration(n) {
			continue
		}
		b := &bins[d/step]
		switch m.Outcome {
		case "2xx":
			b.Success += m.Count
		case "3xx":
			b.Redirect += m.Count
		case "4xx":
			b.ClientError += m.Count
		default:
			b.ServerError += m.Count
		}
	}
	return bins
}
