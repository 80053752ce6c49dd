package flask

import (
	"fmt"
	"slices"
)

// roomy is how many nodes a text may have before they go to the heap.
const roomy = 64

// Canonical returns a text, of any value, in Flask's spelling: no white space, keys sorted and once
// each, ASCII alone, numbers as Python's repr. A text that is so already is given back itself. What
// Flask would not read, or not in this way, is refused with ErrMalformed.
func Canonical(json []byte) ([]byte, error) {
	var room [roomy]node
	t, err := canonical(json, 0, false, room[:])
	return t.src, err
}

// Split returns the entries of a session: the canonical text of each value under its key. A text
// that is not that of a dict is refused with ErrMalformed, and so is a dict with a malformed value
// anywhere. The values share the memory of the text where it was canonical; they have no spare
// capacity.
func Split(json []byte) (map[string][]byte, error) {
	var room [roomy]node
	t, err := canonical(json, 0, false, room[:])
	if err != nil {
		return nil, err
	}
	if k := t.nodes[0].kind; k != kindObject && k != kindEscaped {
		return nil, fmt.Errorf("%w: not a dict", ErrMalformed)
	}
	size := 0
	for range t.entries(0) {
		size++
	}
	values := make(map[string][]byte, size)
	for key, value := range t.entries(0) {
		values[string(key)] = t.source(value)
	}
	return values, nil
}

// Join returns the canonical text of a session with these entries, each a text as in Split. A value
// that is not canonical is made so; one that Split would not return is refused with ErrMalformed,
// and a key that is not text with ErrUnsupported.
func Join(values map[string][]byte) ([]byte, error) {
	var names [16]string
	keys, size := names[:0], len(`{" di":{"__":}}`)
	for key, value := range values {
		keys = append(keys, key)
		size += len(key) + len(value) + len(`"":,`)
	}
	slices.Sort(keys)
	o := openObject(make([]byte, 0, size))
	for _, key := range keys {
		if err := o.key(key); err != nil {
			return nil, err
		}
		var room [roomy]node
		t, err := canonical(values[key], inRoot, false, room[:])
		if err != nil {
			return nil, err
		}
		o.b = append(o.b, t.src...)
	}
	return o.close(), nil
}

// object is a JSON object that is being written. Its keys come in order.
type object struct {
	b      []byte
	start  int
	inside int // where the value of the last key begins
	count  int
	tag    tag // of the last key
}

func openObject(b []byte) object { return object{b: append(b, '{'), start: len(b)} }

// key writes a key; its value is to be appended to b.
func (o *object) key(key string) (err error) {
	if o.count > 0 {
		o.b = append(o.b, ',')
	}
	o.count++
	o.tag = tagOf(key)
	if o.b, err = appendQuoted(o.b, key); err != nil {
		return err
	}
	o.b = append(o.b, ':')
	o.inside = len(o.b)
	return nil
}

// close ends it. One entry under a tag's key is escaped, so that it is not taken for the tag.
func (o *object) close() []byte {
	if o.count == 1 && o.tag != noTag {
		value := slices.Clone(o.b[o.inside:])
		b := append(appendEscape(o.b[:o.start], o.tag), value...)
		return append(b, "}}"...)
	}
	return append(o.b, '}')
}
