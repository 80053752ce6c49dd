package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// enter writes the request of somebody into the book and gives its id.
func (c *cast) enter(t *testing.T, user, url string) string {
	t.Helper()
	now := c.Clock.Now()
	e := book.Entry{ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: url, Status: 200, User: user, Body: "{}"}
	if err := c.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// lists gives the ids that a list of entries holds.
func lists(t *testing.T, v *sitetest.Visitor, query string) map[string]object {
	t.Helper()
	found := map[string]object{}
	for _, item := range wantGood(t, v.JSON("GET", "/logs?limit=200"+query, ""), 200).([]any) {
		e := item.(object)
		found[e["id"].(string)] = e
	}
	return found
}

// TestLogs: the original's fields and ours; one's own, or everybody's for an admin; newest first.
func TestLogs(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	one, two, three := c.enter(t, c.ada.ID, "/one"), c.enter(t, c.bob.ID, "/two"), c.enter(t, "", "/three")
	mine := lists(t, c.asAda, "")
	if mine[one] == nil || mine[two] != nil || mine[three] != nil {
		t.Errorf("a member sees %v %v %v", mine[one] != nil, mine[two] != nil, mine[three] != nil)
	}
	for _, e := range mine {
		if e["user"] != c.ada.ID {
			t.Errorf("a member sees %v", e)
		}
	}
	all := lists(t, c.asRoot, "")
	if all[one] == nil || all[two] == nil || all[three] == nil {
		t.Error("an admin does not see everything")
	}
	for _, field := range []string{"_id", "type", "client_addr", "url", "http_method", "body", "created_at"} {
		if _, ok := all[one][field]; !ok {
			t.Errorf("the original's field %q is missing: %v", field, all[one])
		}
	}
	if all[one]["_id"] != one || all[one]["url"] != "/one" || all[one]["type"] != "request" {
		t.Errorf("%v", all[one])
	}
	for _, kind := range []string{"request", "activity", "error"} {
		for _, e := range lists(t, c.asRoot, "&type="+kind) {
			if e["type"] != kind {
				t.Errorf("asked for %s, got %v", kind, e)
			}
		}
	}
	// Nobody gets at others' entries by asking for them.
	for _, query := range []string{"&user=" + c.bob.ID, "&user=", "&User=" + c.bob.ID, "&user%5B%24ne%5D=x"} {
		if lists(t, c.asAda, query)[two] != nil {
			t.Errorf("%q shows somebody else's", query)
		}
	}
	wantBad(t, c.stranger.JSON("GET", "/logs", ""), 401)
	for _, query := range []string{"type=x", "type=Request", "type=request%00", "limit=0", "limit=201", "limit=abc"} {
		wantBad(t, c.asRoot.JSON("GET", "/logs?"+query, ""), 400)
	}
}

// TestLogsOfApplications: what is known of a request to an application, and nothing of it at others.
func TestLogsOfApplications(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	now := c.Clock.Now()
	e := book.Entry{
		ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: "/page", Status: 200, User: c.ada.ID,
		Application: "Wiki", Host: "wiki.example.org", Rule: "rule 2: group ops", Bytes: 5 << 30,
	}
	if err := c.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
		t.Fatal(err)
	}
	own := c.enter(t, c.ada.ID, "/one")
	mine := lists(t, c.asAda, "")
	for field, want := range map[string]any{
		"application": "Wiki", "host": "wiki.example.org", "rule": "rule 2: group ops", "bytes": float64(5 << 30),
	} {
		if got := mine[e.ID][field]; got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
		if got, there := mine[own][field]; there {
			t.Errorf("%s of a page of ours is %v", field, got)
		}
	}
}

