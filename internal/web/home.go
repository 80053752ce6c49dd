package web

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// How many of the newest entries the dashboard shows, and below how many it tells a newcomer what will appear.
const (
	shown = 20
	few   = 10
)

func (p *Web) dashboard(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	plot := meanwhile(func() (view.Drawn, error) { return p.plot(r.Context()) }) // it waits for the database no later than the entries
	entries, _, err := p.door.Entries(r.Context(), v, book.Query{Limit: shown})
	drawn, failed := plot()
	if err := cmp.Or(err, failed); err != nil {
		return err
	}
	page := view.DashboardPage{
		Page:    p.page(w, r, v),
		Entries: make([]view.EntryRow, len(entries)),
		Drawn:   drawn,
		OnlyOwn: !v.Admin(),
		First:   len(entries) < few,
		Origin:  httpx.Origin(r),
	}
	for i := range entries {
		page.Entries[i] = row(&entries[i])
	}
	return p.send(w, r, http.StatusOK, view.Dashboard(page))
}

func row(e *book.Entry) view.EntryRow {
	text := e.Text
	if e.Type != book.Request {
		text = inWords(e.Action)
		if e.Text != "" {
			text += ": " + e.Text
		}
	}
	return view.EntryRow{
		ID: e.ID, Type: string(e.Type), Time: e.CreatedAt, Method: e.Method, Path: e.URL, Status: e.Status,
		User: e.UserName, Addr: e.ClientAddr, Duration: e.Duration, Text: text, RequestID: e.RequestID,
	}
}

// inWords writes an action's name for people: "sign_in_failed" is "Sign in failed".
func inWords(action book.Action) string {
	if action == "" {
		return ""
	}
	return strings.ToUpper(action[:1]) + strings.ReplaceAll(action[1:], "_", " ")
}

// meanwhile begins f at once, and gives what waits for it. A panic of f is the caller's.
func meanwhile[T any](f func() (T, error)) (wait func() (T, error)) {
	var (
		result   T
		err      error
		panicked any
		done     = make(chan struct{})
	)
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		result, err = f()
	}()
	return func() (T, error) {
		<-done
		if panicked != nil {
			panic(panicked)
		}
		return result, err
	}
}

// drawing is a plot as it was drawn, of the counts that begin at of.
type drawing struct {
	of   *book.Bin
	html view.Drawn
}

// plot draws the requests of the last hours. The counts are the same for everybody for a second, and so is the drawing.
func (p *Web) plot(ctx context.Context) (view.Drawn, error) {
	bins, err := p.door.Plot(ctx)
	if err != nil || len(bins) < 2 {
		return "", err
	}
	if d := p.drawn.Load(); d != nil && d.of == &bins[0] {
		return d.html, nil
	}
	html, err := view.Draw(ctx, toPlot(bins))
	if err != nil {
		return "", fault.Wrap(fault.Internal, "Something went wrong on our side.", err)
	}
	p.drawn.Store(&drawing{of: &bins[0], html: html})
	return html, nil
}

func toPlot(bins []book.Bin) view.Plot {
	p := view.Plot{Start: bins[0].At, Step: bins[1].At.Sub(bins[0].At), Bars: make([]view.Bar, len(bins))}
	for i, b := range bins {
		p.Bars[i] = view.Bar{At: b.At, OK: b.Success, Redirect: b.Redirect, ClientError: b.ClientError, ServerError: b.ServerError}
	}
	return p
}
