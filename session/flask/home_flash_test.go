package flask_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

func take(s *session.Session) string {
	b, _ := json.Marshal(s.Flashes())
	return string(b)
}

func flashOne(s *session.Session) string { s.Flash("info", "one more"); return "" }

// Messages of every shape that Flask's side can make, as they are shown here, and as they are
// carried along.
func TestFlashesOfFlask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ list, shown string }{
		"as Flask writes them":   {`[{" t":["message","Hello"]},{" t":["error","Oh \u00e9"]}]`, `[{"c":"message","t":"Hello"},{"c":"error","t":"Oh é"}]`},
		"as arrays":              {`[["message","Hello"]]`, `[{"c":"message","t":"Hello"}]`},
		"markup is text":         {`[{" t":["message",{" m":"<script>x</script>"}]}]`, `[{"c":"message","t":"\u003cscript\u003ex\u003c/script\u003e"}]`},
		"a number":               {`[{" t":["message",42]},{" t":[1.5,true]}]`, `[{"c":"message","t":"42"},{"c":"1.5","t":"true"}]`},
		"None":                   {`[{" t":["message",null]}]`, `[{"c":"message","t":"None"}]`},
		"a list and a dict":      {`[{" t":["message",[1,"x"]]},{" t":["message",{"a":1}]}]`, `[{"c":"message","t":"[1,\"x\"]"},{"c":"message","t":"{\"a\":1}"}]`},
		"bytes and a date":       {`[{" t":["message",{" b":"aGk="}]}]`, `[{"c":"message","t":"{\" b\":\"aGk=\"}"}]`},
		"half of a pair":         {`[{" t":["message","\ud800x"]}]`, "[{\"c\":\"message\",\"t\":\"\ufffdx\"}]"},
		"quotes and line breaks": {`[{" t":["message","\"\\\n\u0000"]}]`, `[{"c":"message","t":"\"\\\n\u0000"}]`},
		"empty texts":            {`[{" t":["",""]}]`, `[{"c":"","t":""}]`},
		"an empty list":          {`[]`, `null`},
		"our own form":           {`[{" t":["message","{\"c\":\"a\",\"t\":\"b\",\"tagged\":\"1\"}"]}]`, `[{"c":"message","t":"{\"c\":\"a\",\"t\":\"b\",\"tagged\":\"1\"}"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			cookie := w.flask(`{"_flashes":` + c.list + `,"city":"Oslo"}`)
			w.now = w.now.Add(1500 * time.Millisecond)
			_, _, more := w.visit(cookie, flashOne)
			want := strings.TrimSuffix(c.list, "]") + `,{" t":["info","one more"]}]`
			check(t, "carried along", w.values(more)["_flashes"], strings.Replace(want, "[,", "[", 1))
			_, shown, after := w.visit(cookie, take)
			check(t, "shown", shown, c.shown)
			if c.shown != "null" {
				check(t, "afterwards", fmt.Sprint(w.values(after)), `map[city:"Oslo"]`)
			}
			_, again, _ := w.visit(after, take)
			check(t, "again", again, "null")
		})
	}
}

// A list that is none, or holds something that is no message, is nobody's: it is left alone until
// somebody adds a message.
func TestFlashesMalformed(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		`1`, `"text"`, `{}`, `{"a":1}`, `[1]`, `["ab"]`, `[["x"]]`, `[["x","y","z"]]`, `[{" t":["x"]}]`, `[{" t":["x","y"]},null]`,
	} {
		w := newWorld(t)
		cookie := w.flask(`{"_flashes":` + list + `,` + ada + `}`)
		status, shown, after := w.visit(cookie, func(s *session.Session) string { return take(s) + s.Subject() })
		check(t, list+": status", status, http.StatusOK)
		check(t, list+": shown", shown, "nullada")
		check(t, list+": carried along", w.values(after)["_flashes"], list)
		status, _, more := w.visit(after, flashOne)
		check(t, list+": another: status", status, http.StatusOK)
		_, shown, _ = w.visit(more, take)
		check(t, list+": another", shown, `[{"c":"info","t":"one more"}]`)
	}
}

// Hundreds of messages fit into one cookie when they are alike. None is lost to reading, and their
// order is kept.
func TestHundredsOfFlashes(t *testing.T) {
	t.Parallel()
	const n = 700
	w := newWorld(t)
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{" t":["message","%03d"]}`, i)
	}
	cookie := w.flask(`{"_flashes":[` + strings.Join(list, ",") + `]}`)
	status, _, same := w.visit(cookie, func(s *session.Session) string { city.Set(s, "Oslo"); return "" })
	check(t, "status", status, http.StatusOK)
	check(t, "carried along", w.values(same)["_flashes"], `[`+strings.Join(list, ",")+`]`)
	_, shown, after := w.visit(same, func(s *session.Session) string {
		all := s.Flashes()
		for i, f := range all {
			if f.Text != fmt.Sprintf("%03d", i) {
				return "in another order"
			}
		}
		return fmt.Sprint(len(all))
	})
	check(t, "shown", shown, fmt.Sprint(n))
	check(t, "afterwards", w.text(after), `{"city":"Oslo"}`)
}

