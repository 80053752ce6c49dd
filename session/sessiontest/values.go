package sessiontest

import (
	"bytes"
	"fmt"
	"maps"
	"strings"

	"github.com/doorbook/doorbook/session/store"
)

// oddStrings are strings that have a meaning to some database or some encoding, or are nearly one
// another.
var oddStrings = []string{
	"ada", "Ada", "ADA", "ada ", " ada", "ad", "adaa", "a.b", "a", "a.b.c", ".", "..", "$", "$set", "$a.b", "a$", "0", "1", "-1", "1e0",
	"'", "\"", "`", "\\", "\\'", "'; DROP TABLE sessions; --", "%", "a%", "a_a", "*", "?", "[a]", "{a}", "a:b", "a\tb", "a\nb", "\r\n",
	"\x00", "ada\x00", "\x00ada", "\x01", "\x7f", "\xff", "\xff\xfe", "\xc3\x28", "null", "NULL", "true", "_id", "__proto__",
	"é", "e\u0301", "ß", "ss", "İ", "ı", "i", "K", "\u212a", "\u202e", "\u2028", "\ufeff", "\ufffd", "\U0001f511", "日本",
	strings.Repeat("x", 1000), strings.Repeat("x", 999) + "y", strings.Repeat("é", 500),
}

var valueTests = []test{
	{"odd keys", func(p probe) {
		r := record()
		r.Values = store.Values{}
		for i, key := range oddStrings {
			r.Values[key] = fmt.Append(nil, i)
		}
		p.created(r)
		p.holds(r, past)
	}},
	{"odd keys in patches", func(p probe) {
		r := p.created(record())
		r.Values = store.Values{}
		for i, key := range oddStrings { // one at a time: a store may address the key itself
			p.patched(set(r, key, fmt.Sprint(i)))
			r.Values[key] = fmt.Append(nil, i)
			r.Version++
		}
		p.holds(r, past)
		for i, key := range oddStrings {
			if i%2 == 0 {
				change := patch(r)
				change.Delete = []string{key}
				p.patched(change)
				delete(r.Values, key)
				r.Version++
			}
		}
		p.holds(r, past)
	}},
	{"binary", func(p probe) {
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		r := record()
		r.Values = store.Values{"all": all, "zero": {0}, "invalid": {0xff, 0xfe, 0xc3, 0x28}}
		p.created(r)
		p.holds(r, past)
	}},
	{"empty is not absent", func(p probe) {
		r := record()
		r.Values = store.Values{"empty": {}, "nil": nil}
		p.created(r)
		p.holds(r, past)
		change := patch(r)
		change.Set = store.Values{"later": {}}
		change.Delete = []string{"nil"}
		p.patched(change)
		r.Version, r.Values = 2, store.Values{"empty": {}, "later": {}}
		p.holds(r, past)
	}},
	{"a key called nothing", func(p probe) {
		r := p.created(record())
		p.patched(set(r, "", "1"))
		r.Version, r.Values = 2, store.Values{"": []byte("1")}
		p.holds(r, past)
	}},
	{"big", func(p probe) {
		r := record()
		r.Values = store.Values{"big": bytes.Repeat([]byte{0, 1, 0xff, '\''}, 1<<18), "small": []byte("1")}
		p.created(r)
		p.holds(r, past)
		big := bytes.Repeat([]byte("x"), 1<<20)
		p.patched(set(r, "bigger", string(big)))
		r.Version, r.Values = 2, maps.Clone(r.Values)
		r.Values["bigger"] = big
		p.holds(r, past)
	}},
	{"many keys", func(p probe) {
		r := p.created(record())
		change := patch(r)
		change.Set = store.Values{}
		for i := range 1000 {
			change.Set[fmt.Sprintf("key-%d", i)] = fmt.Append(nil, i)
		}
		p.patched(change)
		r.Version, r.Values = 2, clone(change.Set)
		p.holds(r, past)
		change.Set = nil
		for i := range 999 {
			key := fmt.Sprintf("key-%d", i)
			change.Delete = append(change.Delete, key)
			delete(r.Values, key)
		}
		p.patched(change)
		r.Version = 3
		p.holds(r, past)
	}},
	{"never changed by the store", func(p probe) {
		r := record()
		r.Values = store.Values{"a": []byte("1"), "b": []byte("2")}
		given := clone(r.Values)
		p.created(r)
		got := p.loaded(r.ID, past).Values
		change := patch(r)
		change.Delete = []string{"a"}
		change.Set = store.Values{"b": []byte("3"), "c": []byte("4")}
		setGiven := clone(change.Set)
		p.patched(change)
		change2 := set(r, "c", "5")
		change2.Delete = []string{"b"}
		p.patched(change2)
		change2.Clear = true
		p.patched(change2)
		for _, c := range []struct {
			what      string
			got, want store.Values
		}{
			{"given to Create", r.Values, given},
			{"got from Load", got, given},
			{"given to Patch", change.Set, setGiven},
		} {
			if !maps.EqualFunc(c.got, c.want, bytes.Equal) {
				p.Errorf("values %s were changed by a later patch: %q, want %q", c.what, c.got, c.want)
			}
		}
	}},
}
