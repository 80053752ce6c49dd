package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// device is a browser that is known to belong to somebody.
type device struct {
	Name      string    `json:"name,omitempty"` // what its owner calls it
	FirstSeen time.Time `json:"first_seen_at"`
	LastSeen  time.Time `json:"last_seen_at"`
}

// ownData is the file of what is kept of the visitor, but for their entries, which come last.
type ownData struct {
	Profile developer `json:"profile"`
	history
	Devices []device `json:"devices"`
	Tokens  []Token  `json:"tokens"` // of programs: their names, never they themselves
}

// ownFile is all of it, as the document describes it.
type ownFile struct {
	ownData
	Entries []entry `json:"entries"`
}

// Data answers with the file of what is kept of the visitor, without secrets: who they are, where
// they are and were signed in, and all entries of the book that are theirs. These may be many, so
// the file is written as they are read, page by page. An error is given only before its first byte;
// a file that breaks off later is broken for the browser, too.
func (a *API) Data(w http.ResponseWriter, r *http.Request, v *door.Visit, current string) error {
	data, err := a.door.OwnData(r.Context(), v, current)
	if err != nil {
		return err
	}
	entries, next, err := a.door.OwnEntries(r.Context(), v, "")
	if err != nil {
		return err
	}
	head, err := json.Marshal(showData(v, data))
	if err != nil {
		return err
	}
	httpx.DataHeaders(w.Header())
	w.Header().Set("Content-Disposition", `attachment; filename="doorbook-`+v.Developer.ID+`.json"`)
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	out := listWriter{w: w, before: append(head[:len(head)-1], `,"entries":[`...)}
	for {
		httpx.MoreTime(w)
		out.page(entries)
		if next == "" || out.err != nil {
			break
		}
		if entries, next, err = a.door.OwnEntries(r.Context(), v, next); err != nil {
			a.broken(r.Context(), v, err)
		}
	}
	if out.err == nil {
		_, _ = w.Write([]byte("]}\n"))
	}
	return nil
}

// broken ends an answer that has begun so that nobody takes it for a whole one.
func (a *API) broken(ctx context.Context, v *door.Visit, err error) {
	if !errors.Is(err, context.Canceled) {
		a.door.NoteError(ctx, v, book.ActionInternalError, err.Error())
	}
	panic(http.ErrAbortHandler)
}

// listWriter writes the items of a JSON list, in pieces.
type listWriter struct {
	w      http.ResponseWriter
	before []byte // what stands before the next piece
	n      int    // items so far
	err    error
}

// page writes entries in one piece.
func (l *listWriter) page(entries []book.Entry) {
	piece := l.before
	l.before = nil
	for i := range entries {
		item, err := json.Marshal(showEntry(&entries[i]))
		if err != nil { // of strings and numbers: it cannot be
			l.err = err
			return
		}
		if l.n > 0 {
			piece = append(piece, ',')
		}
		piece = append(piece, item...)
		l.n++
	}
	_, l.err = l.w.Write(piece)
}

func showData(v *door.Visit, data door.OwnData) ownData {
	out := ownData{
		Profile: show(v, data.Profile), history: showHistory(data.Sessions), Devices: make([]device, len(data.Devices)),
		Tokens: make([]Token, len(data.Tokens)),
	}
	for i, t := range data.Tokens {
		out.Tokens[i] = TokenOf(t)
	}
	for i, d := range data.Devices {
		out.Devices[i] = device{Name: d.Name, FirstSeen: d.FirstSeen.UTC(), LastSeen: d.LastSeen.UTC()}
	}
	return out
}
