package flask

import (
	"bytes"
	"slices"
)

// append writes a node in Flask's spelling.
func (t *tree) append(b []byte, i uint32) []byte {
	n := &t.nodes[i]
	if !n.loose {
		return append(b, t.source(i)...)
	}
	switch n.kind {
	case kindText:
		return t.appendText(b, i)
	case kindInt:
		if string(t.source(i)) == "-0" {
			return append(b, '0')
		}
	case kindFloat:
		return appendFloat(b, parseFloat(t.source(i)), 64)
	case kindArray:
		return t.appendArray(b, i)
	case kindTuple:
		b = append(b, `{" t":`...)
		return append(t.append(b, n.value), '}')
	case kindBytes:
		b = append(b, `{" b":`...)
		return append(t.append(b, n.value), '}')
	case kindMarkup:
		b = append(b, `{" m":`...)
		return append(t.append(b, n.value), '}')
	case kindUUID:
		b = append(b, `{" u":`...)
		return append(t.append(b, n.value), '}')
	case kindDate:
		b = append(b, `{" d":`...)
		return append(t.append(b, n.value), '}')
	case kindObject:
		return t.appendObject(b, i)
	case kindEscaped:
		return append(t.append(appendEscape(b, n.tag), n.value), "}}"...)
	}
	return append(b, t.source(i)...) // what has one spelling, and white space around it
}

// appendText writes a text: between its quotes there is nothing that appendQuoted would refuse.
func (t *tree) appendText(b []byte, i uint32) []byte {
	b, _ = appendQuoted(b, t.text(i))
	return b
}

func (t *tree) appendArray(b []byte, i uint32) []byte {
	b = append(b, '[')
	comma := false
	for c := range t.children(i) {
		if comma {
			b = append(b, ',')
		}
		comma = true
		b = t.append(b, c)
	}
	return append(b, ']')
}

// appendObject sorts the entries by key, in the order of code points, which is that of the bytes.
// Of equal keys the last one counts.
func (t *tree) appendObject(b []byte, i uint32) []byte {
	type entry struct {
		key   []byte
		value uint32
	}
	var all []entry
	for key, value := range t.entries(i) {
		all = append(all, entry{key, value})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	b = append(b, '{')
	comma := false
	for j, e := range all {
		if j+1 < len(all) && bytes.Equal(all[j+1].key, e.key) {
			continue
		}
		if comma {
			b = append(b, ',')
		}
		comma = true
		b, _ = appendQuoted(b, e.key)
		b = append(b, ':')
		b = t.append(b, e.value)
	}
	return append(b, '}')
}

// appendEscape opens the two objects around the value of a dict whose one key is a tag.
func appendEscape(b []byte, is tag) []byte {
	b = append(b, `{" di":{"`...)
	b = append(b, is.key()...)
	return append(b, `__":`...)
}
