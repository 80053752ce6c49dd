package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/api"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// Parts are what a site is built of: the databases, by their interfaces, and how people reach it.
// Required are the repositories, Store, Ready, Passwords, Keys and Log.
type Parts struct {
	Accounts account.Repository
	Throttle account.Throttle
	Devices  account.Devices
	SignIns  account.SignIns
	Tokens   account.Tokens
	Hashes   account.Hashes // default: those of Passwords alone
	Entries  book.Repository
	Store    store.Store
	Ready    func(ctx context.Context) error // why the databases cannot be written, nil while they can

	Passwords    *passhash.Hasher
	Keys         *session.KeyRing
	Proxies      httpx.Proxies     // default: none
	AddrHeader   string            // in which they name a visitor's address; default: X-Forwarded-For
	Registration account.Fixed     // what is decided of who may register
	Idle         time.Duration     // without use an ordinary session ends; default: 2 hours
	Remember     time.Duration     // whoever asks to be kept signed in is, used or not; 0: nobody may ask
	Flask        *Beside           // a Flask application that shares the session cookie; default: none
	URL          string            // that people use, as config.PublicURL writes it; "" when it is not known
	Hosts        []string          // names under which the site is served besides that and those of one's own network
	Gate         func() *gate.Gate // the applications behind the door; default: there are none
	Proxy        httpx.Proxy       // carries requests to them; default: a *gate.Proxy
	CookiePrefix string            // before the names of our cookies, where another program is on the same host
	Secure       bool              // cookies are Secure
	HTTPS        bool              // the site is served over TLS
	Log          *slog.Logger
	Now          func() time.Time // default: time.Now

	HSTS httpx.HSTS // for which hosts browsers are told to use TLS; default: this one
}

// Site is the program without a listener: a handler, the use cases behind it, and the jobs it needs
// done.
type Site struct {
	Handler  http.Handler
	Door     *door.Door
	Sessions *session.Manager

	carries  *gate.Proxy // nil where nothing is carried, or by somebody else's
	recorder *book.Recorder
	jobs     []func(context.Context)
}

// Addresses tells where visitors come from.
func (p Parts) Addresses() httpx.Addresses {
	header := p.AddrHeader
	if header != "" {
		header = http.CanonicalHeaderKey(header)
	}
	return httpx.Addresses{Proxies: p.Proxies, Header: header}
}

// ordinary is how long a session lasts at most whose owner did not ask to be kept signed in.
const ordinary = 24 * time.Hour

