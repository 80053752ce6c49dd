package book_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/book"
)

// actions are the constants of action.go: name and value.
func actions(t *testing.T) map[string]book.Action {
	t.Helper()
	text, err := os.ReadFile("action.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]book.Action{}
	constants := regexp.MustCompile(`(?m)^\t(Action\w+) +Action = "(\w+)"$`)
	for _, m := range constants.FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	return found
}

// TestEveryActionHasARow: each action stands once in the table, whole.
func TestEveryActionHasARow(t *testing.T) {
	t.Parallel()
	rows := map[book.Action]int{}
	levels := []book.Level{book.Info, book.Notice, book.Warning, book.Failure}
	audiences := []book.Audience{book.Owner, book.OwnerInShort, book.Admins}
	owasp := regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)
	for _, e := range book.Events() {
		rows[e.Action]++
		known := e.Type == book.Activity || e.Type == book.Error
		if e.Says == "" || !owasp.MatchString(e.OWASP) || !known {
			t.Errorf("%s: %+v", e.Action, e)
		}
		if !slices.Contains(levels, e.Level) || !slices.Contains(audiences, e.Seen) {
			t.Errorf("%s: level %q, seen by %q", e.Action, e.Level, e.Seen)
		}
		failure := e.Type == book.Error
		if failure != (e.Level == book.Failure) || failure && e.Seen == book.Owner {
			t.Errorf("%s is of type %s and level %s, seen by %s", e.Action, e.Type, e.Level, e.Seen)
		}
		if e.Awaits && e.AtOnce {
			t.Errorf("%s cannot be entered at once and wait for the session", e.Action)
		}
	}
	all := actions(t)
	for name, action := range all {
		if rows[action] != 1 {
			t.Errorf("%s has %d rows", name, rows[action])
		}
	}
	if len(rows) != len(all) || len(all) == 0 {
		t.Errorf("%d rows for %d actions", len(rows), len(all))
	}
}

