package gate

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Limits of a file.
const (
	maxFile     = 1 << 20 // bytes
	maxProblems = 20      // that are told at once
)

// document is a TOML file that is read, and what is found wrong in it.
type document struct {
	name     string
	lines    map[string]int // of each key and table, by its path: "app[0].rule[1].path"
	problems []error
}

// table is one of its tables. What has been read of it is known: the rest are unknown words.
type table struct {
	doc    *document
	path   string
	values map[string]any
	known  []string
}

// parse reads a TOML file.
func parse(file []byte, name string) (*table, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("%s: it is larger than %d bytes", name, maxFile)
	}
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	values := map[string]any{}
	if err := toml.Unmarshal(file, &values); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, column := at.Position()
			return nil, fmt.Errorf("%s:%d:%d: it is no TOML: %s", name, line, column, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: it is no TOML: %w", name, err)
	}
	return &table{doc: &document{name: name, lines: linesOf(file)}, values: values}, nil
}

// linesOf finds on which line each key and table of a good file stands.
func linesOf(file []byte) map[string]int {
	w := where{parser: new(unstable.Parser), file: file, lines: map[string]int{}, last: map[string]int{}}
	w.parser.Reset(file)
	at := "" // the table that key and value lines belong to
	for w.parser.NextExpression() {
		switch e := w.parser.Expression(); e.Kind {
		case unstable.Table:
			at = w.key("", e, false)
		case unstable.ArrayTable:
			at = w.key("", e, true)
		case unstable.KeyValue:
			w.value(at, e)
		}
	}
	return w.lines
}

// where walks through a file.
type where struct {
	parser *unstable.Parser
	file   []byte
	lines  map[string]int
	last   map[string]int // of each array of tables, the number of its last one
}

// key notes the line of a key below a path, and returns its own path. One more table of an array
// counts; the others mean its last one.
func (w where) key(path string, n *unstable.Node, more bool) string {
	for keys := n.Key(); keys.Next(); {
		path = join(path, string(keys.Node().Data))
		line := 1 + bytes.Count(w.file[:keys.Node().Raw.Offset], []byte("\n"))
		if _, ok := w.lines[path]; !ok {
			w.lines[path] = line
		}
		last, array := w.last[path]
		switch {
		case more && keys.IsLast():
			if array {
				last++
			}
			w.last[path] = last
			path = fmt.Sprintf("%s[%d]", path, last)
			w.lines[path] = line
		case array:
			path = fmt.Sprintf("%s[%d]", path, last)
		}
	}
	return path
}

// value notes the lines of what stands in a value.
func (w where) value(path string, n *unstable.Node) {
	path = w.key(path, n, false)
	w.inside(path, n.Value())
}

func (w where) inside(path string, n *unstable.Node) {
	children := n.Children()
	switch n.Kind {
	case unstable.InlineTable:
		for children.Next() {
			w.value(path, children.Node())
		}
	case unstable.Array:
		for i := 0; children.Next(); i++ {
			element := fmt.Sprintf("%s[%d]", path, i)
			w.lines[element] = w.lines[path]
			w.inside(element, children.Node())
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// wrong notes what is wrong with a key of the table; "" means the table itself.
func (t *table) wrong(key, format string, args ...any) {
	path, word := t.path, ""
	if key != "" {
		path, word = join(t.path, key), key+": "
	}
	line, ok := t.doc.lines[path]
	if !ok {
		line = t.line()
	}
	t.doc.problems = append(t.doc.problems, fmt.Errorf("%s:%d: %s%s", t.doc.name, line, word, fmt.Sprintf(format, args...)))
}

// line is where the table begins.
func (t *table) line() int { return max(1, t.doc.lines[t.path]) }

// has reports whether a key is there.
func (t *table) has(key string) bool {
	_, ok := t.values[key]
	return ok
}

// get is a value, and that its key is one that tables of this kind have.
func (t *table) get(key string) (any, bool) {
	t.known = append(t.known, key)
	v, ok := t.values[key]
	return v, ok
}

// text is a value that is a text; "" for none.
func (t *table) text(key string) string {
	v, ok := t.get(key)
	if !ok {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		t.wrong(key, "it is no text in quotation marks")
	}
	return text
}

// word is a text that is one of a few; "" for none.
func (t *table) word(key string, choices ...string) string {
	text := t.text(key)
	if _, isText := t.values[key].(string); isText && !slices.Contains(choices, text) {
		t.wrong(key, "%q is none of %s", text, strings.Join(choices, ", "))
		return ""
	}
	return text
}

// list is a value that is a text or a list of texts, none of them empty; nil for none.
func (t *table) list(key string) (list []string) {
	v, ok := t.get(key)
	if !ok {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	if len(items) == 0 {
		t.wrong(key, "the list is empty; leave it out")
	}
	for _, item := range items {
		text, ok := item.(string)
		switch {
		case !ok:
			t.wrong(key, "it is no text in quotation marks, and no list of them")
			return nil
		case text == "":
			t.wrong(key, "there is an empty text in it")
			return nil
		case slices.Contains(list, text):
			t.wrong(key, "%q is there twice", text)
		}
		list = append(list, text)
	}
	return list
}

// flag is a value that is true or false.
func (t *table) flag(key string) bool {
	v, ok := t.get(key)
	if !ok {
		return false
	}
	flag, ok := v.(bool)
	if !ok {
		t.wrong(key, "it is neither true nor false")
	}
	return flag
}

// tables is a value that is a table, or of several.
func (t *table) tables(key string, several bool) (list []*table) {
	v, ok := t.get(key)
	if !ok {
		return nil
	}
	items, isList := v.([]any)
	if !isList {
		items = []any{v}
	}
	for i, item := range items {
		values, ok := item.(map[string]any)
		if !ok || isList != several {
			header := "[" + key + "]"
			if several {
				header = "[" + header + "]"
			}
			t.wrong(key, "it is no table of its own, which begins with a line %s", strings.Replace(header, key, join(kindOf(t.path), key), 1))
			return nil
		}
		path := join(t.path, key)
		if several {
			path = fmt.Sprintf("%s[%d]", path, i)
		}
		list = append(list, &table{doc: t.doc, path: path, values: values})
	}
	return list
}

// kindOf is the path of a table without its numbers.
func kindOf(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c != '[' && c != ']' && (c < '0' || c > '9') {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// end notes the words that nothing has asked for.
func (t *table) end() {
	for _, key := range slices.Sorted(maps.Keys(t.values)) {
		if !slices.Contains(t.known, key) {
			t.wrong(key, "that word means nothing here; there are %s", strings.Join(t.known, ", "))
		}
	}
}
