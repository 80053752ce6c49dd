package session

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"unicode/utf8"
)

var errNotUTF8 = errors.New("a string or a map's key is not UTF-8, which JSON cannot hold: store it as []byte")

// checkUTF8 returns errNotUTF8 if a value was changed by being put into JSON: encoding/json writes
// the replacement character in place of bytes that are not UTF-8, and says nothing. It writes it as
// an escape, which nothing else that it writes is, but what a value's own MarshalJSON gives may be;
// so the value is looked at only if there is one.
func checkUTF8(v any, text []byte) error {
	if !bytes.Contains(text, []byte(`\ufffd`)) || isUTF8(reflect.ValueOf(v)) {
		return nil
	}
	return errNotUTF8
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// isUTF8 reports whether all strings in a value are UTF-8. Values that write themselves are trusted.
// There are no circles: encoding/json has refused them.
func isUTF8(v reflect.Value) bool {
	if !v.IsValid() || v.Type().Implements(jsonMarshaler) || v.Type().Implements(textMarshaler) {
		return true
	}
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return isUTF8(v.Elem())
	}
	for part := range parts(v) {
		if !isUTF8(part) {
			return false
		}
	}
	return true
}

// parts returns an iterator over what a list, a map or a struct is made of, as far as JSON shows it.
func parts(v reflect.Value) iter.Seq[reflect.Value] {
	return func(yield func(reflect.Value) bool) {
		switch v.Kind() {
		case reflect.Slice, reflect.Array:
			for i := 0; i < v.Len() && yield(v.Index(i)); i++ {
			}
		case reflect.Map:
			for entry := v.MapRange(); entry.Next() && yield(entry.Key()) && yield(entry.Value()); {
			}
		case reflect.Struct:
			for i := 0; i < v.NumField() && (!v.Type().Field(i).IsExported() || yield(v.Field(i))); i++ {
			}
		}
	}
}
