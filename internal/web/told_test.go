package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// told are the sentences of a page's rows, without their markup.
func told(a *sitetest.Answer) (list []string) {
	tags := regexp.MustCompile(`<[^>]*>`)
	texts := regexp.MustCompile(`<span class="text">(.*?)</span></td>`)
	for _, m := range texts.FindAllStringSubmatch(a.Body, -1) {
		list = append(list, html.UnescapeString(tags.ReplaceAllString(m[1], "")))
	}
	return list
}

// TestNamesAsWritten: names stand in the rows as their owners write them, isolated, each with what
// sets its owner apart. Guard: book.Entry.tidy, InertName; view.asWritten; markup.name.
func TestNamesAsWritten(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.SignedIn(s.Developer("Root", account.Admin))
	names := []string{"علی\u200cرضا", "Zoë\u00a0B", "👩\u200d👧 Ann", "❤\ufe0f"}
	for i, name := range names {
		d := s.Developer("Developer"+strconv.Itoa(i), account.Member)
		body, err := json.Marshal(map[string]string{"name": name})
		if err != nil {
			t.Fatal(err)
		}
		if a := root.JSON("PATCH", "/developers/"+d.ID, string(body)); a.Status != http.StatusOK {
			t.Fatal(a.Body)
		}
		s.SignedIn(d)
		a := root.Get("/")
		want := "<bdi>" + name + `</bdi> <span class="mark">·` + book.Short(d.ID) + "</span> signed in"
		if !strings.Contains(a.Body, want) {
			t.Errorf("no %q in %q", want, told(a))
		}
	}
}

// TestRowsSayWhatHappened: a row says who did what to whom, from what to what, and two people of
// one name are told apart.
func TestRowsSayWhatHappened(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	boss, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	root := s.SignedIn(boss)
	root.JSON("PATCH", "/developers/"+bob.ID, `{"role":"admin","name":"Root"}`)
	a := root.Get("/")
	one, two := "Root ·"+book.Short(boss.ID), "Root ·"+book.Short(bob.ID)
	said := strings.Join(told(a), "\n")
	for _, want := range []string{
		one + " changed the role of " + two + ": member → admin", one + " changed the name Bob to " + two,
		one + " signed in",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestNoPlot: a page whose plot cannot be had stands without it, and says so.
// Guard: home.go, dashboard, NoPlot.
func TestNoPlot(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	s.Clock.Turn(2 * time.Second) // the one of before is forgotten
	faults.Only("entries.Minutes", sitetest.Error)
	wantPage(t, v.Get("/"), 200, "Ada", "Newest entries", "/auth/login", "The plot cannot be had")
	e := s.Activities(book.ActionPlotMissing)
	if len(e) != 1 || !strings.Contains(e[0].Text, sitetest.ErrFault.Error()) {
		t.Errorf("entered %+v", e)
	}
}
