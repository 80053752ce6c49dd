package flask

import (
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// appendGo appends the canonical text of a Go value that lies that deep.
func appendGo(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if !v.IsValid() || nilable(v.Kind()) && v.IsNil() {
		return append(b, "null"...), nil
	}
	if depth > maxDepth {
		return b, errDeep()
	}
	if v.Type().PkgPath() != "" { // a type with a name of its own
		if b, done, err := appendNamed(b, v, depth); done || err != nil {
			return b, err
		}
	}
	switch v.Kind() {
	case reflect.String:
		return appendQuoted(b, v.String())
	case reflect.Pointer:
		return appendPointer(b, v, depth)
	case reflect.Interface:
		return appendGo(b, v.Elem(), depth)
	case reflect.Slice, reflect.Array:
		if isBytes(v.Type()) {
			return appendTagged64(b, v.Bytes()), nil
		}
		return appendSlice(b, v, depth)
	case reflect.Map:
		return appendMap(b, v, depth)
	case reflect.Struct:
		return appendStruct(b, v, depth)
	}
	return appendBasic(b, v)
}

// nilable reports whether a value of that kind may be nil, and is null then.
func nilable(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Interface || k == reflect.Map || k == reflect.Slice
}

// isBytes reports whether a type is a slice of bytes, which are no type of their own.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && t.Elem().PkgPath() == ""
}

// appendBasic appends a bool or a number.
func appendBasic(b []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(b, v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return appendFloat(b, v.Float(), v.Type().Bits()), nil
	}
	return b, fmt.Errorf("%w: a %s", ErrUnsupported, v.Kind())
}

// appendPointer appends what a pointer points to, which may have methods by it alone.
func appendPointer(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if b, done, err := appendMarshaler(b, v, depth); done || err != nil {
		return b, err
	}
	if k := v.Elem().Kind(); k == reflect.Pointer || k == reflect.Interface {
		depth++ // a pointer may point to itself
	}
	return appendGo(b, v.Elem(), depth)
}

func errDeep() error {
	return fmt.Errorf("%w: more than %d deep", ErrUnsupported, maxDepth)
}

// appendNamed writes the types that have a form of their own, here or by their methods.
func appendNamed(b []byte, v reflect.Value, depth int) (_ []byte, done bool, err error) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		b, err = appendTime(b, v.Interface().(time.Time))
	case reflect.TypeFor[big.Int]():
		x := v.Interface().(big.Int) // read only
		b, err = appendInt(b, &x)
	case reflect.TypeFor[json.Number]():
		b, err = appendNumber(b, v.String())
	case reflect.TypeFor[json.RawMessage]():
		b, err = appendPlain(b, v.Bytes(), depth)
	case reflect.TypeFor[UUID]():
		u := v.Interface().(UUID)
		b = append(hex.AppendEncode(append(b, `{" u":"`...), u[:]), `"}`...)
	case reflect.TypeFor[template.HTML]():
		b, err = appendQuoted(append(b, `{" m":`...), v.String())
		b = append(b, '}')
	case reflect.TypeFor[Tuple]():
		b, err = appendSlice(append(b, `{" t":`...), v, depth+1)
		b = append(b, '}')
	default:
		return appendMarshaler(b, v, depth)
	}
	return b, true, err
}

