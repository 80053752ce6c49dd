package web

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// onForm reports whether an error is shown on the form it came from, with what was typed kept:
// broken rules, and being too fast. Programs that ask for JSON get it as an answer of its own.
func onForm(w http.ResponseWriter, r *http.Request, err error) (problems []view.Problem, status int, shown bool) {
	if err == nil || httpx.WantsJSON(r) {
		return nil, 0, false
	}
	f := fault.From(err)
	switch f.Kind {
	case fault.Invalid, fault.Throttled, fault.Busy:
	default:
		return nil, 0, false
	}
	if f.Kind == fault.Busy && f.Err != nil {
		return nil, 0, false // a broken database is more than a form can tell
	}
	httpx.SetRetryAfter(w.Header(), f)
	for _, field := range f.Fields {
		problems = append(problems, view.Problem{Field: field.Name, Text: field.Text})
	}
	if len(problems) == 0 {
		problems = []view.Problem{{Text: f.Public}}
	}
	return problems, httpx.Status(f), true
}
