package httpx

import (
	"sync"
	"time"
)

// tellEvery is how often at most the log tells of one application that gives no answers: while it is
// away each request of whoever comes by would be a line.
const tellEvery = 10 * time.Second

// outages is what the log was told of applications that give no answers. The zero value is ready; it
// is safe for concurrent use.
type outages struct {
	mu sync.Mutex
	by map[string]outage // by the name of the application
}

type outage struct {
	told time.Time // the last time
	kept int       // how many the log was not told of since
}

// tells reports whether the log is told of one more request that an application gave no answer to,
// and how many before it were kept from it.
func (o *outages) tells(application string, now time.Time) (tells bool, kept int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was, known := o.by[application]
	if ago := now.Sub(was.told); known && ago >= 0 && ago < tellEvery {
		was.kept++
		o.by[application] = was
		return false, 0
	}
	if o.by == nil {
		o.by = map[string]outage{}
	}
	o.by[application] = outage{told: now}
	return true, was.kept
}
