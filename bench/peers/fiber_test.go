package peers_test

import (
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/session"
	"github.com/valyala/fasthttp"
)

// peerFiber is the session middleware of github.com/gofiber/fiber with its memory storage and
// default settings.
type peerFiber struct{ handler fasthttp.RequestHandler }

// todo is where a request carries what its handler is to do.
const todo = "todo"

func newFiber() peerFiber {
	app := fiber.New()
	app.Use(session.New(session.Config{Store: session.NewStore()}))
	app.Get("/", func(c fiber.Ctx) error {
		c.RequestCtx().UserValue(todo).(func(access))(inFiber{session.FromContext(c)})
		return nil
	})
	return peerFiber{app.Handler()}
}

func (peerFiber) pass() {} // it writes every use down

func (p peerFiber) do(cookie string, what func(access)) (next string) {
	var c fasthttp.RequestCtx
	c.Init(&fasthttp.Request{}, nil, nil)
	c.Request.Header.SetMethod(fasthttp.MethodGet)
	c.Request.SetRequestURI("/")
	if cookie != "" {
		c.Request.Header.Set("Cookie", cookie)
	}
	c.SetUserValue(todo, what)
	p.handler(&c)
	next = cookie
	for name, line := range c.Response.Header.Cookies() {
		var set fasthttp.Cookie
		if err := set.ParseBytes(line); err != nil {
			continue
		}
		if next = string(name) + "=" + string(set.Value()); len(set.Value()) == 0 {
			next = ""
		}
	}
	return next
}

type inFiber struct{ s *session.Middleware }

func (f inFiber) get(key string) string { v, _ := f.s.Get(key).(string); return v }
func (f inFiber) set(key, value string) { f.s.Set(key, value) }
func (f inFiber) signIn()               { _ = f.s.Regenerate() }
func (f inFiber) signOut()              { _ = f.s.Destroy() }
