package bench_test

import (
	"bytes"
	"encoding/gob"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/session"
	"github.com/valyala/fasthttp"
)

// peerFiber is the session middleware of github.com/gofiber/fiber with its memory storage and
// default settings: no signature, keys stored as they are. It stands on fasthttp instead of
// net/http, so its figures hold the router and the pooled context of fiber, which net/http's hold
// neither of; and it saves at every request, used or not.
type peerFiber struct{ store *session.Store }

func newFiber(tb testing.TB) peerFiber {
	gob.Register(person{})
	gob.Register(developer{})
	store := session.NewStore()
	tb.Cleanup(func() { _ = store.Storage.Close() })
	return peerFiber{store}
}

func (p peerFiber) pass(what work, cookie string) pass {
	middleware, _ := session.NewWithStore(session.Config{Store: p.store})
	app, body := fiber.New(), []byte("fine")
	app.Use(middleware)
	app.Get("/", func(c fiber.Ctx) error {
		right := true
		switch what {
		case fill, fillStruct:
			s := session.FromContext(c)
			s.Set(nameKey, nameValue)
			s.Set(langKey, langValue)
			s.Set(pageKey, pageValue)
			if what == fillStruct {
				s.Set(plainKey, byron())
				s.Set(structKey, ada())
			}
		case read:
			right = session.FromContext(c).Get(nameKey) == nameValue
		case readPlain:
			right = session.FromContext(c).Get(plainKey) == byron()
		case readStruct:
			got, ok := session.FromContext(c).Get(structKey).(developer)
			right = ok && got.equal(ada())
		case write:
			session.FromContext(c).Set(pageKey, newPageValue)
		case readWrite:
			s := session.FromContext(c)
			right = s.Get(nameKey) == nameValue
			s.Set(pageKey, newPageValue)
		case written:
			right = session.FromContext(c).Get(pageKey) == newPageValue
		case absent:
			right = session.FromContext(c).Get(nameKey) == nil
		}
		if !right {
			c.Status(fiber.StatusInternalServerError)
			return nil
		}
		return c.Send(body)
	})
	w := &fastPass{handler: app.Handler(), line: cookie}
	w.ctx.Init(&w.ctx.Request, nil, nil)
	w.ctx.Request.Header.SetMethod(fasthttp.MethodGet)
	w.ctx.Request.SetRequestURI("/")
	w.ctx.Request.Header.Set("User-Agent", userAgent)
	w.ctx.Request.Header.Set("Accept", accept)
	w.ctx.Request.Header.Set("Accept-Language", acceptLanguage)
	return w
}

// fastPass is a pass through a handler of fasthttp, with the request and response in memory that
// its server would use again and again for one connection.
type fastPass struct {
	handler fasthttp.RequestHandler
	ctx     fasthttp.RequestCtx
	line    string
}

func (p *fastPass) run() {
	p.ctx.Response.Reset()
	p.ctx.ResetUserValues()
	p.ctx.Request.Header.DelAllCookies()
	if p.line != "" {
		p.ctx.Request.Header.Set("Cookie", p.line) // taken apart here, as each request of a server is
	}
	p.handler(&p.ctx)
}

func (p *fastPass) status() int               { return p.ctx.Response.StatusCode() }
func (p *fastPass) header(name string) string { return string(p.ctx.Response.Header.Peek(name)) }

func (p *fastPass) cookie() string {
	pair, _, _ := bytes.Cut(p.ctx.Response.Header.Peek("Set-Cookie"), []byte(";"))
	return string(pair)
}
