package flask

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"strconv"
	"strings"
)

// mismatch says what does not fit, without the value.
func mismatch(what string) error { return fmt.Errorf("%w: %s", ErrMismatch, what) }

func (t *tree) misfit(i uint32, v reflect.Value) error {
	names := [...]string{
		"null", "true", "false", "an integer", "a float", "a text", "a list", "a dict", "a tuple", "bytes", "markup", "a UUID",
		"a date", "a dict",
	}
	return mismatch(names[t.nodes[i].kind] + " into " + v.Type().String())
}

// fill reads a node into a settable Go value.
func (t *tree) fill(i uint32, v reflect.Value) error {
	null := t.nodes[i].kind == kindNull
	if null && nilable(v.Kind()) {
		v.SetZero()
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return t.fill(i, v.Elem())
	case reflect.Interface:
		if v.NumMethod() > 0 {
			return t.misfit(i, v)
		}
		v.Set(reflect.ValueOf(t.natural(i)))
		return nil
	}
	if done, err := t.fillNamed(i, v); done || err != nil || null {
		return err
	}
	return t.fillKind(i, v)
}

// fillKind reads a node that is not null into a value, by the kind of either.
func (t *tree) fillKind(i uint32, v reflect.Value) error {
	switch n := &t.nodes[i]; n.kind {
	case kindTrue, kindFalse:
		if v.Kind() == reflect.Bool {
			v.SetBool(n.kind == kindTrue)
			return nil
		}
	case kindInt, kindFloat:
		return t.fillNumber(i, v)
	case kindText:
		return t.fillText(i, i, v)
	case kindMarkup:
		return t.fillText(i, n.value, v)
	case kindBytes:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(t.bytes(i))
			return nil
		}
	case kindArray:
		return t.fillList(i, i, v)
	case kindTuple:
		return t.fillList(i, n.value, v)
	case kindObject, kindEscaped:
		switch v.Kind() {
		case reflect.Map:
			return t.fillMap(i, v)
		case reflect.Struct:
			return t.fillStruct(i, v)
		}
	}
	return t.misfit(i, v)
}

// fillText reads text into a string; i is the node that holds it.
func (t *tree) fillText(i, text uint32, v reflect.Value) error {
	if v.Kind() != reflect.String {
		return t.misfit(i, v)
	}
	v.SetString(string(t.text(text)))
	return nil
}

// fillNamed reads into types that have a form of their own, here or by their methods.
func (t *tree) fillNamed(i uint32, v reflect.Value) (done bool, err error) {
	if v.Type().PkgPath() == "" {
		return false, nil
	}
	k := t.nodes[i].kind
	switch v.Type() {
	case reflect.TypeFor[template.HTML](): // never from a text, which nobody said is safe
		if k != kindMarkup && k != kindNull {
			return true, t.misfit(i, v)
		}
	case reflect.TypeFor[json.Number]():
		if k == kindInt || k == kindFloat {
			v.SetString(string(t.source(i)))
			return true, nil
		}
	case reflect.TypeFor[UUID]():
		if k == kindUUID {
			v.Set(reflect.ValueOf(t.uuid(i)))
			return true, nil
		}
	}
	return t.fillMethod(i, v)
}

// fillMethod reads into types with a method for it. What the method gets is plain JSON.
func (t *tree) fillMethod(i uint32, v reflect.Value) (done bool, err error) {
	switch m := v.Addr().Interface().(type) {
	case json.Unmarshaler:
		plain, err := t.appendJSON(nil, i)
		if err == nil {
			err = m.UnmarshalJSON(plain)
		}
		if err != nil {
			return true, t.misfit(i, v) // its own words may hold the value
		}
		return true, nil
	case encoding.TextUnmarshaler:
		if t.nodes[i].kind == kindNull {
			return true, nil
		}
		text, ok := t.plainText(i)
		if !ok || m.UnmarshalText(text) != nil {
			return true, t.misfit(i, v)
		}
		return true, nil
	}
	return false, nil
}

func (t *tree) fillNumber(i uint32, v reflect.Value) error {
	text := string(t.source(i))
	integer := t.nodes[i].kind == kindInt
	switch {
	case v.CanInt() && integer:
		if x, err := strconv.ParseInt(text, 10, v.Type().Bits()); err == nil {
			v.SetInt(x)
			return nil
		}
	case v.CanUint() && integer:
		if x, err := strconv.ParseUint(text, 10, v.Type().Bits()); err == nil {
			v.SetUint(x)
			return nil
		}
	case v.CanFloat():
		bits := v.Type().Bits()
		x, err := strconv.ParseFloat(text, bits)
		if err == nil || (!integer && bits == 64) {
			v.SetFloat(x)
			return nil
		}
	}
	return t.misfit(i, v)
}

// fillList reads the values of list into a slice or an array; i is the node that holds it.
func (t *tree) fillList(i, list uint32, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	case reflect.Array:
		v.SetZero()
	default:
		return t.misfit(i, v)
	}
	at := 0
	for c := range t.children(list) {
		if v.Kind() == reflect.Slice {
			if at == v.Cap() {
				v.Grow(max(at, 4))
			}
			v.SetLen(at + 1)
			v.Index(at).SetZero()
		} else if at == v.Len() {
			return nil // as in encoding/json, what is too many is left out
		}
		if err := t.fill(c, v.Index(at)); err != nil {
			return err
		}
		at++
	}
	return nil
}

func (t *tree) fillMap(i uint32, v reflect.Value) error {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for name, value := range t.entries(i) {
		key := reflect.New(v.Type().Key()).Elem()
		if err := fillKey(name, key); err != nil {
			return err
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if err := t.fill(value, element); err != nil {
			return err
		}
		v.SetMapIndex(key, element)
	}
	return nil
}

func fillKey(name []byte, v reflect.Value) error {
	if v.Kind() == reflect.String {
		v.SetString(string(name))
		return nil
	}
	var err error
	switch m, ok := v.Addr().Interface().(encoding.TextUnmarshaler); {
	case ok:
		err = m.UnmarshalText(name)
	case v.CanInt():
		var x int64
		x, err = strconv.ParseInt(string(name), 10, v.Type().Bits())
		v.SetInt(x)
	case v.CanUint():
		var x uint64
		x, err = strconv.ParseUint(string(name), 10, v.Type().Bits())
		v.SetUint(x)
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return mismatch("a key into " + v.Type().String())
	}
	return nil
}

// fillStruct reads each entry into the field of that name, or else of that name in another case.
// Entries without a field are passed over.
func (t *tree) fillStruct(i uint32, v reflect.Value) error {
	all := fields(v.Type())
	for name, value := range t.entries(i) {
		var into *field
		for f := range all {
			if all[f].name == string(name) {
				into = &all[f]
				break
			}
			if into == nil && strings.EqualFold(all[f].name, string(name)) {
				into = &all[f]
			}
		}
		if into == nil {
			continue
		}
		if err := t.fill(value, into.reach(v)); err != nil {
			return err
		}
	}
	return nil
}
