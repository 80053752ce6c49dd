package flask_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

// FuzzOpen reads any text as a cookie, and as what a correctly signed one holds. Nothing panics;
// what is refused is ErrUnreadable; and what is read can be written, and is read again as the same
// session with the same values.
func FuzzOpen(f *testing.F) {
	now := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	const flashes = `{"_flashes":[{" t":["message","Hello"]},["a",{" m":"<b>"}],{" t":[1,null]}]}`
	for _, text := range []string{
		`{}`, `{` + ada + `}`, `{` + everything + `}`, flashes, `{"_flash.x":{"c":"a","t":"b","tagged":"[1]"}}`,
		`{"_doorbook_until":{"city":1935403260000,"x":5},"city":"Oslo"}`, `{"_doorbook_until":{"_flash.x":5},"_flash.x":1}`,
		`{` + ada + `,"_doorbook":` + forged(session.ID{1}, []byte{1}, now, "ada") + `,"_permanent":true}`,
		`{` + ada + `,"_doorbook":` + forged(session.ID{1}, nil, now, "grace") + `}`, `{"_doorbook":` + forged(session.ID{1}, []byte{1}, now, "") + `}`,
		`[]`, `null`, `{"_flashes":null}`, `{"_flashes":[]}`, ` b`, `{" t":[]}`, `eyJhIjoxfQ.aSFzwA.RplUhb50hVBDaOTO-gcckeIbEs4`, ``,
	} {
		f.Add(text)
	}
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte(secretKey)})
	if err != nil {
		f.Fatal(err)
	}
	var carriers []session.Carrier
	for _, app := range []flask.Config{{Subject: subject}, {}} {
		app.SecretKey = []byte(secretKey)
		made, err := app.Sessions(session.Config{Now: func() time.Time { return now }})
		if err != nil {
			f.Fatal(err)
		}
		carrier, err := made.Carrier(made.Keys, "session")
		if err != nil {
			f.Fatal(err)
		}
		carriers = append(carriers, carrier)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i, carrier := range carriers {
			if _, err := carrier.Open(text); err != nil && !errors.Is(err, session.ErrUnreadable) {
				t.Errorf("%v", err)
			}
			o, err := carrier.Open(signer.Sign([]byte(text), now))
			if err != nil {
				if !errors.Is(err, session.ErrUnreadable) {
					t.Errorf("%v", err)
				}
				continue
			}
			sealed, err := carrier.Seal(o.Record)
			switch {
			case err != nil && len(o.Record.Values) > 0 && flashLike(o.Record.Values):
				continue // keys like our messages, see TestForgedFlashes
			case err != nil:
				t.Fatalf("%d: what was read cannot be written: %v", i, err)
			case sealed == "":
				if len(o.Record.Values) > 0 && !flashLike(o.Record.Values) {
					t.Fatalf("%d: %d values are nothing", i, len(o.Record.Values))
				}
				continue
			}
			again, err := carrier.Open(sealed)
			if err != nil {
				t.Fatalf("%d: what was written cannot be read: %v", i, err)
			}
			if flashLike(o.Record.Values) {
				continue
			}
			if a, b := shown(o.Record), shown(again.Record); a != b {
				t.Errorf("%d: %s\nthen %s", i, a, b)
			}
			if diff := cmp.Diff(o.Record.Values, again.Record.Values); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// shown is what must not change, but for values. A session without a name gets one when it is
// written.
func shown(r session.Record) string {
	return fmt.Sprint(r.Subject, r.Persist, r.SignedIn.Unix(), r.LastSeen)
}

// flashLike reports whether there are keys that look like our messages, which did not come from
// Flask's list.
func flashLike(v session.Values) bool {
	for key, value := range v {
		if len(key) > 6 && key[:7] == "_flash." && (len(key) != 7+16+1+4+1+8 || len(value) == 0 || value[0] != '{') {
			return true
		}
	}
	_, list := v["_flashes"]
	return list
}
