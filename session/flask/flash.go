package flask

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session"
)

// Flask keeps its messages as one list of (category, message) under "_flashes"; package session has
// a key for each, so that none is swallowed by another request. Here each form becomes the other.

// flashPrefix is that of package session.
const flashPrefix = "_flash."

// flash is a session.Flash with what it was in Flask's list, if that is more than two texts can
// say.
type flash struct {
	Category string `json:"c"`
	Text     string `json:"t"`
	Tagged   string `json:"tagged,omitempty"`
}

// splitFlashes gives each message of Flask's list a key of its own, before those that are added
// here. A list that is none stays as it is.
func splitFlashes(values map[string][]byte) {
	for key := range values {
		if strings.HasPrefix(key, flashPrefix) { // not ours, for ours travel in the list
			delete(values, key)
		}
	}
	text, ok := values[flashesKey]
	if !ok {
		return
	}
	var list []any
	if (Codec{}).Unmarshal(text, &list) != nil {
		return
	}
	messages := make([]flash, len(list))
	for i, item := range list {
		f, ok := readFlash(item)
		if !ok {
			return
		}
		messages[i] = f
	}
	delete(values, flashesKey)
	for i, f := range messages {
		b, err := json.Marshal(f)
		if err != nil {
			continue
		}
		values[fmt.Sprintf("%s%016x.%04x.%08x", flashPrefix, 0, i, 0)] = b
	}
}

// readFlash reads one item of the list, a tuple or an array of two.
func readFlash(item any) (f flash, ok bool) {
	var pair []any
	switch item := item.(type) {
	case Tuple:
		pair = item
	case []any:
		pair = item
	}
	if len(pair) != 2 {
		return f, false
	}
	tagged, err := Codec{}.Marshal(item)
	if err != nil {
		return f, false
	}
	f = flash{Category: words(pair[0]), Text: words(pair[1]), Tagged: string(tagged)}
	if plain, err := writeFlash(flash{Category: f.Category, Text: f.Text}); err == nil && string(plain) == f.Tagged {
		f.Tagged = ""
	}
	return f, true
}

// words returns what a page shows of a message. Markup is shown as the text that it is, so that no
// page here trusts what another program has put into the cookie.
func words(v any) string {
	switch v := v.(type) {
	case string:
		return strings.ToValidUTF8(v, string(utf8.RuneError))
	case template.HTML:
		return strings.ToValidUTF8(string(v), string(utf8.RuneError))
	case nil:
		return "None"
	}
	text, err := Codec{}.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// joinFlashes makes the list of the messages again, oldest first.
func joinFlashes(values map[string][]byte) error {
	var keys []string
	for key := range values {
		if strings.HasPrefix(key, flashPrefix) {
			keys = append(keys, key)
		}
	}
	if keys == nil {
		return nil
	}
	slices.Sort(keys)
	list := []byte{'['}
	for _, key := range keys {
		var f flash
		err := json.Unmarshal(values[key], &f)
		delete(values, key)
		if err != nil {
			continue
		}
		item, err := writeFlash(f)
		if err != nil {
			return fmt.Errorf("%w: a flash message: %w", session.ErrMisuse, err)
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, item...)
	}
	values[flashesKey] = append(list, ']')
	return nil
}

func writeFlash(f flash) ([]byte, error) {
	if f.Tagged != "" {
		return []byte(f.Tagged), nil
	}
	return Codec{}.Marshal(Tuple{f.Category, f.Text})
}
