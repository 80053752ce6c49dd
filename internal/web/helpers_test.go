package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const wrong = "not the right one, not at all"

func credentials(email, password string) url.Values {
	return url.Values{"email": {email}, "password": {password}}
}

func newcomer(name string) url.Values {
	return url.Values{
		"name": {name}, "email": {strings.ToLower(name) + "@example.org"}, "skills": {"go, sql"}, "password": {sitetest.Password},
	}
}

// wantRedirect fails unless the answer leads there.
func wantRedirect(t *testing.T, a *sitetest.Answer, to string) {
	t.Helper()
	if a.Status != http.StatusSeeOther || a.Location() != to {
		t.Errorf("status %d to %q, want 303 to %q\n%.300s", a.Status, a.Location(), to, a.Body)
	}
}

// wantPage fails unless the answer is a page of that status with these texts on it.
func wantPage(t *testing.T, a *sitetest.Answer, status int, texts ...string) {
	t.Helper()
	if a.Status != status || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("status %d of type %q, want a page with %d", a.Status, a.Header.Get("Content-Type"), status)
	}
	page := html.UnescapeString(a.Body)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not hold %q", text)
		}
	}
	if title := regexp.MustCompile(`<title>(.*?)</title>`).FindStringSubmatch(a.Body); status >= 400 && (title == nil || !strings.HasPrefix(title[1], "Error: ")) {
		t.Errorf("title %q", title)
	}
}

// value is what stands in an input of the page; ok is false when there is no such input, or it has
// no value.
func value(a *sitetest.Answer, name string) (text string, ok bool) {
	for _, input := range regexp.MustCompile(`<input[^>]*>`).FindAllString(a.Body, -1) {
		if !strings.Contains(input, ` name="`+name+`"`) {
			continue
		}
		if m := regexp.MustCompile(` value="([^"]*)"`).FindStringSubmatch(input); m != nil {
			return html.UnescapeString(regexp.MustCompile(`</?bdi>`).ReplaceAllString(m[1], "")), true
		}
	}
	return "", false
}

// flashes are the messages on a page.
func flashes(a *sitetest.Answer) (list []string) {
	for _, m := range regexp.MustCompile(`<p class="flash"[^>]*>(.*?)</p>`).FindAllStringSubmatch(a.Body, -1) {
		list = append(list, html.UnescapeString(regexp.MustCompile(`</?bdi>`).ReplaceAllString(m[1], "")))
	}
	return list
}

// records is how many sessions are kept.
func records(t *testing.T, s *sitetest.Site) (n int) {
	t.Helper()
	if err := s.DB.Main.Read.QueryRow(`SELECT count(*) FROM sessions`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func developers(t *testing.T, s *sitetest.Site) []account.Developer {
	t.Helper()
	list, err := s.DB.Accounts().List(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
