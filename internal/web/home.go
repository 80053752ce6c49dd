package web

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/web/view"
)

// shown is how many of the newest entries the dashboard shows.
const shown = 20

func (p *Web) dashboard(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	entries, _, err := p.door.Entries(r.Context(), v, book.Query{Limit: shown})
	if err != nil {
		return err
	}
	bins, err := p.door.Plot(r.Context())
	if err != nil {
		return err
	}
	page := view.DashboardPage{
		Page:    p.page(w, r, v),
		Entries: make([]view.EntryRow, len(entries)),
		Plot:    plot(bins),
		OnlyOwn: !v.Admin(),
		Origin:  p.edge.Origin(r),
	}
	for i := range entries {
		page.Entries[i] = row(&entries[i])
	}
	return p.send(w, r, http.StatusOK, view.Dashboard(page))
}

func row(e *book.Entry) view.EntryRow {
	text := e.Text
	if e.Type != book.Request {
		text = e.Action
		if e.Text != "" {
			text += ": " + e.Text
		}
	}
	return view.EntryRow{
		ID: e.ID, Type: string(e.Type), Time: e.CreatedAt, Method: e.Method, Path: e.URL, Status: e.Status,
		User: e.UserName, Addr: e.ClientAddr, Duration: e.Duration, Text: text, RequestID: e.RequestID,
	}
}

func plot(bins []book.Bin) view.Plot {
	if len(bins) < 2 {
		return view.Plot{}
	}
	p := view.Plot{Start: bins[0].At, Step: bins[1].At.Sub(bins[0].At), Bars: make([]view.Bar, len(bins))}
	for i, b := range bins {
		p.Bars[i] = view.Bar{At: b.At, OK: b.Success, Redirect: b.Redirect, ClientError: b.ClientError, ServerError: b.ServerError}
	}
	return p
}
