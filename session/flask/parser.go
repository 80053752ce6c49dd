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
	if p.accept(']') {
		return p.done(i, loose)
	}
	for {
		looseValue, ok := p.member(depth)
		if !ok {
			return false
		}
		loose = looseValue || loose
		if p.accept(']') {
			return p.done(i, loose)
		}
		if !p.accept(',') {
			return p.fail("neither , nor ]")
		}
		loose = p.space() || loose
	}
}

// member parses a value inside of another and the white space behind it.
func (p *parser) member(depth int) (loose, ok bool) {
	v := len(p.nodes)
	if !p.value(depth) {
		return false, false
	}
	return p.space() || p.nodes[v].loose, true
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
	var all keys
	for {
		k := uint32(len(p.nodes))
		looseKey, ok := p.key()
		if !ok {
			return false
		}
		all.add(p.tree.text(k), k == i+1)
		p.nodes[i].value = uint32(len(p.nodes))
		looseValue, ok := p.member(depth)
		if !ok {
			return false
		}
		loose = looseKey || looseValue || loose
		if p.accept('}') {
			p.done(i, loose || all.unordered)
			return all.differ || p.untag(i, all.first)
		}
		if !p.accept(',') {
			return p.fail("neither , nor }")
		}
		loose = p.space() || loose
	}
}

// key parses a key, the colon behind it and the white space around that.
func (p *parser) key() (loose, ok bool) {
	k := len(p.nodes)
	if p.pos == len(p.src) || p.src[p.pos] != '"' {
		return false, p.fail("no key")
	}
	if !p.text() {
		return false, false
	}
	loose = p.space() || p.nodes[k].loose
	if !p.accept(':') {
		return false, p.fail("no :")
	}
	return p.space() || loose, true
}

// keys is what matters of the keys of an object, told one after the other.
type keys struct {
	first, last []byte
	unordered   bool // they do not ascend
	differ      bool // they are not all the same
}

func (k *keys) add(key []byte, first bool) {
	if first {
		k.first = key
	} else {
		k.unordered = k.unordered || bytes.Compare(k.last, key) >= 0
		k.differ = k.differ || !bytes.Equal(k.first, key)
	}
	k.last = key
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