// TestEveryRowIsUsed: what the table knows happens somewhere.
func TestEveryRowIsUsed(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	unkept := regexp.MustCompile(`Unkept: +\w+`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name == "action.go" {
			return err
		}
		text, err := os.ReadFile(path)
		if name == "events.go" { // there only what takes the place of another counts
			text = bytes.Join(unkept.FindAll(text, -1), []byte("\n"))
		}
		code.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range actions(t) {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(code.String()) {
			t.Errorf("%s never happens", name)
		}
	}
}

// TestSentence: who, whom and what, and what is left out.
func TestSentence(t *testing.T) {
	t.Parallel()
	c := book.NewCatalog()
	const a, b = "6b03ac81a000ca2eb1aaaaaa", "6b03ac81a000ca2eb1bbbbbb"
	for _, x := range []struct {
		e    book.Entry
		want []book.Part
	}{
		{book.Entry{Type: book.Request, Action: book.ActionSignIn}, nil},
		{
			book.Entry{Type: book.Request, User: a, UserName: "Ann", Token: b, TokenName: "deploy"},
			[]book.Part{{Text: "By the token "}, {Text: "deploy", Chosen: true, Mark: "bbbbbb"}},
		},
		{
			book.Entry{Type: book.Request, User: a, Application: "Wiki", Host: "wiki.test", Rule: "rule 2: signed in"},
			[]book.Part{{Text: "In "}, {Text: "Wiki", Chosen: true}, {Text: " ("}, {Text: "wiki.test", Chosen: true}, {Text: ")"}},
		},
		{
			book.Entry{Type: book.Request, Action: book.RequestRefused, Application: "Wiki", Rule: "rule 3: group ops"},
			[]book.Part{{Text: "Refused in "}, {Text: "Wiki", Chosen: true}, {Text: ": "}, {Text: "rule 3: group ops", Chosen: true}},
		},
		{
			book.Entry{
				Type: book.Request, Action: book.RequestRefused, Application: "Wiki", Rule: "no rule", User: a, Token: b, TokenName: "deploy",
			},
			[]book.Part{
				{Text: "By the token "},
				{Text: "deploy", Chosen: true, Mark: "bbbbbb"},
				{Text: ", refused in "},
				{Text: "Wiki", Chosen: true},
				{Text: ": "},
				{Text: "no rule", Chosen: true},
			},
		},
		{
			book.Entry{Type: book.Request, Action: book.RequestOfAssets, Application: "Wiki", Text: "2 images"},
			[]book.Part{{Text: "2 images", Chosen: true}},
		},
		{
			book.Entry{
				Type: book.Activity, Action: book.ActionEntryHidden, User: a, UserName: "Ann", Token: b, TokenName: "deploy",
				Target: a, TargetName: "GET /",
			},
			[]book.Part{
				{Text: "Ann", Chosen: true, Mark: "aaaaaa", Person: a},
				{Text: ", by the token "},
				{Text: "deploy", Chosen: true, Mark: "bbbbbb"},
				{Text: ","},
				{Text: " hid the entry "},
				{Text: "GET /", Chosen: true, Mark: "aaaaaa"},
			},
		},
		{
			book.Entry{
				Type: book.Activity, Action: book.ActionRoleChanged, User: a, UserName: "Ann {who}",
				Target: b, TargetName: "Bob", Text: "member → admin",
			},
			[]book.Part{
				{Text: "Ann {who}", Chosen: true, Mark: "aaaaaa", Person: a},
				{Text: " changed the role of "},
				{Text: "Bob", Chosen: true, Mark: "bbbbbb", Person: b},
				{Text: ": "},
				{Text: "member", Chosen: true},
				{Text: " → "},
				{Text: "admin", Chosen: true},
			},
		},
		{
			book.Entry{Type: book.Activity, Action: book.ActionSignInFailed},
			[]book.Part{{Text: "Somebody"}, {Text: " failed to sign in"}},
		},
		{
			book.Entry{Type: book.Activity, Action: book.ActionSignInFailed, Target: b},
			[]book.Part{
				{Text: "Somebody"}, {Text: " failed to sign in"}, {Text: " as "}, {Chosen: true, Mark: "bbbbbb"},
			},
		},
		{
			book.Entry{
				Type: book.Activity, Action: book.ActionDeveloperDeleted, ClientAddr: book.CommandLine,
				Target: b, TargetName: "Bob",
			},
			[]book.Part{
				{Text: "The command line"},
				{Text: " deleted the account of "},
				{Text: "Bob", Chosen: true, Mark: "bbbbbb", Person: b},
			},
		},
		{ // an entry of the book is nobody
			book.Entry{
				Type: book.Activity, Action: book.ActionEntryHidden, User: a, UserName: "Ann",
				Target: b, TargetName: "GET /",
			},
			[]book.Part{
				{Text: "Ann", Chosen: true, Mark: "aaaaaa", Person: a},
				{Text: " hid the entry "},
				{Text: "GET /", Chosen: true, Mark: "bbbbbb"},
			},
		},
		{
			book.Entry{Type: book.Activity, Action: "of_later", Text: "x"},
			[]book.Part{{Text: "of_later"}, {Text: ": "}, {Text: "x", Chosen: true}},
		},
	} {
		if diff := cmp.Diff(x.want, c.Sentence(&x.e)); diff != "" {
			t.Errorf("%s: %s", x.e.Action, diff)
		}
	}
}

// TestDocumentedEvents: docs/book.md has the table. UPDATE_DOCS=1 writes it.
func TestDocumentedEvents(t *testing.T) {
	t.Parallel()
	const (
		file  = "../../docs/book.md"
		begin = "<!-- events, written by internal/book/events_test.go -->\n"
		end   = "<!-- end of events -->\n"
	)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", file)
	}
	seen := map[book.Audience]string{
		book.Owner: "whoever did it", book.OwnerInShort: "whoever did it, without the cause", book.Admins: "–",
	}
	var want strings.Builder
	want.WriteString("\n| action | type | level | sentence | seen by admins and | OWASP |\n")
	want.WriteString("|---|---|---|---|---|---|\n")
	for _, e := range book.Events() {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s | `%s` |\n",
			e.Action, e.Type, e.Level, e.Says, seen[e.Seen], e.OWASP)
	}
	want.WriteString("\n")
	if got == want.String() {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s (UPDATE_DOCS=1 writes it; -want +got):\n%s", file, cmp.Diff(want.String(), got))
	}
	whole := before + begin + want.String() + end + after
	if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
}
