package flask

import (
	"fmt"
	"math"
)

// The bounds of a text, whatever it is part of.
const (
	// maxDepth is how deep arrays and objects may lie in each other, tags counted. Flask writes up
	// to about 300 and reads up to about 490.
	maxDepth = 256
	// maxDigits is how many digits an integer may have: Python since 3.11 neither reads nor writes
	// more.
	maxDigits = 4300
)

type kind uint8

const (
	kindNull kind = iota
	kindTrue
	kindFalse
	kindInt
	kindFloat
	kindText
	kindArray
	kindObject
	kindTuple   // {" t":[…]}
	kindBytes   // {" b":"…"}
	kindMarkup  // {" m":"…"}
	kindUUID    // {" u":"…"}
	kindDate    // {" d":"…"}
	kindEscaped // {" di":{"…__":…}}: a dict of one entry whose key is a tag
)

// node is a value of a text. The nodes of a text lie in one slice in the order of the text: behind
// an array its values, behind an object its keys and values in turn.
type node struct {
	kind kind
	// loose: not spelled as Flask would.
	loose bool
	// escaped: a text that is not what stands between its quotes.
	escaped bool
	// tag is the key of an escaped dict.
	tag tag
	// start and end are its place in the text, quotes and brackets included.
	start, end uint32
	// next is the index of the first node that is not part of it.
	next uint32
	// value is the index of what counts: of an object whose keys are all the same its last value,
	// of a tagged value what is inside the tag.
	value uint32
}

// tree is a text taken apart.
type tree struct {
	src   []byte
	nodes []node
	// plain: objects are never tags. It is so for JSON that does not come from Flask.
	plain bool
}

// parse takes a text apart, strictly: JSON as Python reads it, tags as Flask writes them. Depth is
// how deep it lies in something else. The nodes go to room as long as they fit.
func parse(src []byte, depth int, plain bool, room []node) (tree, error) {
	p := parser{tree: tree{src: src, nodes: room[:0], plain: plain}}
	if len(src) > math.MaxInt32 {
		return p.tree, fmt.Errorf("%w: too long", ErrMalformed)
	}
	loose := p.space()
	if p.value(depth) {
		if p.space() || loose {
			p.nodes[0].loose = true
		}
		if p.pos < len(src) {
			p.fail("more behind the value")
		}
	}
	if p.wrong != "" {
		return p.tree, fmt.Errorf("%w: %s at byte %d", ErrMalformed, p.wrong, p.pos)
	}
	return p.tree, nil
}

// source is the place of a node in the text.
func (t *tree) source(i uint32) []byte { return t.src[t.nodes[i].start:t.nodes[i].end:t.nodes[i].end] }

// inside is what stands between the quotes of a text.
func (t *tree) inside(i uint32) []byte { return t.src[t.nodes[i].start+1 : t.nodes[i].end-1] }

// text returns a text without its escapes, in memory of its own if it has any.
func (t *tree) text(i uint32) []byte {
	if t.nodes[i].escaped {
		return appendUnquoted(nil, t.inside(i))
	}
	return t.inside(i)
}

// children returns an iterator over the nodes right inside another: the values of an array, the
// keys and values of an object.
func (t *tree) children(i uint32) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for c := i + 1; c < t.nodes[i].next; c = t.nodes[c].next {
			if !yield(c) {
				return
			}
		}
	}
}

// entries returns an iterator over the keys and values of a dict, an escaped one too.
func (t *tree) entries(i uint32) func(yield func(key []byte, value uint32) bool) {
	return func(yield func([]byte, uint32) bool) {
		if n := t.nodes[i]; n.kind == kindEscaped {
			yield([]byte(n.tag.key()), n.value)
			return
		}
		for k := i + 1; k < t.nodes[i].next; {
			v := t.nodes[k].next
			if !yield(t.text(k), v) {
				return
			}
			k = t.nodes[v].next
		}
	}
}

// canonical parses a text and returns a tree of the same in Flask's spelling: the text itself where
// it is that already.
func canonical(src []byte, depth int, plain bool, room []node) (tree, error) {
	t, err := parse(src, depth, plain, room)
	if err != nil || !t.nodes[0].loose {
		return t, err
	}
	return parse(t.append(nil, 0), depth, false, room)
}
