package book_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

const (
	ada = "6b03ac81a000ca2eb1aaaaaa"
	bob = "6b03ac81a000ca2eb1bbbbbb"
)

// TestAssets: what pages are made of is one entry a minute for each application and person or, of
// strangers, network.
func TestAssets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{}
		r, _ := run(t, book.RecorderConfig{Repo: repo})
		for range 142 {
			r.Asset(book.Asset{Application: "Wiki", User: ada, UserName: "Ada", Addr: "192.0.2.1"})
		}
		for i := range 6 {
			r.Asset(book.Asset{Application: "Wiki", Addr: fmt.Sprintf("2001:db8::%d", i)})
		}
		r.Asset(book.Asset{Application: "Git", User: ada, UserName: "Ada", Addr: "192.0.2.1"})
		r.Asset(book.Asset{Application: "Wiki", User: bob, UserName: "Bob\n", Addr: "192.0.2.1"})
		if n := repo.called(); n != 0 {
			t.Errorf("%d commits within the minute", n)
		}
		minute := time.Now().UTC().Format("15:04 UTC")
		time.Sleep(75 * time.Second) // the writer looks by itself
		want := []string{
			"Git|" + ada + "|Ada||1 image, style, script or font of Git in the minute of " + minute,
			"Wiki|||2001:db8::/64|6 images, styles, scripts and fonts of Wiki in the minute of " + minute,
			"Wiki|" + ada + "|Ada||142 images, styles, scripts and fonts of Wiki in the minute of " + minute,
			"Wiki|" + bob + `|Bob\n||1 image, style, script or font of Wiki in the minute of ` + minute,
		}
		got := repo.entries()
		for i, e := range got {
			shown := strings.Join([]string{e.Application, e.User, e.UserName, e.ClientAddr, e.Text}, "|")
			if i < len(want) && shown != want[i] {
				t.Errorf("told %q\nwant %q", shown, want[i])
			}
			if e.Type != book.Request || e.Action != book.RequestOfAssets || e.Counts() {
				t.Errorf("%+v", e)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d entries, want %d", len(got), len(want))
		}
		r.Asset(book.Asset{Application: "Wiki", User: ada})
		time.Sleep(75 * time.Second)
		if got := repo.entries(); len(got) != len(want)+1 || !strings.HasPrefix(got[len(want)].Text, "1 image") {
			t.Error("the next minute does not start anew")
		}
	})
}

// TestAssetsBounded: they take a bounded place, whoever asks, and what is left at the end is told.
func TestAssetsBounded(t *testing.T) {
	t.Parallel()
	repo := &fakeRepo{}
	r, stop := run(t, book.RecorderConfig{Repo: repo})
	for i := range 1200 {
		r.Asset(book.Asset{Application: "Wiki", User: fmt.Sprintf("%024x", i), UserName: "x"})
	}
	for i := range 400 {
		r.Asset(book.Asset{Application: "Git", Addr: fmt.Sprintf("10.0.%d.%d", i/200, i%200)})
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	people, strangers, others := 0, 0, ""
	for _, e := range repo.entries() {
		switch {
		case e.User != "":
			people++
		case e.ClientAddr != "":
			strangers++
		default:
			others += e.Text[:strings.Index(e.Text, " in the")] + "; "
		}
	}
	if people != 1000 || strangers != 100 {
		t.Errorf("%d of people and %d of strangers", people, strangers)
	}
	const rest = "300 images, styles, scripts and fonts of Git; 200 images, styles, scripts and fonts of Wiki; "
	if others != rest {
		t.Errorf("others: %s", others)
	}
}

// TestAssetsBudget: a sum of requests goes when requests go, those of strangers first; it is no deed.
func TestAssetsBudget(t *testing.T) {
	t.Parallel()
	repo := &fakeRepo{}
	r, stop := run(t, book.RecorderConfig{Repo: repo})
	r.Asset(book.Asset{Application: "Wiki", User: ada})
	r.Asset(book.Asset{Application: "Wiki", Addr: "192.0.2.1"})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var kinds book.Kinds
	for _, e := range repo.entries() {
		kinds.Add(book.NewCatalog(), &e)
	}
	if want := (book.Kinds{Strangers: 1, People: 1}); kinds != want {
		t.Errorf("%+v, want %+v", kinds, want)
	}
}

// TestNamed: what an entry that is hidden is called in the trace of that.
func TestNamed(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]book.Entry{
		"GET /page":         {Method: "GET", URL: "/page"},
		"GET /page in Wiki": {Method: "GET", URL: "/page", Application: "Wiki"},
		"2 images of Wiki":  {Application: "Wiki", Action: book.RequestOfAssets, Text: "2 images of Wiki"},
	} {
		if got := e.Named(); got != want {
			t.Errorf("named %q, want %q", got, want)
		}
	}
}