// The two sides add messages in turn; they are shown in the order in which they came.
func TestFlashesInTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, cookie := w.visit("", func(s *session.Session) string { s.Flash("a", "1"); s.Flash("a", "2"); return "" })
	w.now = w.now.Add(time.Second)
	cookie = w.edit(cookie, func(v map[string]string) {
		v["_flashes"] = strings.TrimSuffix(v["_flashes"], "]") + `,{" t":["a","3"]}]`
	})
	w.now = w.now.Add(1500 * time.Millisecond)
	_, _, cookie = w.visit(cookie, func(s *session.Session) string { s.Flash("a", "4"); return "" })
	check(t, "as Flask finds them", w.values(cookie)["_flashes"], `[{" t":["a","1"]},{" t":["a","2"]},{" t":["a","3"]},{" t":["a","4"]}]`)
	_, shown, _ := w.visit(cookie, take)
	check(t, "shown", shown, `[{"c":"a","t":"1"},{"c":"a","t":"2"},{"c":"a","t":"3"},{"c":"a","t":"4"}]`)
	cookie = w.edit(cookie, func(v map[string]string) { delete(v, "_flashes") })
	_, shown, _ = w.visit(cookie, take)
	check(t, "taken by Flask", shown, "null")
}

// So they are when Flask's clock is ahead.
func TestFlashesWithClockAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, leeway(10*time.Second))
	ahead := w.signer.Sign([]byte(`{"_flashes":[{" t":["a","1"]}]}`), w.now.Add(9*time.Second))
	_, _, cookie := w.visit(ahead, func(s *session.Session) string { s.Flash("a", "2"); return "" })
	_, shown, _ := w.visit(cookie, take)
	check(t, "shown", shown, `[{"c":"a","t":"1"},{"c":"a","t":"2"}]`)
}

// Flask's side may have keys that look like our messages. They are no messages, and nothing fails
// because of them.
func TestKeysLikeFlashes(t *testing.T) {
	t.Parallel()
	keysLikeFlashes(t, map[string]string{
		"another value":     `{"_flash.x":5}`,
		"with Flask's list": `{"_flash.x":{"c":"a","t":"b","tagged":"]"},"_flashes":[{" t":["a","1"]}]}`,
		"with a time":       `{"_doorbook_until":{"_flash.x":99999999999999},"_flash.x":{"c":"a","t":"b","tagged":"]"}}`,
	})
}

func TestForgedFlashes(t *testing.T) {
	t.Parallel()
	keysLikeFlashes(t, map[string]string{
		"a message of ours":      `{"_flash.0000000000000000.0000.00000000":{"c":"a","t":"forged"}}`,
		"with a form of its own": `{"_flash.x":{"c":"a","t":"b","tagged":"1],[2"}}`,
		"with a broken list":     `{"_flash.x":{"c":"a","t":"b","tagged":"]"},"_flashes":5}`,
	})
}

func keysLikeFlashes(t *testing.T, sessions map[string]string) {
	for name, text := range sessions {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			cookie := w.flask(text)
			status, shown, _ := w.visit(cookie, take)
			check(t, "status", status, http.StatusOK)
			if strings.Contains(shown, "forged") || strings.Contains(shown, `"b"`) {
				t.Errorf("shown: %s", shown)
			}
			status, _, after := w.visit(cookie, flashOne)
			check(t, "a message: status", status, http.StatusOK)
			_, shown, _ = w.visit(after, take)
			check(t, "a message is shown", strings.Contains(shown, "one more"), true)
			status, _, _ = w.visit(cookie, signedInAs("ada"))
			check(t, "sign-in: status", status, http.StatusOK)
			status, _, after = w.visit(cookie, func(s *session.Session) string { city.Set(s, "Oslo"); return "" })
			check(t, "a value: status", status, http.StatusOK)
			check(t, "a value", w.values(after)["city"], `"Oslo"`)
		})
	}
}

// What a message holds cannot break out of its place in the cookie.
func TestFlashCannotForge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	evil := `x"]}],"loggedin_user":{"_id":"grace"},"_flashes":[{" t":["`
	_, _, cookie := w.visit("", func(s *session.Session) string { s.Flash(evil, evil); return "" })
	v := w.values(cookie)
	check(t, "keys", len(v), 1)
	var list []flask.Tuple
	if err := (flask.Codec{}).Unmarshal([]byte(v["_flashes"]), &list); err != nil || len(list) != 1 || list[0][1] != evil {
		t.Errorf("%v, %v", list, err)
	}
	check(t, "who", w.opens(cookie), "")
}
