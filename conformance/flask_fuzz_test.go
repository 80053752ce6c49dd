package conformance

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/doorbook/doorbook/session/flask"
)

// mutant is a rightly signed cookie of a payload that Flask might never write.
type mutant struct {
	cookie string
	text   string // of the session, where the cookie is otherwise as Flask writes it, to be made smaller
}

// TestFlaskMutants: what the strict reader accepts of rightly signed, odd payloads, the real Flask
// accepts too, with the same value. A failure shows the smallest text that fails.
func TestFlaskMutants(t *testing.T) {
	t.Parallel()
	real, signer, r := realFlask(t), flaskSigner(t), flaskSource(t)
	texts, words, n := sessionTexts(t), vocabulary(), flaskCases(t, 2_000)
	var flaskTakes, weTake, both int
	for done := 0; done < n; {
		mutants := make([]mutant, min(2000, n-done))
		questions := make([]question, len(mutants))
		for i := range mutants {
			text := texts[r.IntN(len(texts))]
			if r.IntN(4) == 0 {
				text = plainText(t, mustWrite(t, signer, someSession(r)))
			}
			for range r.IntN(4) {
				text = mutate(r, text, words)
			}
			payload, plain := somePayload(r, text)
			stamp := someStamp(r)
			mutants[i].cookie = signed(payload, stamp)
			if plain && stamp == stampOf(flaskNow) {
				mutants[i].text = text
			}
			questions[i] = load(&mutants[i].cookie)
		}
		for i, theirs := range real.askAll(t, questions) {
			ours, err := readFlask(signer, mutants[i].cookie, flaskNow)
			if theirs.Outcome == "accept" {
				flaskTakes++
			}
			if err == nil {
				weTake++
			}
			if agrees(ours, err, theirs) {
				if err == nil {
					both++
				}
				continue
			}
			t.Errorf("case %d: we read %v\nFlask: %s %s %v\n%s", done+i, ours, theirs.Outcome, theirs.Error, theirs.Session, mutants[i].cookie)
			if mutants[i].text != "" {
				t.Errorf("smallest text that fails: %q", shrink(mutants[i].text, func(text string) bool { return disagree(t, real, signer, text) }))
			}
			t.FailNow()
		}
		done += len(mutants)
	}
	t.Logf("of %d cookies Flask takes %d, we take %d, all of them as Flask does", n, flaskTakes, both)
	if n >= 1000 && (weTake < n/5 || flaskTakes-weTake < n/100) {
		t.Error("the mutations are too wild, or too tame, to show anything")
	}
}

func load(cookie *string) question {
	return question{Op: "loads", Secret: flaskSecret, Now: flaskNow, Cookie: cookie}
}

// agrees reports whether what we read is what Flask reads. That we refuse more is intended.
func agrees(ours *typed, err error, theirs answer) bool {
	return err != nil || theirs.Outcome == "accept" && theirs.Session.String() == ours.String()
}

func disagree(t *testing.T, real *oracle, signer *flask.Signer, text string) bool {
	cookie := signed(base64.RawURLEncoding.EncodeToString([]byte(text)), stampOf(flaskNow))
	ours, err := readFlask(signer, cookie, flaskNow)
	return err == nil && !agrees(ours, err, real.ask(t, load(&cookie)))
}

// shrink leaves out of a text whatever it can so that it still fails.
func shrink(text string, fails func(string) bool) string {
	for size := len(text) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(text); {
			if less := text[:at] + text[at+size:]; fails(less) {
				text = less
			} else {
				at++
			}
		}
	}
	return text
}

func mustWrite(t testing.TB, signer *flask.Signer, s *typed) string {
	t.Helper()
	cookie, err := writeFlask(signer, s, flaskNow)
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

// sessionTexts gives the texts of the golden sessions.
func sessionTexts(t testing.TB) (texts []string) {
	t.Helper()
	var golden struct {
		Cases []struct {
			JSON *string `json:"json"`
		} `json:"cases"`
	}
	b, err := os.ReadFile("../session/flask/testdata/cookies_dev.json")
	if err == nil {
		err = json.Unmarshal(b, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		if c.JSON != nil && len(*c.JSON) < 2000 {
			texts = append(texts, *c.JSON)
		}
	}
	if len(texts) < 50 {
		t.Fatalf("only %d golden texts", len(texts))
	}
	return texts
}
