package flask

import "time"

// plainText returns a node that is a text in plain JSON, and reports whether it is.
func (t *tree) plainText(i uint32) ([]byte, bool) {
	n := &t.nodes[i]
	switch n.kind {
	case kindText:
		return t.text(i), true
	case kindMarkup, kindBytes:
		return t.text(n.value), true
	case kindUUID:
		return []byte(t.uuid(i).String()), true
	case kindDate:
		return t.date(i).AppendFormat(nil, time.RFC3339), true
	}
	return nil, false
}

// appendJSON writes a node as plain JSON: tuples as arrays, dates as RFC 3339 has them, UUIDs with
// dashes, bytes in base64. NaN and the infinities have no form there.
func (t *tree) appendJSON(b []byte, i uint32) (_ []byte, err error) {
	n := &t.nodes[i]
	if text, ok := t.plainText(i); ok {
		return appendQuoted(b, text)
	}
	comma := false
	switch n.kind {
	case kindFloat:
		if text := t.source(i); text[len(text)-1] > '9' {
			return b, mismatch("a number that is none into JSON")
		}
	case kindTuple:
		return t.appendJSON(b, n.value)
	case kindArray:
		b = append(b, '[')
		for c := range t.children(i) {
			if comma {
				b = append(b, ',')
			}
			comma = true
			if b, err = t.appendJSON(b, c); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case kindObject, kindEscaped:
		b = append(b, '{')
		for key, value := range t.entries(i) {
			if comma {
				b = append(b, ',')
			}
			comma = true
			if b, err = appendQuoted(b, key); err != nil {
				return b, err
			}
			if b, err = t.appendJSON(append(b, ':'), value); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	}
	return append(b, t.source(i)...), nil
}
