package flask

import (
	"bytes"
	"unicode/utf8"
)

// parser makes a tree in one pass.
type parser struct {
	tree
	pos   int
	wrong string // what it stopped at
}

func (p *parser) fail(what string) bool {
	p.wrong = what
	return false
}

// space passes over white space and reports whether there was some.
func (p *parser) space() bool {
	from := p.pos
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return p.pos > from
		}
	}
	return p.pos > from
}

// add appends a node that begins here; done ends it. Its index is its name until then.
func (p *parser) add(k kind) uint32 {
	p.nodes = append(p.nodes, node{kind: k, start: uint32(p.pos)})
	return uint32(len(p.nodes) - 1)
}

func (p *parser) done(i uint32, loose bool) bool {
	n := &p.nodes[i]
	n.end, n.next, n.loose = uint32(p.pos), uint32(len(p.nodes)), loose
	return true
}

func (p *parser) value(depth int) bool {
	if p.pos == len(p.src) {
		return p.fail("the text ends")
	}
	switch c := p.src[p.pos]; c {
	case '"':
		return p.text()
	case '{', '[':
		if depth >= maxDepth {
			return p.fail("too deep")
		}
		if c == '{' {
			return p.object(depth + 1)
		}
		return p.array(depth + 1)
	case 't':
		return p.word("true", kindTrue)
	case 'f':
		return p.word("false", kindFalse)
	case 'n':
		return p.word("null", kindNull)
	case 'N':
		return p.word("NaN", kindFloat)
	case 'I':
		return p.word("Infinity", kindFloat)
	case '-':
		if bytes.HasPrefix(p.src[p.pos:], []byte("-I")) {
			return p.word("-Infinity", kindFloat)
		}
	}
	return p.number()
}

func (p *parser) word(word string, k kind) bool {
	if !bytes.HasPrefix(p.src[p.pos:], []byte(word)) {
		return p.fail("no value")
	}
	i := p.add(k)
	p.pos += len(word)
	return p.done(i, false)
}

func (p *parser) array(depth int) bool {
	i := p.add(kindArray)
	p.pos++
	loose := p.space()
	for first := true; ; first = false {
		if first && p.accept(']') {
			return p.done(i, loose)
		}
		v := len(p.nodes)
		if !p.value(depth) {
			return false
		}
		loose = p.space() || loose || p.nodes[v].loose
		if p.accept(']') {
			return p.done(i, loose)
		}
		if !p.accept(',') {
			return p.fail("neither , nor ]")
		}
		loose = p.space() || loose
	}
}

func (p *parser) accept(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) object(depth int) bool {
	i := p.add(kindObject)
	p.pos++
	loose := p.space()
	if p.accept('}') {
		return p.done(i, loose)
	}
	ordered, single := true, true // keys ascend; all keys are the same
	var first, before []byte
	for {
		k := uint32(len(p.nodes))
		if p.pos == len(p.src) || p.src[p.pos] != '"' {
			return p.fail("no key")
		}
		if !p.text() {
			return false
		}
		key := p.tree.text(k)
		if k == i+1 {
			first = key
		} else {
			ordered = ordered && bytes.Compare(before, key) < 0
			single = single && bytes.Equal(first, key)
		}
		before = key
		loose = p.space() || loose || p.nodes[k].loose
		if !p.accept(':') {
			return p.fail("no :")
		}
		loose = p.space() || loose
		v := uint32(len(p.nodes))
		if !p.value(depth) {
			return false
		}
		loose = p.space() || loose || p.nodes[v].loose
		p.nodes[i].value = v
		if p.accept('}') {
			p.done(i, loose || !ordered)
			return !single || p.untag(i, first)
		}
		if !p.accept(',') {
			return p.fail("neither , nor }")
		}
		loose = p.space() || loose
	}
}

// text parses a text, as a value or a key.
func (p *parser) text() bool {
	i := p.add(kindText)
	p.pos++
	loose, escaped := false, false
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			p.nodes[i].escaped = escaped
			return p.done(i, loose)
		case c < ' ':
			return p.fail("a control character in a text")
		case c == '\\':
			size, canonical := escape(p.src[p.pos:])
			if size == 0 {
				return p.fail("an escape that does not exist")
			}
			p.pos += size
			escaped, loose = true, loose || !canonical
		case c < 0x7f:
			p.pos++
		case c == 0x7f:
			p.pos++
			loose = true
		default:
			if r, size := utf8.DecodeRune(p.src[p.pos:]); r != utf8.RuneError || size > 1 {
				p.pos += size
			} else {
				return p.fail("not UTF-8")
			}
			loose = true
		}
	}
	return p.fail("a text without an end")
}
