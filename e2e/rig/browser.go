package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is one Chromium. Its people share nothing but the process.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// theBrowser is started by the first test that needs it, and shared by all of them.
var theBrowser struct {
	once sync.Once
	ctx  context.Context
	err  error
	stop func()
}

// NewBrowser gives the Chromium of the tests. Where there is none the test is skipped.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	path := chromium()
	Need(t, path != "", "there is no Chromium; name one in DOORBOOK_CHROMIUM")
	b := &theBrowser
	b.once.Do(func() { b.ctx, b.stop, b.err = startBrowser(path) })
	if b.err != nil {
		t.Fatalf("start %s: %v", path, b.err)
	}
	return &Browser{t, b.ctx}
}

// closeBrowser ends it, if it was started. Tests must not run any more.
func closeBrowser() {
	if theBrowser.stop != nil {
		theBrowser.stop()
	}
}

func startBrowser(path string) (ctx context.Context, stop func(), err error) {
	profile, err := os.MkdirTemp("", "doorbook-chromium-")
	if err != nil {
		return nil, nil, err
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"), // names that are not a server's own
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-sandbox", os.Getuid() == 0), // its sandbox refuses root, which is who runs tests in a container
	)
	alloc, end := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	stop = func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		end()
		// Its children may write for a moment longer.
		Until(func() bool { return os.RemoveAll(profile) == nil })
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, nil, err
	}
	return ctx, stop, nil
}

func chromium() string {
	for _, name := range []string{os.Getenv("DOORBOOK_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// On is the same browser for a part of the test.
func (b *Browser) On(t testing.TB) *Browser { return &Browser{t, b.ctx} }

// Page is one person's window, with cookies of its own. What its helpers cannot do ends the test;
// what a page must never do (write to the console, break its own security policy, ask another site
// for something) fails it.
type Page struct {
	t    testing.TB
	ctx  context.Context
	base string

	mu       sync.Mutex
	requests int
	others   []string // other addresses of the same site
}

// Also lets the pages ask another place, too, which is of the same site under another name.
func (p *Page) Also(at Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.others = append(p.others, at.site().URL)
}

// ours reports whether an address is one of the site.
func (p *Page) ours(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(append(p.others, p.base), func(base string) bool {
		return strings.HasPrefix(address, base+"/") || strings.HasPrefix(address, strings.Replace(base, "http", "ws", 1)+"/")
	})
}

// Look is how a page is looked at. The zero value is a light screen of 1280 by 800.
type Look struct {
	Name   string // for the names of screenshots
	Width  int64  // default 1280
	Height int64  // default 800
	Zoom   int64  // how many pixels of the screen are one of the page; default 1
	Dark   bool
	Mobile bool
	Forced bool // in colours of the reader's own
	Print  bool // as on paper
}

// Page opens a window for a person who has never been here.
func (b *Browser) Page(at Place, script bool) *Page {
	b.t.Helper()
	s := at.site()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: b.t, ctx: ctx, base: s.URL}
	b.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		b.t.Fatal(err)
	}
	call(p, log.Enable, cdp.Empty{})
	call(p, network.Enable, network.EnableParams{})
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !script})
	p.Look(Look{})
	return p
}

func call[P, R any](p *Page, cmd cdp.Command[P, R], params P) R {
	p.t.Helper()
	r, err := chromedp.Call(p.ctx, cmd, params)
	if err != nil {
		p.t.Fatalf("%s: %v", cmd.Method, err)
	}
	return r
}

