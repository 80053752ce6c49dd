package flask

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// Config is what a program must know of the Flask application beside it. SecretKey is required.
type Config struct {
	// SecretKey is app.secret_key, byte for byte (text as UTF-8).
	SecretKey []byte
	// Fallbacks is app.config["SECRET_KEY_FALLBACKS"] (Flask 3.1 and later): keys that still
	// verify. Empty ones are refused, and so are lists that look like one key spelled out letter by
	// letter; Flask takes both, and anybody can forge then.
	Fallbacks [][]byte
	// Salt and Digest are those of the session interface, for applications that changed them.
	// They default to "cookie-session" and SHA-1.
	Salt   string
	Digest func() hash.Hash
	// Lifetime is app.permanent_session_lifetime, which Flask holds against the age of every
	// cookie. Defaults to 31 days.
	Lifetime time.Duration
	// Leeway is by how much the other side's clock may be ahead of this one's. Defaults to 0, as in
	// Flask, where one second is enough to be nobody.
	Leeway time.Duration
	// Subject says who is signed in by what a session holds, "" for nobody. Defaults to
	// Flask-Login's: the text under "_user_id", which then is also written when somebody signs in
	// here. With a Subject of your own whoever calls Session.SignIn also sets what it reads: a save
	// of a session whose values say something else fails.
	Subject func(v Values) string
}

// Values are what a session holds, by key.
type Values map[string][]byte

// Get reads one value into what v points to, by the rules of Codec. It reports false if there is
// none that reads so.
func (v Values) Get(key string, value any) bool {
	b, ok := v[key]
	return ok && Codec{}.Unmarshal(b, value) == nil
}

// Sessions returns the configuration of a session.Manager that shares Flask's cookie. What base
// says stays, but for Home.Format; what it leaves open becomes what goes with Flask: the cookie's name
// "session", limits of Lifetime both without use and in all, Codec, and keys (for what else the
// Manager signs) that are derived from SecretKey. A cookie that is only read is sent again once a
// day, so that Flask does not find it too old.
//
// Give keys of your own if the Flask application lets people choose the names of values in their
// sessions: with the derived ones its developers could end sessions here, and nobody else could.
//
// With a Store in base each session of somebody who is signed in has a companion record there: see
// session.Home. Without one nothing can be listed or ended.
func (c Config) Sessions(base session.Config) (session.Config, error) {
	if c.Lifetime == 0 {
		c.Lifetime = DefaultMaxAge
	}
	limits := session.Lifetime{Idle: c.Lifetime, Absolute: c.Lifetime}
	if base.Lifetime == (session.Lifetime{}) {
		base.Lifetime = limits
	}
	if base.Remembered == (session.Lifetime{}) {
		base.Remembered = limits
	}
	if base.Home.Cookie.Name == "" {
		base.Home.Cookie.Name = "session"
	}
	if base.Home.Store == nil && base.TouchEvery == 0 { // the cookie itself would be sent each time, as Flask would not
		base.TouchEvery = min(24*time.Hour, c.Lifetime/4)
	}
	if base.Codec == nil {
		base.Codec = Codec{}
	}
	if base.Now == nil {
		base.Now = time.Now
	}
	if base.Keys == nil {
		derived := sha256.Sum256(append([]byte("doorbook/session keys beside Flask\x00"), c.SecretKey...))
		keys, err := session.NewKeyRing(derived[:])
		if err != nil {
			return base, err
		}
		base.Keys = keys
	}
	carrier, err := c.carrier(base.Now)
	if err != nil {
		return base, err
	}
	base.Home.Format = carrier
	return base, nil
}

// Home returns the place where sessions live that share Flask's cookie, for session.Config.Old,
// once the Flask application is switched off. The store is that of their companion records, nil if
// there were none. now is the clock, nil for time.Now. While Old names it keep Codec, unless all
// values are plain JSON, and in the ring the Keys of before: they sign what the cookie says of its
// companion record, and a cookie whose word cannot be checked signs nobody in. (If there were none
// they were derived; Sessions returns them.)
func (c Config) Home(st store.Store, cookie session.Cookie, now func() time.Time) (session.Home, error) {
	made, err := c.Sessions(session.Config{Home: session.Home{Store: st, Cookie: cookie}, Now: now})
	return made.Home, err
}

func (c Config) carrier(now func() time.Time) (*carrier, error) {
	if c.Lifetime < time.Second || c.Leeway < 0 {
		return nil, fmt.Errorf("flask: a lifetime of %v, a leeway of %v", c.Lifetime, c.Leeway)
	}
	signer, err := NewSigner(Keys{Secret: c.SecretKey, Fallbacks: c.Fallbacks, Salt: c.Salt, Digest: c.Digest})
	if err != nil {
		return nil, err
	}
	signer = signer.Limit(Limits{Cookie: 4096, JSON: 256 << 10, Leeway: c.Leeway}) // what browsers keep, and a session may hold
	return &carrier{signer: signer, now: now, maxAge: c.Lifetime, subject: c.Subject}, nil
}
