package conformance

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// headerCase is one request to a real Flask 3.1: a cookie, what the view does, and the headers of
// the answer.
type headerCase struct {
	ID        string         `json:"id"`
	State     string         `json:"state"`
	Cookie    *string        `json:"request_cookie"`
	Op        string         `json:"op"`
	Config    map[string]any `json:"config"`
	Vary      *string        `json:"existing_vary"`
	Other     bool           `json:"other_cookie"`
	SetCookie []string       `json:"set_cookie"`
	WantVary  []string       `json:"vary"`
	JSON      *string        `json:"session_json"` // of the cookie that is set
	Older     map[string]struct {
		SetCookie []string `json:"set_cookie"`
		Vary      []string `json:"vary"`
	} `json:"older"`
}

type headerCases struct {
	Meta struct {
		Now    int64 `json:"now"`
		Secret struct {
			Text string `json:"str"`
		} `json:"secret_key"`
	} `json:"meta"`
	Cases []headerCase `json:"cases"`
}

func loadHeaderCases(t testing.TB) headerCases {
	t.Helper()
	var all headerCases
	b, err := os.ReadFile("testdata/headers_dev.json")
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil || len(all.Cases) == 0 {
		t.Fatalf("%d cases: %v", len(all.Cases), err)
	}
	return all
}

// TestFlaskOracle: the process that stands for the real Flask in these tests answers as Flask did
// when the golden cases were made: each time as 3.1 or, where that is different, as Debian's 2.2. A
// version between them may be either, case by case.
func TestFlaskOracle(t *testing.T) {
	t.Parallel()
	flask := realFlask(t)
	t.Log(flask.versions)
	all := loadHeaderCases(t)
	for _, c := range all.Cases {
		q := question{
			Op: "request", Secret: all.Meta.Secret.Text, Now: all.Meta.Now,
			Cookie: c.Cookie, Do: c.Op, Config: c.Config, Other: c.Other,
		}
		if c.Vary != nil {
			q.Vary = *c.Vary
		}
		got := flask.ask(t, q)
		debian, differs := c.Older["deb"]
		if differs && debian.SetCookie == nil { // it failed there
			debian.SetCookie, debian.Vary = []string{}, got.Vary
		}
		type headers struct{ SetCookie, Vary []string }
		new, old := headers{c.SetCookie, c.WantVary}, headers(debian)
		if diff := cmp.Diff(new, headers{got.SetCookie, got.Vary}); diff != "" &&
			(!differs || !cmp.Equal(old, headers{got.SetCookie, got.Vary})) {
			t.Errorf("%s: headers differ from the golden ones (-golden +now):\n%s", c.ID, diff)
		}
	}
}
