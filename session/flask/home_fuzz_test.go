package flask_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
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
	var carriers []place.Codec
	for _, app := range []flask.Config{{Subject: subject}, {}} {
		app.SecretKey = []byte(secretKey)
		made, err := app.Sessions(session.Config{Now: func() time.Time { return now }})
		if err != nil {
			f.Fatal(err)
		}
		carrier, err := made.Home.Format.Keyed(func(purpose string) [][]byte { return [][]byte{[]byte(purpose)} }, "session")
		if err != nil {
			f.Fatal(err)
		}
		carriers = append(carriers, carrier)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for i, carrier := range carriers {
			if _, err := carrier.Open(text); err != nil && !errors.Is(err, store.ErrUnreadable) {
				t.Errorf("%v", err)
			}
			o, err := carrier.Open(signer.Sign([]byte(text), now))
			if err == nil {
				sealedAgain(t, i, carrier, o.Record)
			} else if !errors.Is(err, store.ErrUnreadable) {
				t.Errorf("%v", err)
			}
		}
	})
}

// sealedAgain writes what a carrier read and reads it again. Keys like our messages may be refused
// or changed on the way; see TestForgedFlashes.
func sealedAgain(t *testing.T, i int, carrier place.Codec, r store.Record) {
	t.Helper()
	forged := flashLike(r.Values)
	sealed, err := carrier.Seal(r)
	switch {
	case err != nil && forged:
		return
	case err != nil:
		t.Fatalf("%d: what was read cannot be written: %v", i, err)
	case sealed == "" && len(r.Values) > 0 && !forged:
		t.Fatalf("%d: %d values are nothing", i, len(r.Values))
	case sealed == "":
		return
	}
	again, err := carrier.Open(sealed)
	if err != nil {
		t.Fatalf("%d: what was written cannot be read: %v", i, err)
	}
	if forged {
		return
	}
	if a, b := shown(r), shown(again.Record); a != b {
		t.Errorf("%d: %s\nthen %s", i, a, b)
	}
	if diff := compare.Diff(r.Values, again.Record.Values); diff != "" {
		t.Error(diff)
	}
}

// shown is what must not change, but for values. A session without a name gets one when it is
// written.
func shown(r store.Record) string {
	return fmt.Sprint(r.Subject, r.Persist, r.SignedIn.Unix(), r.LastSeen)
}

// flashLike reports whether there are keys that look like our messages, which did not come from
// Flask's list.
func flashLike(v store.Values) bool {
	for key, value := range v {
		if len(key) > 6 && key[:7] == "_flash." && (len(key) != 7+16+1+4+1+8 || len(value) == 0 || value[0] != '{') {
			return true
		}
	}
	_, list := v["_flashes"]
	return list
}
