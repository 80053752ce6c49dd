package sessiontest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// scene is where a story happens: one browser and its session, in a store that may fail and is
// shared with other scenes.
type scene struct {
	probe   // over the store itself
	story   story
	way     way
	faulty  *Faulty
	m       *session.Manager // over faulty
	healthy *session.Manager // over the store itself, with all the time that a busy machine needs
	now     time.Time
	subject string

	jar    jar
	id     store.ID // the session's record, zero for none
	others []store.ID
	digest store.Digest

	mu      sync.Mutex
	created []store.ID // by the story
	errs    []error    // that the manager told of, to whomever

	troubles []error  // that the store had by itself: no plan made them, and they are no answers of a store
	wrongs   []string // what is wrong, if the scene counts
}

// wrong notes what is wrong.
func (c *scene) wrong(format string, args ...any) {
	c.wrongs = append(c.wrongs, fmt.Sprintf(format, args...))
}

// watched performs a call of the store itself and notes the store's own errors.
func (c *scene) watched(call func() error) error {
	err := call()
	for _, answer := range []error{nil, store.ErrNotFound, store.ErrConflict, store.ErrExists} {
		if errors.Is(err, answer) {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.troubles = append(c.troubles, err)
	return err
}

// noting is a store that remembers what was created.
type noting struct {
	store.Store
	c *scene
}

func (n noting) Create(ctx context.Context, r store.Record) error {
	n.c.mu.Lock()
	n.c.created = append(n.c.created, r.ID)
	n.c.mu.Unlock()
	return n.Store.Create(ctx, r)
}

// way is how a story comes to its session.
type way string

const (
	byCookie way = ""
	byKey    way = "by key, "
)

// newScene prepares a story up to its beginning, and reports whether that could be done. It may be
// called by many goroutines at once.
func newScene(p probe, st story, how way, saveTimeout time.Duration) (c *scene, ok bool) {
	own := Fault(p.Store, Plan{})
	c = &scene{probe: probe{p.T, own}, story: st, way: how, now: past, subject: "ada " + rand.Text(), jar: jar{}}
	own.around = c.watched
	c.faulty = Fault(noting{own, c}, Plan{})
	err := c.prepare(saveTimeout)
	if err != nil {
		c.wrong("preparing: %v", err)
	}
	return c, err == nil
}

// prepare makes the managers, the browser and its session.
func (c *scene) prepare(saveTimeout time.Duration) error {
	st := c.story
	first, second := []byte("the first key of a scene: "+rand.Text()), []byte("the second key of a scene: "+rand.Text())
	oldKeys, err := session.NewKeyRing(first)
	if err != nil {
		return err
	}
	keys := oldKeys
	if st.newKey {
		if keys, err = session.NewKeyRing(second, first); err != nil {
			return err
		}
	}
	clock := func() time.Time { return c.now } // moves only between requests
	allowed := 0                               // as many as is usual
	if c.healthy, err = session.New(session.Config{Keys: oldKeys, Home: session.Home{Store: c.Store}, Now: clock, SaveTimeout: time.Hour}); err != nil {
		return err
	}
	for range st.others {
		allowed = st.others
		other := jar{}
		other.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignIn(c.subject) })
		other.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			id, _ := s.ID()
			c.others = append(c.others, id)
		})
		c.now = c.now.Add(time.Second)
	}
	c.m, err = session.New(session.Config{
		Keys: keys, Home: session.Home{Store: c.faulty}, Now: clock, SaveTimeout: saveTimeout, MaxPerSubject: allowed,
		Observe: func(_ context.Context, e session.Event) { c.note(e.Err) },
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			c.note(err)
			session.DefaultErrorHandler(w, r, err)
		},
	})
	if err != nil || st.before == nil {
		return err
	}
	c.jar.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { st.before(s, c.subject) })
	c.jar.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { c.id, _ = s.ID() })
	r, err := c.Load(c.Context(), c.id, c.now)
	if err != nil {
		return err
	}
	c.digest = r.Digest
	c.now = c.now.Add(st.later)
	if st.newKey { // whatever follows may come with a cookie under the new key
		c.healthy, err = session.New(session.Config{Keys: keys, Home: session.Home{Store: c.Store}, Now: clock, SaveTimeout: time.Hour})
	}
	return err
}

func (c *scene) request() *http.Request {
	return httptest.NewRequest(http.MethodPost, "/", nil).WithContext(c.Context())
}

func (c *scene) note(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// told reports whether a made up failure was told as what it is.
func (c *scene) told() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.errs, func(err error) bool { return errors.Is(err, ErrFault) })
}

// meanwhile is another request of the same browser, while the one of s is under way. It reaches the
// store whatever the plan says.
func (c *scene) meanwhile(s *session.Session, f func(s *session.Session)) {
	if s.Err() != nil {
		return
	}
	maps.Clone(c.jar).visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { f(s) })
}

// The handler's own mark, which no error page may bear.
const marker = "the-handler's"

// play runs the story with a manager. It returns what the browser got, and whether the story was
// acknowledged.
func (c *scene) play(m *session.Manager) (a answer, ok bool) {
	if c.story.call != nil {
		err := c.story.call(c.Context(), m, c.subject, c.id)
		c.note(err)
		return answer{}, err == nil
	}
	visit := c.jar.visit
	if c.way == byKey {
		visit = c.jar.visitByKey
	}
	a = visit(m, c.request(), func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.Header().Set("X-Handler", marker)
		http.SetCookie(w, &http.Cookie{Name: "other", Value: marker})
		c.story.do(s, c)
		w.WriteHeader(http.StatusAccepted)
		who := ""
		if c.story.name != "nothing" {
			who = s.Subject()
		}
		_, _ = io.WriteString(w, marker+who)
		if c.way == byKey {
			c.note(s.Err()) // no ErrorHandler is told
		}
	})
	delete(c.jar, "other")
	return a, a.status == http.StatusAccepted
}

// who asks who is signed in, with the cookies of a browser.
func (c *scene) who(j jar) (subject string) {
	j.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { subject = s.Subject() })
	return subject
}

// state describes all that the store holds of the story, in words that are the same for every scene
// of it.
func (c *scene) state() string {
	c.mu.Lock()
	ids := slices.Concat([]store.ID{c.id}, c.others, c.created)
	c.mu.Unlock()
	var b strings.Builder
	for i, id := range ids {
		r, err := c.Load(c.Context(), id, c.now)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			fmt.Fprintf(&b, "record %d: %v\n", i, err)
			continue
		}
		fmt.Fprintf(&b, "record %d: subject %q, version %d, key renewed %t, seen %v, expires %v, deadline %v, signed in %v, values",
			i, strings.Replace(r.Subject, c.subject, "ada", 1), r.Version, r.Digest != c.digest,
			r.LastSeen.Sub(past), r.Expires.Sub(past), r.Deadline.Sub(past), r.SignedIn)
		for _, key := range slices.Sorted(maps.Keys(r.Values)) {
			name, _, flash := strings.Cut(key, ".")
			if !flash {
				name = key
			}
			fmt.Fprintf(&b, " %s=%s", name, r.Values[key])
		}
		b.WriteString("\n")
	}
	return b.String()
}