// watch fails the test for what no page may do. It runs beside the test.
func (p *Page) watch(ev any) {
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		var said []string
		for _, a := range e.Args {
			said = append(said, string(a.Value)+a.Description)
		}
		p.t.Errorf("the page wrote to the console: %s %s", e.Type, strings.Join(said, " "))
	case *runtime.EventExceptionThrown:
		p.t.Errorf("a script failed: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *log.EventEntryAdded:
		if !expected(e.Entry) {
			p.t.Errorf("the browser complains: %s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.mu.Lock()
		p.requests++
		p.mu.Unlock()
		if !p.ours(e.Request.URL) {
			p.t.Errorf("the page asked another site: %s", e.Request.URL)
		}
	}
}

// expected reports whether the browser tells of what the test has done itself: asked for a page
// whose status is 404 or 422, or an application that gives no answer, which is told as an error of
// the network; or typed into a field
// before the page could put the cursor into it; or signed out, of which it tells what it has
// cleared, and which streams have ended with the session; or went over plain HTTP to a name that is
// not the machine's own, where one of our headers says nothing.
func expected(e *log.Entry) bool {
	return e.Source == log.EntrySourceNetwork && strings.Contains(e.Text, "the server responded with a status of 4") ||
		strings.Contains(e.Text, "a status of 502") ||
		e.Level == log.EntryLevelInfo && strings.HasPrefix(e.Text, "Clear-Site-Data header on ") ||
		strings.Contains(e.Text, "net::ERR_INCOMPLETE_CHUNKED_ENCODING") ||
		strings.HasPrefix(e.Text, "The Cross-Origin-Opener-Policy header has been ignored") ||
		strings.HasPrefix(e.Text, "Autofocus processing was blocked because a document already has a focused element")
}

// Requests is how many requests the window has sent so far.
func (p *Page) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// Look sets how the page is looked at from now on.
func (p *Page) Look(l Look) {
	p.t.Helper()
	if l.Width == 0 {
		l.Width, l.Height = 1280, 800
	}
	scheme, forced, media := "light", "none", ""
	if l.Dark {
		scheme = "dark"
	}
	if l.Forced {
		forced = "active"
	}
	if l.Print {
		media = "print"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "forced-colors", Value: forced},
	}})
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: l.Width, Height: l.Height, DeviceScaleFactor: float64(max(l.Zoom, 1)), Mobile: l.Mobile,
	})
}

// Open goes to a path of the site and gives the status of the page that it ends on.
func (p *Page) Open(path string) int {
	p.t.Helper()
	return p.lands(chromedp.Navigate(p.base + path))
}

// OpenURL goes to a whole address, which is of the same site (Also), and gives the status of the page
// that it ends on.
func (p *Page) OpenURL(address string) int {
	p.t.Helper()
	return p.lands(chromedp.Navigate(address))
}

// Click clicks on what the selector finds, waits for the page that follows, and gives its status.
func (p *Page) Click(selector string) int {
	p.t.Helper()
	return p.lands(chromedp.Click(selector))
}

// Press types keys to whatever has the focus, waits for the page that follows, and gives its
// status.
func (p *Page) Press(keys string) int {
	p.t.Helper()
	return p.lands(chromedp.KeyEvent(keys))
}

func (p *Page) lands(step chromedp.Action[chromedp.Void]) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		p.t.Fatalf("on %s: %v", p.Where(), err)
	}
	return int(res.Status)
}

// Do carries out a step that leads to no other page.
func (p *Page) Do(step chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, step); err != nil {
		p.t.Fatalf("on %s: %v", p.Where(), err)
	}
}

// Type types into the field with this id.
func (p *Page) Type(field, text string) {
	p.t.Helper()
	p.Do(chromedp.SendKeys("#"+field, text))
}

// Where is the path and query of the page; the whole address where it is not of the place that the
// window began at.
func (p *Page) Where() string {
	url, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		return fmt.Sprintf("(unknown: %v)", err)
	}
	return strings.TrimPrefix(url, p.base)
}

// Text is what the page says.
func (p *Page) Text() string {
	p.t.Helper()
	return Eval[string](p, "document.body.innerText")
}

// Title is the page's title.
func (p *Page) Title() string {
	p.t.Helper()
	return Eval[string](p, "document.title")
}

// Count is how many elements the selector finds.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return Eval[int](p, fmt.Sprintf("document.querySelectorAll(%q).length", selector))
}

// Eval gives the value of an expression in the page. It works without scripts, too: it is the
// browser that evaluates it.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("on %s: %s: %v", p.Where(), tail(expression, 200), err)
	}
	return v
}

// Cookie is the value of one of the browser's cookies, and its attributes; nil if there is none.
func (p *Page) Cookie(name string) *network.Cookie {
	p.t.Helper()
	for _, c := range call(p, network.GetCookies, network.GetCookiesParams{}).Cookies {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Shoot keeps a picture of the whole page as NAME.png in DOORBOOK_SCREENSHOTS, if that is set.
func (p *Page) Shoot(name string) {
	p.t.Helper()
	p.keep(name, chromedp.FullScreenshot(100))
}

// ShootWindow keeps a picture of what a window shows of the page.
func (p *Page) ShootWindow(name string, l Look) {
	p.t.Helper()
	p.Look(l)
	p.keep(name, chromedp.CaptureScreenshot())
	p.Look(Look{})
}

func (p *Page) keep(name string, shot chromedp.Action[[]byte]) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, shot)
	if err != nil {
		p.t.Fatal(err)
	}
	dir := os.Getenv("DOORBOOK_SCREENSHOTS")
	if dir == "" {
		return // taken all the same, so that the test does the same everywhere
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
