package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/web/view"
)

// aboutOneself are the pages about one's own account, three ways each.
func aboutOneself(problems, bad []view.Problem) map[string]templ.Component {
	at := time.Unix(1785504245, 0)
	return map[string]templ.Component{
		"account zero": view.Account(view.AccountPage{}),
		"account full": view.Account(view.AccountPage{
			Page: signedIn(), Form: view.AccountForm{Name: "Ada", Email: "a@b.c", ShortName: "ada", Skills: "go"}, Role: "member",
			Groups: []string{"builders", "שרה"}, Since: at, Now: at, Problems: problems,
		}),
		"account hostile": view.Account(view.AccountPage{
			Page: allHostile(), Form: view.AccountForm{Name: hostile, Email: hostile, ShortName: hostile, Skills: hostile}, Role: hostile,
			Groups: []string{hostile, hostile}, Problems: bad,
		}),
		"password zero":     view.Password(view.PasswordPage{}),
		"password full":     view.Password(view.PasswordPage{Page: signedIn(), Devices: devices(), Now: at, Problems: problems}),
		"password hostile":  view.Password(view.PasswordPage{Page: allHostile(), Devices: []view.Device{hostileDevice()}, Problems: bad}),
		"close zero":        view.CloseAccount(view.CloseAccountPage{}),
		"close full":        view.CloseAccount(view.CloseAccountPage{Page: signedIn(), Password: true, Problems: problems}),
		"close hostile":     view.CloseAccount(view.CloseAccountPage{Page: allHostile(), Password: true, Problems: bad}),
		"data zero":         view.Data(view.DataPage{}),
		"data full":         view.Data(view.DataPage{Page: signedIn(), Problems: problems}),
		"data hostile":      view.Data(view.DataPage{Page: allHostile(), Problems: bad}),
		"forgotten zero":    view.Forgotten(view.ForgottenPage{}),
		"forgotten full":    view.Forgotten(view.ForgottenPage{Page: signedIn(), Good: 30 * time.Minute}),
		"forgotten hostile": view.Forgotten(view.ForgottenPage{Page: allHostile()}),
	}
}

// TestTabIsMarked: the tab of the page that is shown says so.
func TestTabIsMarked(t *testing.T) {
	t.Parallel()
	for path, page := range map[string]templ.Component{
		"/account":          view.Account(view.AccountPage{Page: signedIn()}),
		"/account/password": view.Password(view.PasswordPage{Page: signedIn()}),
		"/account/sessions": view.Sessions(view.SessionsPage{Page: signedIn()}),
	} {
		_, tabs, _ := strings.Cut(render(t, page), `class="tabs"`)
		if tabs, _, _ = strings.Cut(tabs, "</ul>"); strings.Count(tabs, "aria-current") != 1 || !strings.Contains(tabs, `href="`+path+`" aria-current="page"`) {
			t.Errorf("%s: tabs %s", path, tabs)
		}
	}
}
