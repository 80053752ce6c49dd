package fromflask_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/fromflask"
)

// TestReport: everything goes to the file, the first of each reason to the reader.
func TestReport(t *testing.T) {
	t.Parallel()
	source := &installation{}
	for n := range 50 {
		source.log(get(n, bson.M{"type": "visit"}))
	}
	source.log(get(50, bson.M{"body": "x"}), get(51, bson.M{"deleted": true}))
	source.developer(ada(1, bson.M{"name": ""}), ada(2, nil))
	var lines, printed bytes.Buffer
	report := fromflask.NewReport(&lines)
	totals := newPlace(t).copy(source, func(c *fromflask.Config) {
		c.Item, c.Admins = report.Add, []string{"bob@example.org", "ada@example.org"}
	})
	if err := errors.Join(report.Finish(totals), report.Print(&printed, totals, false)); err != nil {
		t.Fatal(err)
	}
	want := `developers: 2 read, 1 copied, 0 there already, 1 refused
logs: 52 read, 1 copied, 0 there already, 1 deleted in the original, 50 refused
Bodies of requests may hold passwords, so none is copied: 1 entries say [redacted] instead.
ada@example.org is an administrator now.
Nobody was made an administrator for bob@example.org: no account with this address was copied.

developer adjusted: 1, copied with another name: the one it had was empty, too long or not fit to be shown
  ` + hexID(1) + `

developer refused: 1, the e-mail address, in upper or lower case, belongs to another account
  ` + hexID(2) + `: ` + hexID(1) + `

entry refused: 50, the type is none of request, activity, error
  ` + hexID(0) + "\n"
	got := printed.String()
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "  "+hexID(19)+"\n  and 30 more\n") {
		t.Errorf("%s", got)
	}
	var outcomes, last int
	for line := range strings.Lines(lines.String()) {
		var item struct {
			fromflask.Item
			Totals *fromflask.Totals
		}
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if outcomes++; item.Totals != nil {
			last = outcomes
			if item.Totals.Entries != totals.Entries {
				t.Errorf("%+v", item.Totals)
			}
		}
	}
	if outcomes != 53 || last != 53 {
		t.Errorf("%d lines, totals in line %d:\n%s", outcomes, last, &lines)
	}
}

func TestReportOfADryRun(t *testing.T) {
	t.Parallel()
	var printed bytes.Buffer
	totals := fromflask.Totals{Entries: fromflask.Tally{Read: 3, Copied: 1, There: 1, Differs: 1}, Old: 1, Admins: []string{"ada@example.org"}}
	if err := fromflask.NewReport(nil).Print(&printed, totals, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"nothing was written", "1 would be copied, 2 there already (1 not the same)", "1 entries are older", "no developers",
		"ada@example.org would be an administrator",
	} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &printed)
		}
	}
}

// TestReportHoldsNoSecret: a canary in every field of every document never comes up, in items or in
// texts of errors.
func TestReportHoldsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "cAnaRy7bird9x"
	source := &installation{}
	for n, field := range []string{"_id", "name", "email", "password", "skills", "created_at", "type", "client_addr", "url", "http_method", "body", "deleted", "other"} {
		for _, v := range []any{canary, bson.M{canary: canary}, bson.A{canary}, "\n" + canary, canary + strings.Repeat("x", 20000)} {
			source.developer(ada(n, bson.M{field: v}))
			source.log(get(n, bson.M{field: v}))
		}
	}
	var lines, printed bytes.Buffer
	p := newPlace(t)
	report := fromflask.NewReport(&lines)
	for range 2 {
		totals := p.copy(source, func(c *fromflask.Config) {
			c.Item = report.Add
			c.CheckHash = func(string) error { return errors.New(canary) }
		})
		if err := errors.Join(report.Finish(totals), report.Print(&printed, totals, false)); err != nil {
			t.Fatal(err)
		}
	}
	if text := lines.String() + printed.String(); strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
		t.Error(text)
	}
}

// failing takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errSource }

func TestReportThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	report := fromflask.NewReport(failing{})
	report.Add(fromflask.Item{Kind: fromflask.Entry})
	if err := report.Finish(fromflask.Totals{}); !errors.Is(err, errSource) {
		t.Error(err)
	}
	if err := report.Print(failing{}, fromflask.Totals{}, false); !errors.Is(err, errSource) {
		t.Error(err)
	}
}
