package flask

import (
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// inRoot is how deep the values of a session lie.
const inRoot = 1

// Codec encodes values as Flask's session does: JSON with tags for what JSON has no form for. It is
// a session.Codec. The package documentation says how values map. It is safe for concurrent use.
type Codec struct{}

// Marshal returns the canonical text of a value, for Join. It refuses with ErrUnsupported what
// Flask has no form for, and values that lie more than 256 deep, as those do that contain
// themselves.
func (Codec) Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return []byte("null"), nil
	case string:
		return appendQuoted(make([]byte, 0, len(v)+2), v)
	}
	return appendGo(make([]byte, 0, 128), reflect.ValueOf(v), inRoot)
}

// Unmarshal reads the text of a value into what v points to. It refuses with ErrMalformed what
// Flask would not write, and with ErrMismatch what does not fit; v may then be filled in part. It
// keeps nothing of data.
func (Codec) Unmarshal(data []byte, v any) error {
	var room [roomy]node
	t, err := canonical(data, inRoot, false, room[:])
	if err != nil {
		return err
	}
	switch v := v.(type) {
	case *any:
		*v = t.natural(0)
		return nil
	case *string:
		if t.nodes[0].kind == kindText {
			*v = string(t.text(0))
			return nil
		}
	}
	to := reflect.ValueOf(v)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return mismatch("something that is no pointer")
	}
	return t.fill(0, to.Elem())
}

// natural returns the Go value of a node for which no type is asked.
func (t *tree) natural(i uint32) any {
	n := &t.nodes[i]
	switch n.kind {
	case kindTrue:
		return true
	case kindFalse:
		return false
	case kindInt:
		if v, err := strconv.ParseInt(string(t.source(i)), 10, 64); err == nil {
			return v
		}
		v, _ := new(big.Int).SetString(string(t.source(i)), 10)
		return v
	case kindFloat:
		return parseFloat(t.source(i))
	case kindText:
		return string(t.text(i))
	case kindArray:
		return t.list(i)
	case kindTuple:
		return Tuple(t.list(n.value))
	case kindObject, kindEscaped:
		dict := map[string]any{}
		for key, value := range t.entries(i) {
			dict[string(key)] = t.natural(value)
		}
		return dict
	case kindBytes:
		return t.bytes(i)
	case kindMarkup:
		return template.HTML(t.text(n.value)) // Flask says that it is safe
	case kindUUID:
		return t.uuid(i)
	case kindDate:
		return t.date(i)
	}
	return nil
}

func (t *tree) list(i uint32) []any {
	all := []any{}
	for c := range t.children(i) {
		all = append(all, t.natural(c))
	}
	return all
}

// These give what a tag holds; that it is well formed was seen by the parser.

func (t *tree) bytes(i uint32) []byte {
	b, _ := base64.StdEncoding.AppendDecode([]byte{}, t.text(t.nodes[i].value))
	return b
}

func (t *tree) uuid(i uint32) (u UUID) {
	_, _ = hex.Decode(u[:], t.text(t.nodes[i].value))
	return u
}

func (t *tree) date(i uint32) time.Time {
	at, _ := parseDate(t.text(t.nodes[i].value))
	return at
}
