package server

import (
	"time"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

// Beside is a Flask application that shares our cookie, or did until it was switched off.
type Beside struct {
	Flask  flask.Config // its keys; Subject and Leeway are ours to say
	Cookie string       // the name of its session cookie
	Shared bool         // false: sessions in its cookie are still read, and go on in ours
}

// clockLeeway is by how much the Flask application's clock may be ahead. Flask itself takes a
// cookie from one second ahead for nobody's.
const clockLeeway = 2 * time.Second

// beside gives the Flask application of the settings, nil for none.
func beside(c Config) *Beside {
	if c.Secrets.Flask.Key == nil {
		return nil
	}
	return &Beside{
		Flask:  flask.Config{SecretKey: c.Secrets.Flask.Key, Fallbacks: c.Secrets.Flask.Fallbacks},
		Cookie: c.FlaskCookie, Shared: c.Sessions == config.SharedWithFlask,
	}
}

// cookies are the names of the cookies that sessions are in.
func (b *Beside) cookies(ours string) []string {
	if b == nil || b.Cookie == ours {
		return []string{ours}
	}
	return []string{ours, b.Cookie}
}

// join makes the configuration of sessions one that knows the Flask application's cookie.
func (b *Beside) join(c session.Config) (session.Config, error) {
	if b == nil {
		return c, nil
	}
	app := b.Flask
	app.Subject, app.Leeway = loggedIn, clockLeeway
	cookie := c.Home.Cookie
	cookie.Name = b.Cookie
	c.Codec = flask.Codec{}
	if b.Shared {
		c.Home.Cookie = cookie
		c.Lifetime, c.Remembered = session.Lifetime{}, session.Lifetime{} // those that go with Flask
		return app.Sessions(c)
	}
	// Until the key is taken away Flask's limit holds here, too: with our own, whoever signed in
	// yesterday would be out today.
	c.Lifetime = session.Lifetime{Idle: flask.DefaultMaxAge, Absolute: flask.DefaultMaxAge}
	c.Remembered = c.Lifetime
	var err error
	c.Old, err = app.Home(c.Home.Store, cookie, c.Now)
	return c, err
}

// loggedIn is who is signed in by the word of the original application: the developer under
// "loggedin_user", whose id is a text, or an ObjectId as MongoDB's JSON writes it.
func loggedIn(v flask.Values) string {
	var user map[string]any
	if !v.Get(string(door.LoggedInUser), &user) {
		return ""
	}
	text, _ := user["_id"].(string)
	if object, ok := user["_id"].(map[string]any); ok && len(object) == 1 {
		text, _ = object["$oid"].(string)
	}
	if !id.Valid(text) {
		return ""
	}
	return text
}