// appendMarshaler writes a type by its own methods, also those of a pointer to it where there is
// one.
func appendMarshaler(b []byte, v reflect.Value, depth int) (_ []byte, done bool, err error) {
	if v.Kind() == reflect.Pointer {
		switch v.Type().Elem() { // their own methods are not what is wanted
		case reflect.TypeFor[time.Time](), reflect.TypeFor[big.Int](), reflect.TypeFor[json.RawMessage](), reflect.TypeFor[UUID]():
			return b, false, nil
		}
	}
	method := v
	if v.Kind() != reflect.Pointer && v.CanAddr() {
		method = v.Addr()
	}
	if !method.CanInterface() {
		return b, false, nil
	}
	switch m := method.Interface().(type) {
	case json.Marshaler:
		text, err := m.MarshalJSON()
		if err != nil {
			return b, true, fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
		b, err = appendPlain(b, text, depth)
		return b, true, err
	case encoding.TextMarshaler:
		text, err := m.MarshalText()
		if err != nil {
			return b, true, fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
		b, err = appendQuoted(b, text)
		return b, true, err
	}
	return b, false, nil
}

// appendPlain writes JSON that knows nothing of tags: a dict that looks like one is escaped.
func appendPlain(b, text []byte, depth int) ([]byte, error) {
	var room [roomy]node
	t, err := canonical(text, depth, true, room[:])
	if err != nil {
		return b, fmt.Errorf("%w: JSON of its own making: %w", ErrUnsupported, err)
	}
	return append(b, t.src...), nil
}

// appendNumber writes a number of any spelling; none is 0, as in encoding/json.
func appendNumber(b []byte, text string) ([]byte, error) {
	if text == "" {
		return append(b, '0'), nil
	}
	t, err := canonical([]byte(text), 0, true, nil)
	if err != nil || (t.nodes[0].kind != kindInt && t.nodes[0].kind != kindFloat) {
		return b, fmt.Errorf("%w: a json.Number that is none", ErrUnsupported)
	}
	return append(b, t.src...), nil
}

// appendTime writes a time in UTC and whole seconds. The zero time is null; Python has the years 1
// to 9999.
func appendTime(b []byte, at time.Time) ([]byte, error) {
	if at.IsZero() {
		return append(b, "null"...), nil
	}
	at = at.UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		return b, fmt.Errorf("%w: a time outside the years 1 to 9999", ErrUnsupported)
	}
	return append(at.AppendFormat(append(b, `{" d":"`...), http.TimeFormat), `"}`...), nil
}

func appendInt(b []byte, x *big.Int) ([]byte, error) {
	const bitsPerDigit = 3.3219280948873626
	if float64(x.BitLen()) > maxDigits*bitsPerDigit+4 { // long before it is written
		return b, fmt.Errorf("%w: an integer of more than %d digits", ErrUnsupported, maxDigits)
	}
	from := len(b)
	b = x.Append(b, 10)
	if digits := len(b) - from; digits > maxDigits+1 || (digits > maxDigits && x.Sign() >= 0) {
		return b, fmt.Errorf("%w: an integer of more than %d digits", ErrUnsupported, maxDigits)
	}
	return b, nil
}

func appendTagged64(b, data []byte) []byte {
	b = append(b, `{" b":"`...)
	return append(base64.StdEncoding.AppendEncode(b, data), `"}`...)
}

func appendSlice(b []byte, v reflect.Value, depth int) (_ []byte, err error) {
	if depth >= maxDepth {
		return b, errDeep()
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendGo(b, v.Index(i), depth+1); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return b, errDeep()
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	all := make([]entry, 0, v.Len())
	for entries := v.MapRange(); entries.Next(); {
		key, err := keyText(entries.Key())
		if err != nil {
			return b, err
		}
		all = append(all, entry{key, entries.Value()})
	}
	slices.SortFunc(all, func(a, b entry) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	o := openObject(b)
	for i, e := range all {
		if i > 0 && all[i-1].key == e.key {
			return b, fmt.Errorf("%w: a map with two keys of one text", ErrUnsupported)
		}
		err := o.key(e.key)
		if err == nil {
			o.b, err = appendGo(o.b, e.value, depth+1)
		}
		if err != nil {
			return o.b, err
		}
	}
	return o.close(), nil
}

func keyText(v reflect.Value) (string, error) {
	if v.Kind() == reflect.String {
		return v.String(), nil
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), nil
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), nil
	}
	return "", fmt.Errorf("%w: a map with keys that are no text", ErrUnsupported)
}

func appendStruct(b []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return b, errDeep()
	}
	o := openObject(b)
	for _, f := range fields(v.Type()) {
		value, ok := f.get(v)
		if !ok || f.omitted(value) {
			continue
		}
		err := o.key(f.name)
		if err == nil {
			o.b, err = appendGo(o.b, value, depth+1)
		}
		if err != nil {
			return o.b, err
		}
	}
	return o.close(), nil
}
