package book

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/network"
)

// What the Action of a request says, where it says something. These are no events: what people did
// is looked for among activities, and would not be found among them.
const (
	RequestRefused  = "refused" // the gate did not let it pass to the application; Rule says why
	RequestOfAssets = "assets"  // the sum of the requests that Recorder.Asset was told of in one minute
)

// mostPeople is how many pairs of a person and an application have an entry for their assets in one
// minute; the rest are told together for each application. There are never more of these entries
// than there would be of requests.
const mostPeople = 1000

// Asset is a request for what a page of an application is made of: an image, a style, a script, a
// font.
type Asset struct {
	Application string
	User        string // id of who is signed in, "" for a stranger
	UserName    string
	Addr        string // whence, of a stranger
}

// Asset counts a request that is not worth an entry of its own. It is told in one request entry for
// each minute and application, and each person (up to 1000) or, of strangers, each address (IPv6:
// each /64; up to 100). It waits for nothing.
func (r *Recorder) Asset(a Asset) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	if r.closed {
		return
	}
	r.turn(now)
	r.assets.add(now, a)
}

// assets counts what Recorder.Asset is told of. It needs its owner's lock.
type assets struct {
	minute    time.Time
	people    int // pairs of a person and an application in seen
	strangers int // pairs of an address and an application in seen
	seen      map[assetsOf]*assetCount
}

// assetsOf is what is counted together. Of a person there is no network. What has neither stands
// for all others.
type assetsOf struct {
	application, user string
	from              network.Network
}

type assetCount struct {
	n    int
	name string // of the person
}

func newAssets() assets { return assets{seen: map[assetsOf]*assetCount{}} }

func (s *assets) add(now time.Time, a Asset) {
	if len(s.seen) == 0 {
		s.minute = now.Truncate(time.Minute)
	}
	key, places, most := assetsOf{application: a.Application, user: a.User}, &s.people, mostPeople
	if a.User == "" {
		key.from, places, most = network.Of(a.Addr), &s.strangers, mostSummaries
	}
	c := s.seen[key]
	if c == nil && *places >= most {
		key, a.UserName = assetsOf{application: a.Application}, ""
		c = s.seen[key]
	} else if c == nil {
		*places++
	}
	if c == nil {
		c = &assetCount{name: a.UserName}
		s.seen[key] = c
	}
	c.n++
}

// summaries returns an entry for each count, and begins anew.
func (s *assets) summaries(now time.Time) []Entry {
	entries := make([]Entry, 0, len(s.seen))
	for key, c := range s.seen {
		what := "images, styles, scripts and fonts"
		if c.n == 1 {
			what = "image, style, script or font"
		}
		application := InertName(key.application, maxWho)
		entries = append(entries, Entry{
			ID: id.New(now), Type: Request, CreatedAt: now, Action: RequestOfAssets, ClientAddr: key.from.String(),
			User: key.user, UserName: InertName(c.name, maxWho), Application: application,
			Text: fmt.Sprintf("%d %s of %s in the minute of %s", c.n, what, application, s.minute.UTC().Format("15:04 UTC")),
		})
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Application, b.Application), cmp.Compare(a.User, b.User), cmp.Compare(a.ClientAddr, b.ClientAddr))
	})
	*s = newAssets()
	return entries
}
