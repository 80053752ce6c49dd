package web

import (
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// applications is what admins see of the applications behind the door, and where they try the rules.
func (p *Web) applications(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	page := view.ApplicationsPage{Now: httpx.Started(r)}
	status := http.StatusOK
	g := httpx.Gate(r)
	if g != nil {
		joining, err := p.door.Joining(r.Context())
		if err != nil {
			return err
		}
		count := p.counter(r, v)
		for i, state := range httpx.Health(r) {
			one, err := appFacts(r, &g.Apps[i], state, count)
			if err != nil {
				return err
			}
			one.Open = joining.Mode == account.JoinOpen && g.Apps[i].Audience().SignedIn
			page.Apps = append(page.Apps, one)
		}
		if page.Try, page.Tried, page.Problems, err = p.try(r, v, g); err != nil {
			return err
		}
		if len(page.Problems) > 0 {
			status = http.StatusUnprocessableEntity
		}
	}
	page.Page = p.page(w, r, v)
	return p.send(w, r, status, view.Applications(page))
}

// counter counts who may sign in and is in a group, each group once; "" is everybody.
func (p *Web) counter(r *http.Request, v *door.Visit) func(group string) (view.Count, error) {
	known := map[string]view.Count{}
	return func(group string) (view.Count, error) {
		c, ok := known[group]
		if ok {
			return c, nil
		}
		n, more, err := p.door.CountPeople(r.Context(), v, group)
		if err != nil {
			return c, err
		}
		known[group] = view.Count{N: n, More: more}
		return known[group], nil
	}
}

// appFacts are an application as it is shown.
func appFacts(r *http.Request, app *gate.App, state gate.State, count func(string) (view.Count, error)) (view.AppFacts, error) {
	to := app.Audience()
	one := view.AppFacts{
		Name: app.Name, URL: httpx.AppOrigin(r, app) + "/", Rules: app.Words(), Anyone: to.Anyone, People: to.People,
		Asked: state.Asked, Answers: state.Answers, Since: state.Since,
	}
	if app.Upstream != nil {
		one.Upstream = app.Upstream.String()
	}
	if to.SignedIn {
		everybody, err := count("")
		if err != nil {
			return one, err
		}
		one.Everybody = &everybody
	}
	for _, group := range to.Groups {
		members, err := count(group)
		if err != nil {
			return one, err
		}
		one.Groups = append(one.Groups, view.GroupOf{Name: group, Members: members})
	}
	return one, nil
}

// try tells what would become of the request that the form says, nil where it says none.
func (p *Web) try(r *http.Request, v *door.Visit, g *gate.Gate) (form view.TryForm, tried *view.Tried, problems []view.Problem, err error) {
	query := r.URL.Query()
	form = view.TryForm{Address: query.Get("address"), Email: query.Get("email"), Method: query.Get("method"), Token: query.Has("token")}
	if !query.Has("address") {
		return form, nil, nil, nil
	}
	trial := gate.Trial{Method: http.MethodGet, Token: form.Token}
	if form.Method != "" {
		trial.Method = strings.ToUpper(form.Method)
	}
	app, path, err := g.Locate(strings.TrimSpace(form.Address), httpx.Base(r))
	if err != nil {
		problems = append(problems, view.Problem{Field: "address", Text: "Nothing can be tried there: " + err.Error() + "."})
	}
	trial.Path = path
	if form.Email != "" {
		trial.Who, err = p.door.PersonAt(r.Context(), v, form.Email)
		if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
			problems = append(problems, view.Problem{Field: "email", Text: fault.From(err).Public})
		} else if err != nil {
			return form, nil, nil, err
		}
	} else if form.Token {
		problems = append(problems, view.Problem{Field: "email", Text: "Say whose token it is."})
	}
	if len(problems) > 0 {
		return form, nil, problems, nil
	}
	d := app.Try(trial, httpx.Started(r))
	tried = &view.Tried{
		App: app.Name, Passes: d.Verdict == gate.Pass, Verdict: d.Verdict.String(), Why: d.Why, Method: trial.Method, Path: path, Who: trial.Who.Name,
		Token: trial.Token,
	}
	if d.Rule != nil {
		tried.Rule = d.Rule.Words()
	}
	return form, tried, nil, nil
}
