package view_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/web/view"
)

func TestDashboardShowsTheEntries(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 31, 15, 24, 5, 999, time.FixedZone("x", 7200))
	html := render(t, view.Dashboard(view.DashboardPage{Page: signedIn(), Entries: []view.EntryRow{
		{ID: "65f0c0de65f0c0de65f0c0de", Type: "request", Time: at, Method: "POST", Path: "/auth/login", Status: 303, User: "Grace", UserMark: "d0d0d0", UserGone: true, Addr: "203.0.113.7", Duration: 1500 * time.Microsecond, RequestID: "id-of-303"},
		{Type: "error", Status: 500, Words: []view.Word{{Text: "Root", Chosen: true, Mark: "c0ffee"}, {Text: " said: "}, {Text: "The disk is full."}}, RequestID: "id-of-500"},
		{Type: "odd"},
	}}))
	for _, want := range []string{
		"<h1>Welcome Ada Lovelace</h1>", `id="entry-65f0c0de65f0c0de65f0c0de"`, `data-class="3"`,
		`<time datetime="2026-07-31T13:24:05Z">2026-07-31 13:24:05</time>`,
		`class="type">request<`, `class="method">POST<`, "<code>/auth/login</code>", `class="n status">303<`, `class="n took">1.5 ms<`,
		`class="user"><bdi>Grace</bdi> <span class="gone">(deleted)</span> <span class="mark">·d0d0d0</span><`,
		`<bdi>Root</bdi> <span class="mark">·c0ffee</span> said: The disk`, `class="addr">203.0.113.7<`,
		`data-type="error"`, "The disk is full.", "<code>id-of-500</code>", `data-type="other"`, `class="n status"></td>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(html, "id-of-303") {
		t.Error("a request id where nothing failed")
	}
	if strings.Contains(html, `class="first"`) {
		t.Error("the first-run text although there are entries")
	}
}

func TestDashboardSaysWhoseEntries(t *testing.T) {
	t.Parallel()
	if html := render(t, view.Dashboard(view.DashboardPage{OnlyOwn: true})); !strings.Contains(html, "Your own, times in") {
		t.Error("own entries are not called so")
	}
	if html := render(t, view.Dashboard(view.DashboardPage{})); !strings.Contains(html, "Everybody’s, times in") {
		t.Error("everybody's entries are not called so")
	}
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	const origin = "http://[::1]:8080"
	curl := func(p view.DashboardPage) (string, bool) {
		_, rest, ok := strings.Cut(render(t, view.Dashboard(p)), "<code data-copy>")
		cmd, _, _ := strings.Cut(rest, "</code>")
		return cmd, ok
	}
	if got, _ := curl(view.DashboardPage{First: true, Origin: origin, Entries: rows(1)}); got != "curl -i &#39;http://[::1]:8080/hello&#39;" {
		t.Errorf("command %q", got)
	}
	if _, ok := curl(view.DashboardPage{Origin: origin, Entries: rows(1)}); ok {
		t.Error("a command for somebody who is no newcomer")
	}
	if _, ok := curl(view.DashboardPage{Origin: origin, OnlyOwn: true}); ok {
		t.Error("a command whose effect its sender will not see")
	}
	for _, bad := range []string{"", "http://x;rm -rf ~", "http://x'", "http://$(id)", "http://x\n", "http://é"} {
		if cmd, ok := curl(view.DashboardPage{Origin: bad}); ok {
			t.Errorf("origin %q became %q", bad, cmd)
		}
	}
	if html := render(t, view.Dashboard(view.DashboardPage{OnlyOwn: true})); !strings.Contains(html, "Your visits are written here") {
		t.Error("an empty page does not say what will appear")
	}
}

func TestPlotOnTheDashboard(t *testing.T) {
	t.Parallel()
	if html := render(t, view.Dashboard(view.DashboardPage{})); strings.Contains(html, "plot-heading") {
		t.Error("no plot was given, and yet there is one")
	}
	empty := view.NewPlot(time.Date(2026, 7, 31, 0, 0, 0, 0, time.UTC), time.Hour, 24)
	if html := render(t, view.Dashboard(view.DashboardPage{Plot: empty})); !strings.Contains(html, "No requests in this time.") || strings.Contains(html, `class="plot"`) {
		t.Error("an empty plot does not say that it is empty")
	}
	html := render(t, view.Dashboard(view.DashboardPage{Plot: fullPlot()}))
	for _, want := range []string{
		"Everybody’s requests, last 24 hours</h2>", `role="img" aria-labelledby="plot-title plot-desc"`, `<desc id="plot-desc">3,022 requests: 2,676 answered, `,
		`fill="url(#pattern2)"`, `fill="url(#pattern3)"`, `fill="url(#pattern4)"`, `fill="url(#pattern5)"`,
		"<summary>The numbers as a table</summary>", "5xx failed", `<td class="n">100</td>`,
		`<time datetime="2026-07-30T14:00:00Z">2026-07-30 14:00</time> to <time datetime="2026-07-31T14:00:00Z">`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(html, `<th scope="row">`); n != 24 {
		t.Errorf("the table has %d rows, want 24", n)
	}
}

// The budgets for everything the server sends as the page itself; style, script and icon have their
// own test.
func TestWeight(t *testing.T) {
	t.Parallel()
	worst := strings.Repeat("\u202e", 5000)
	var entries []view.EntryRow
	for range 20 {
		entries = append(entries, view.EntryRow{Type: "error", Time: time.Now(), Method: worst, Path: worst, Status: 500, User: worst, Addr: worst, Words: []view.Word{{Text: worst, Chosen: true}}, RequestID: worst})
	}
	for _, tt := range []struct {
		name string
		html string
		most int
	}{
		{"login", render(t, view.Login(view.LoginPage{Page: signedOut(), Next: "/developers?x=1"})), 5_000},
		{"dashboard", render(t, view.Dashboard(view.DashboardPage{Page: signedIn(), Entries: rows(20), Plot: fullPlot()})), 60_000},
		{"dashboard of the worst entries", render(t, view.Dashboard(view.DashboardPage{Page: signedIn(), Entries: entries, Plot: fullPlot()})), 125_000},
	} {
		t.Logf("%s: %d bytes", tt.name, len(tt.html))
		if len(tt.html) > tt.most {
			t.Errorf("%s weighs %d bytes, want at most %d", tt.name, len(tt.html), tt.most)
		}
	}
}

func TestRenderingObeysConcurrency(t *testing.T) {
	t.Parallel()
	page := view.Dashboard(view.DashboardPage{Page: signedIn(), Entries: rows(20), Plot: fullPlot()})
	want := render(t, page)
	done := make(chan string)
	for range 8 {
		go func() {
			var b bytes.Buffer
			_ = page.Render(context.Background(), &b)
			done <- b.String()
		}()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Error("rendered at the same time, the pages differ")
		}
	}
}

func BenchmarkDashboard20(b *testing.B) {
	p := view.DashboardPage{Page: signedIn(), Entries: rows(20), Plot: fullPlot()}
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := view.Dashboard(p).Render(context.Background(), &buf); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(buf.Len()))
}

func BenchmarkDashboard20WithoutPlot(b *testing.B) {
	p := view.DashboardPage{Page: signedIn(), Entries: rows(20)}
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := view.Dashboard(p).Render(context.Background(), &buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	p := view.LoginPage{Page: signedOut(), Next: "/developers?x=1"}
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := view.Login(p).Render(context.Background(), &buf); err != nil {
			b.Fatal(err)
		}
	}
}
