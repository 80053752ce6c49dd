package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// How many of the newest entries the dashboard shows, and below how many it tells a newcomer what
// will appear.
const (
	shown = 20
	few   = 10
)

func (p *Web) dashboard(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	entries, _, err := p.door.Entries(r.Context(), v, book.Query{Limit: shown})
	if err != nil {
		return err
	}
	gone, err := p.door.Gone(r.Context(), v, entries)
	if err != nil {
		return err
	}
	page := view.DashboardPage{
		Entries: make([]view.EntryRow, len(entries)),
		OnlyOwn: !v.Admin(),
		First:   len(entries) < few,
		Origin:  httpx.Origin(r),
	}
	// The plot is asked for once a second for all who look. A page without it is better than none.
	page.Drawn, err = p.plot(r.Context())
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		p.door.NoteError(r.Context(), v, book.ActionPlotMissing, err.Error())
		page.NoPlot = true
	}
	page.Page = p.page(w, r, v)
	page.Apps = tiles(r, v)
	for i := range entries {
		page.Entries[i] = p.row(&entries[i], gone)
	}
	return p.send(w, r, http.StatusOK, view.Dashboard(page))
}

// row is an entry as it is shown, with who of the people in it is gone.
func (p *Web) row(e *book.Entry, gone map[string]bool) view.EntryRow {
	row := view.EntryRow{
		ID: e.ID, Type: string(e.Type), Time: e.CreatedAt, Method: e.Method, Path: e.URL, Status: e.Status,
		User: e.UserName, UserMark: book.Short(e.User), UserGone: gone[e.User], Addr: e.ClientAddr, Duration: e.Duration, RequestID: e.RequestID,
	}
	for _, part := range p.events.Sentence(e) {
		row.Words = append(row.Words, view.Word{Text: part.Text, Chosen: part.Chosen, Mark: part.Mark, Gone: gone[part.Person]})
	}
	return row
}

// tiles are the applications that are for the visitor.
func tiles(r *http.Request, v *door.Visit) (list []view.Tile) {
	g := httpx.Gate(r)
	if g == nil {
		return nil
	}
	for i := range g.Apps {
		a := &g.Apps[i]
		if !a.For(v.Developer) {
			continue
		}
		list = append(list, view.Tile{Name: a.Name, URL: a.Origin + "/", Shown: cmp.Or(a.Origin, httpx.Host(r))})
	}
	return list
}

// drawing is a plot as it was drawn, of the counts that begin at of.
type drawing struct {
	of   *book.Bin
	html view.Drawn
}

// plot draws the requests of the last hours. The counts are the same for everybody for a second,
// and so is the drawing.
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
