package conformance

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html/template"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session/flask"
)

// inGo gives the value as package flask has it when no type is asked for.
func (v *typed) inGo() any {
	switch v.T {
	case "bool":
		return v.V.(bool)
	case "int":
		if n, err := strconv.ParseInt(v.V.(string), 10, 64); err == nil {
			return n
		}
		n, _ := new(big.Int).SetString(v.V.(string), 10)
		return n
	case "float":
		b, _ := hex.DecodeString(v.Bits)
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	case "str":
		return v.text()
	case "markup":
		return template.HTML(v.text())
	case "bytes":
		b, _ := hex.DecodeString(v.V.(string))
		return b
	case "uuid":
		var u flask.UUID
		_, _ = hex.Decode(u[:], []byte(v.V.(string)))
		return u
	case "datetime":
		return time.Unix(*v.Unix, 0).UTC()
	case "list":
		return v.items()
	case "tuple":
		return flask.Tuple(v.items())
	case "dict":
		dict := map[string]any{}
		for _, pair := range v.V.([][2]*typed) {
			dict[pair[0].text()] = pair[1].inGo()
		}
		return dict
	}
	return nil
}

func (v *typed) items() []any {
	all := []any{}
	for _, item := range v.V.([]*typed) {
		all = append(all, item.inGo())
	}
	return all
}

// text gives a text in UTF-8, where each half of a surrogate pair that stands alone has three
// bytes.
func (v *typed) text() string {
	if v.UTF16 == "" {
		return v.V.(string)
	}
	raw, _ := hex.DecodeString(v.UTF16)
	var b []byte
	for i := 0; i < len(raw); i += 2 {
		unit := rune(binary.BigEndian.Uint16(raw[i:]))
		if i+4 <= len(raw) {
			if r := utf16.DecodeRune(unit, rune(binary.BigEndian.Uint16(raw[i+2:]))); r != utf8.RuneError {
				b, i = utf8.AppendRune(b, r), i+2
				continue
			}
		}
		if utf16.IsSurrogate(unit) {
			b = append(b, 0xe0|byte(unit>>12), 0x80|byte(unit>>6)&0x3f, 0x80|byte(unit)&0x3f)
		} else {
			b = utf8.AppendRune(b, unit)
		}
	}
	return string(b)
}

// typedText is the other way round.
func typedText(kind, s string) *typed {
	if utf8.ValidString(s) {
		return &typed{T: kind, V: s}
	}
	var raw []byte
	for len(s) > 0 {
		if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
			raw = binary.BigEndian.AppendUint16(raw, uint16(s[0]&0x0f)<<12|uint16(s[1]&0x3f)<<6|uint16(s[2]&0x3f))
			s = s[3:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		for _, unit := range utf16.AppendRune(nil, r) {
			raw = binary.BigEndian.AppendUint16(raw, unit)
		}
		s = s[size:]
	}
	return &typed{T: kind, UTF16: hex.EncodeToString(raw)}
}

func typedFloat(f float64) *typed {
	bits := math.Float64bits(f)
	if math.IsNaN(f) { // there is one in JSON
		bits = 0x7ff8000000000000
	}
	return &typed{T: "float", V: strconv.FormatFloat(f, 'g', -1, 64), Bits: fmt.Sprintf("%016x", bits)}
}

func typedTime(at time.Time) *typed {
	unix := at.Unix()
	return &typed{T: "datetime", V: at.Format("2006-01-02T15:04:05.000000-07:00"), Aware: true, Unix: &unix}
}

// typedOf gives the typed form of a value that package flask has read.
func typedOf(value any) *typed {
	switch v := value.(type) {
	case nil:
		return &typed{T: "none"}
	case bool:
		return &typed{T: "bool", V: v}
	case int64, *big.Int:
		return &typed{T: "int", V: fmt.Sprint(v)}
	case float64:
		return typedFloat(v)
	case string:
		return typedText("str", v)
	case template.HTML:
		return typedText("markup", string(v))
	case []byte:
		return &typed{T: "bytes", V: hex.EncodeToString(v)}
	case flask.UUID:
		return &typed{T: "uuid", V: hex.EncodeToString(v[:])}
	case time.Time:
		return typedTime(v)
	case []any:
		return typedList("list", v)
	case flask.Tuple:
		return typedList("tuple", v)
	case map[string]any:
		pairs := [][2]*typed{}
		for key, value := range v {
			pairs = append(pairs, [2]*typed{typedText("str", key), typedOf(value)})
		}
		return &typed{T: "dict", V: pairs}
	default:
		return &typed{T: fmt.Sprintf("unknown: %T", v)}
	}
}

func typedList(kind string, list []any) *typed {
	all := []*typed{}
	for _, item := range list {
		all = append(all, typedOf(item))
	}
	return &typed{T: kind, V: all}
}

// readFlask is the reader that is tested: all of a cookie's session, or an error.
func readFlask(signer *flask.Signer, cookie string, now int64) (*typed, error) {
	text, _, _, err := signer.Verify(cookie, time.Unix(now, 0), flask.DefaultMaxAge)
	if err != nil {
		return nil, err
	}
	values, err := flask.Split(text)
	if err != nil {
		return nil, err
	}
	dict := map[string]any{}
	for key, value := range values {
		var v any
		if err := (flask.Codec{}).Unmarshal(value, &v); err != nil {
			return nil, fmt.Errorf("after Split took it: %w", err)
		}
		dict[key] = v
	}
	return typedOf(dict), nil
}

// writeFlask is the writer that is tested.
func writeFlask(signer *flask.Signer, session *typed, now int64) (string, error) {
	values := map[string][]byte{}
	for key, value := range session.inGo().(map[string]any) {
		text, err := flask.Codec{}.Marshal(value)
		if err != nil {
			return "", err
		}
		values[key] = text
	}
	text, err := flask.Join(values)
	return signer.Sign(text, time.Unix(now, 0)), err
}

// depth is how deep a value's lists and dicts lie in each other.
func (v *typed) depth() int {
	most := 0
	switch inner := v.V.(type) {
	case []*typed:
		for _, item := range inner {
			most = max(most, item.depth())
		}
	case [][2]*typed:
		for _, pair := range inner {
			most = max(most, pair[1].depth())
		}
	default:
		return 0
	}
	return most + 1
}

// has reports whether a value of that type is in it.
func (v *typed) has(kind string) bool {
	switch inner := v.V.(type) {
	case []*typed:
		return v.T == kind || slices.ContainsFunc(inner, func(item *typed) bool { return item.has(kind) })
	case [][2]*typed:
		return v.T == kind || slices.ContainsFunc(inner, func(pair [2]*typed) bool { return pair[1].has(kind) })
	}
	return v.T == kind
}