// NewSite puts the parts together. Nothing runs before Background is called.
func NewSite(p Parts) (*Site, error) {
	if p.Now == nil {
		p.Now = time.Now
	}
	recorder := book.NewRecorder(book.RecorderConfig{Repo: p.Entries, Clock: p.Now, Log: p.Log})
	idle, remembered := cmp.Or(p.Idle, 2*time.Hour), session.Lifetime{Idle: p.Remember, Absolute: p.Remember}
	if p.Remember == 0 { // nor is anybody who asked when they might
		remembered = session.Lifetime{Idle: idle, Absolute: ordinary}
	}
	cookies := httpx.Cookies{Secure: p.Secure, Prefix: p.CookiePrefix, Beneath: p.Gate != nil}
	var carries *gate.Proxy
	if p.Gate != nil && p.Proxy == nil {
		carries = gate.NewProxy(gate.ProxyConfig{Ours: cookies.Ours, Log: p.Log})
		p.Proxy = carries
	}
	config, err := p.Flask.join(session.Config{
		Lifetime: session.Lifetime{Idle: idle, Absolute: ordinary}, Remembered: remembered,
		Keys: p.Keys, Home: session.Home{Store: p.Store, Cookie: session.Cookie{
			Name: cookies.Session(), PlainHTTP: !p.Secure,
		}},
		IssuedCounts: true, // they are one browser's, under several hosts
		ClientAddr:   p.Addresses().Of,
		ErrorHandler: httpx.SessionError,
		Observe:      observe(p.Log, recorder),
		Now:          p.Now,
	})
	if err != nil {
		return nil, err
	}
	sessions, err := session.New(config)
	if err != nil {
		return nil, err
	}
	var reserved func(string) bool
	if p.Gate != nil {
		reserved = func(email string) bool { return p.Gate().Names(email) }
	}
	d := door.New(door.Config{
		Reserved: reserved,
		Accounts: p.Accounts, Throttle: p.Throttle, Devices: p.Devices, SignIns: p.SignIns, Tokens: p.Tokens, Hashes: p.Hashes, Book: p.Entries, Recorder: recorder,
		Plotter:  book.NewPlotter(book.PlotterConfig{Repo: p.Entries, Clock: p.Now}),
		Sessions: sessions, Passwords: p.Passwords, Rules: account.NewPasswordRules(), Keys: p.Keys,
		Joining: p.Registration, Stay: p.stay(config), Shared: p.Flask != nil, Now: p.Now, Log: p.Log,
	})
	programs := api.New(d)
	pages, err := web.New(d, programs.Data)
	if err != nil {
		return nil, err
	}
	handlers := newHealth(p.Ready, recorder, p.Log, p.Now).handlers()
	maps.Copy(handlers, pages.Handlers())
	maps.Copy(handlers, programs.Handlers())
	edge, err := httpx.New(httpx.Config{
		Door: d, Sessions: sessions, Recorder: recorder, Handlers: handlers, Page: pages.ErrorPage,
		Keys: p.Keys, Addresses: p.Addresses(),
		Cookies: cookies, HTTPS: p.HTTPS, HSTS: p.HSTS, PublicURL: p.URL, Hosts: p.Hosts,
		Gate: p.Gate, Proxy: p.Proxy,
		SessionCookies: p.Flask.cookies(config.Home.Cookie.Name), Now: p.Now, Log: p.Log,
	})
	if err != nil {
		return nil, err
	}
	keeper := book.NewKeeper(book.KeeperConfig{Repo: p.Entries, Tell: recorder.Append, Log: p.Log})
	return &Site{
		Handler: edge, Door: d, Sessions: sessions, carries: carries, recorder: recorder,
		jobs: []func(context.Context){
			func(ctx context.Context) { logged(p.Log, recorder.Run(ctx)) },
			func(ctx context.Context) { logged(p.Log, keeper.Run(ctx)) },
			func(ctx context.Context) { sessions.RunSweeper(ctx, time.Minute) },
			func(ctx context.Context) { d.SweepCounters(ctx, time.Hour) },
			func(ctx context.Context) { d.KeepSeen(ctx, 5*time.Minute) },
		},
	}, nil
}

// stay is how long people stay signed in by the configuration of their sessions.
func (p Parts) stay(c session.Config) door.Stay {
	s := door.Stay{Idle: c.Lifetime.Idle, Most: c.Lifetime.Absolute, Remembered: c.Remembered.Absolute}
	if p.Remember == 0 {
		s.Remembered = 0
	}
	return s
}

// Background does the site's jobs until the function it gives is called, which returns when all of
// them have ended and what was to be entered in the book is entered. The databases must stay open
// until then.
func (s *Site) Background() (stop func()) { return background(s.jobs...) }

// observe logs what goes wrong with sessions. What strangers can cause as often as they like is for
// debugging only; of that the book counts what tells of an attack.
func observe(log *slog.Logger, recorder *book.Recorder) func(context.Context, session.Event) {
	return func(ctx context.Context, e session.Event) {
		level := slog.LevelDebug
		switch e.Kind {
		case session.EventLoadFailed, session.EventSaveFailed, session.EventTouchFailed:
			level = slog.LevelWarn
		case session.EventRevived:
			recorder.Tally(book.ActionSessionUsedAfterEnd, httpx.Address(ctx))
			httpx.NoteSessionLost(ctx, httpx.LostEnded)
		case session.EventUnreadable:
			if e.ID == (session.ID{}) { // a cookie, and not what is stored
				recorder.Tally(book.ActionCookieRefused, httpx.Address(ctx))
				httpx.NoteSessionLost(ctx, httpx.LostForeign)
			}
		}
		if log.Enabled(ctx, level) {
			log.Log(ctx, level, "session "+string(e.Kind), "record", e.ID.String(), "error", e.Err)
		}
	}
}

func logged(log *slog.Logger, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Error("a background job ended", "error", err)
	}
}