// TestLogPages: page by page every entry comes once, however many come in meanwhile; a cursor is
// taken as it was given or not at all.
func TestLogPages(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	want := map[string]bool{}
	for i := range 23 {
		want[c.enter(t, c.bob.ID, fmt.Sprintf("/page/%d", i))] = true
	}
	seen := map[string]int{}
	before, cursor := "", ""
	for pages := 0; pages < 100; pages++ {
		var page struct {
			Data []struct{ ID string }
			Next string
		}
		c.asRoot.JSON("GET", "/logs?type=request&limit=5&before="+before, "").JSON(t, &page)
		for _, e := range page.Data {
			seen[e.ID]++
		}
		if before = page.Next; before == "" {
			break
		}
		cursor = before
	}
	for id := range want {
		if seen[id] != 1 {
			t.Errorf("%s came %d times", id, seen[id])
		}
	}
	for _, bad := range []string{"x", "1", missing, cursor + "x", cursor[1:], strings.ToUpper(cursor) + "!", "%00", "%27%20OR%201=1--", "-1", "null", strings.Repeat("9", 40)} {
		if bad == cursor {
			continue
		}
		a := c.asRoot.JSON("GET", "/logs?before="+bad, "")
		if a.Status == 200 && bad != cursor[1:] { // a shorter number may be a good cursor
			t.Errorf("cursor %q of %q is taken", bad, cursor)
		}
		if a.Status != 200 {
			wantBad(t, a, 400)
		}
	}
}

// TestHide: a soft-deleted entry is no longer listed; activities stay; what is not there comes not
// into being.
func TestHide(t *testing.T) {
	t.Parallel()
	for _, slash := range []string{"", "/"} {
		c := newCast(t)
		one, two := c.enter(t, c.ada.ID, "/one"), c.enter(t, c.ada.ID, "/two")
		d := wantGood(t, c.asRoot.JSON("PUT", "/logs/"+one+slash, ""), 200).(object)
		if d["id"] != one || d["deleted"] != true {
			t.Errorf("%v", d)
		}
		d = wantGood(t, c.asRoot.JSON("DELETE", "/logs/"+two+slash, ""), 200).(object)
		if d["deleted_id"] != two {
			t.Errorf("%v", d)
		}
		for _, v := range []*sitetest.Visitor{c.asRoot, c.asAda} {
			if list := lists(t, v, ""); list[one] != nil || list[two] != nil {
				t.Error("what was deleted is listed")
			}
		}
		wantBad(t, c.asRoot.JSON("PUT", "/logs/"+one+slash, ""), 404)
		wantBad(t, c.asRoot.JSON("PUT", "/logs/"+two+slash, ""), 404)
		for _, method := range []string{"PUT", "DELETE"} { // there are no fields to know
			wantBad(t, c.asRoot.JSON(method, "/logs/"+one+slash, `{"deleted":false}`), 400)
		}
		wantBad(t, c.asRoot.JSON("DELETE", "/logs/"+two+slash, ""), 404)
		wantGood(t, c.asRoot.JSON("DELETE", "/logs/"+one+slash, ""), 200)
		traces := 0
		for _, e := range lists(t, c.asRoot, "&type=activity") {
			if e["action"] == "entry_hidden" && e["target"] == one || e["action"] == "entry_deleted" {
				traces++
			}
			wantBad(t, c.asRoot.JSON("PUT", "/logs/"+e["id"].(string)+slash, ""), 409)
			wantBad(t, c.asRoot.JSON("DELETE", "/logs/"+e["id"].(string)+slash, ""), 409)
		}
		if traces != 3 {
			t.Errorf("%d traces", traces)
		}
		before := len(lists(t, c.asRoot, "&type=activity"))
		for _, bad := range []string{missing, "x", "%00", strings.Repeat("F", 24), "1", "..%2fx"} {
			wantBad(t, c.asRoot.JSON("PUT", "/logs/"+bad+slash, ""), 404)
			wantBad(t, c.asRoot.JSON("DELETE", "/logs/"+bad+slash, ""), 404)
		}
		if after := len(lists(t, c.asRoot, "&type=activity")); after != before {
			t.Errorf("%d activities of what is not there", after-before)
		}
		three := c.enter(t, c.ada.ID, "/three")
		wantBad(t, c.asAda.JSON("PUT", "/logs/"+three+slash, ""), 403)
		wantBad(t, c.asAda.JSON("DELETE", "/logs/"+three+slash, ""), 403)
		wantBad(t, c.stranger.JSON("DELETE", "/logs/"+three+slash, ""), 401)
		if lists(t, c.asAda, "")[three] == nil {
			t.Error("an entry is gone")
		}
	}
}
