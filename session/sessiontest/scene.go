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
)

// scene is where a story happens: one browser and its session, in a store that may fail and is
// shared with other scenes.
type scene struct {
	probe
	story   story
	faulty  *Faulty
	m       *session.Manager // over faulty
	healthy *session.Manager // over the store itself, with all the time that a busy machine needs
	now     time.Time
	subject string

	jar    jar
	id     session.ID // the session's record, zero for none
	others []session.ID
	digest session.Digest

	mu      sync.Mutex
	created []session.ID // by the story
	errs    []error      // that the manager told of, to whomever
}

// noting is a store that remembers what was created.
type noting struct {
	session.Store
	c *scene
}

func (n noting) Create(ctx context.Context, r session.Record) error {
	n.c.mu.Lock()
	n.c.created = append(n.c.created, r.ID)
	n.c.mu.Unlock()
	return n.Store.Create(ctx, r)
}

// newScene prepares a story up to its beginning. It may be called by many goroutines at once; it
// gives an error rather than end the test.
func newScene(p probe, st story, saveTimeout time.Duration) (*scene, error) {
	c := &scene{probe: p, story: st, now: past, subject: "ada " + rand.Text(), jar: jar{}}
	c.faulty = Fault(noting{p.Store, c}, Plan{})
	first, second := []byte("the first key of a scene: "+rand.Text()), []byte("the second key of a scene: "+rand.Text())
	oldKeys, err := session.NewKeyRing(first)
	if err != nil {
		return nil, err
	}
	keys := oldKeys
	if st.newKey {
		if keys, err = session.NewKeyRing(second, first); err != nil {
			return nil, err
		}
	}
	clock := func() time.Time { return c.now } // moves only between requests
	allowed := 0                               // as many as is usual
	if c.healthy, err = session.New(session.Config{Keys: oldKeys, Store: p.Store, Now: clock, SaveTimeout: time.Hour}); err != nil {
		return nil, err
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
		Keys: keys, Store: c.faulty, Now: clock, SaveTimeout: saveTimeout, MaxPerSubject: allowed,
		Observe: func(_ context.Context, e session.Event) { c.note(e.Err) },
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			c.note(err)
			session.DefaultErrorHandler(w, r, err)
		},
	})
	if err != nil || st.before == nil {
		return c, err
	}
	c.jar.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { st.before(s, c.subject) })
	c.jar.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { c.id, _ = s.ID() })
	r, err := p.Load(p.Context(), c.id, c.now)
	c.digest = r.Digest
	c.now = c.now.Add(st.later)
	if st.newKey { // whatever follows may come with a cookie under the new key
		c.healthy, err = session.New(session.Config{Keys: keys, Store: p.Store, Now: clock, SaveTimeout: time.Hour})
	}
	return c, err
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

// slow reports whether the store was slower by itself than the scene allowed.
func (c *scene) slow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.errs, func(err error) bool {
		return errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrFault)
	})
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

// play runs the story with a manager. It gives what the browser got, and whether the story was
// acknowledged.
func (c *scene) play(m *session.Manager) (a answer, ok bool) {
	if c.story.call != nil {
		err := c.story.call(c.Context(), m, c.subject, c.id)
		c.note(err)
		return answer{}, err == nil
	}
	a = c.jar.visit(m, c.request(), func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.Header().Set("X-Handler", marker)
		http.SetCookie(w, &http.Cookie{Name: "other", Value: marker})
		c.story.do(s, c)
		w.WriteHeader(http.StatusAccepted)
		who := ""
		if c.story.name != "nothing" {
			who = s.Subject()
		}
		_, _ = io.WriteString(w, marker+who)
	})
	delete(c.jar, "other")
	return a, a.status == http.StatusAccepted
}

// who asks who is signed in, with the cookies of a browser.
func (c *scene) who(j jar) (subject string) {
	j.visit(c.healthy, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { subject = s.Subject() })
	return subject
}

// look loads a record. A call that was cut off may have left the store a broken connection, which is
// no fault of what it holds.
func (c *scene) look(id session.ID) (r session.Record, err error) {
	for range 3 {
		if r, err = c.Load(c.Context(), id, c.now); err == nil || errors.Is(err, session.ErrNotFound) {
			break
		}
	}
	return r, err
}

// state describes all that the store holds of the story, in words that are the same for every scene
// of it.
func (c *scene) state() string {
	c.mu.Lock()
	ids := slices.Concat([]session.ID{c.id}, c.others, c.created)
	c.mu.Unlock()
	var b strings.Builder
	for i, id := range ids {
		r, err := c.look(id)
		if errors.Is(err, session.ErrNotFound) {
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
