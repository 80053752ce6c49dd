package flask

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// field is one entry of a struct as encoding/json sees it.
type field struct {
	name      string
	index     []int // as for reflect.Value.FieldByIndex
	tagged    bool
	omitEmpty bool
	omitZero  bool
}

// fields returns the entries of a struct in the order of their names: the exported fields, under
// the name in their "json" tag, and those of embedded structs as if they were its own. Of equal
// names the least deep counts, among those the one that is named by a tag; if that leaves several,
// none counts.
func fields(t reflect.Type) []field {
	all := collect(make([]field, 0, t.NumField()), t, nil, nil)
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)), cmp.Compare(no(a.tagged), no(b.tagged)))
	})
	kept := all[:0]
	for i := 0; i < len(all); {
		same := i + 1
		for same < len(all) && all[same].name == all[i].name {
			same++
		}
		if same == i+1 || len(all[i].index) != len(all[i+1].index) || all[i].tagged != all[i+1].tagged {
			kept = append(kept, all[i])
		}
		i = same
	}
	return kept
}

func no(b bool) int {
	if b {
		return 0
	}
	return 1
}

// collect appends the fields of t, which is embedded where index says, inside the types of outer.
func collect(all []field, t reflect.Type, index []int, outer []reflect.Type) []field {
	for i := range t.NumField() {
		f := t.Field(i)
		named := f.Tag.Get("json")
		if named == "-" {
			continue
		}
		name, options, _ := strings.Cut(named, ",")
		at := f.Index
		if len(index) > 0 {
			at = append(index[:len(index):len(index)], i)
		}
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer && f.IsExported() {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				if !slices.Contains(outer, inner) && inner != t {
					all = collect(all, inner, at, append(outer[:len(outer):len(outer)], t))
				}
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		entry := field{name: cmp.Or(name, f.Name), index: at, tagged: name != ""}
		for option := range strings.SplitSeq(options, ",") {
			entry.omitEmpty = entry.omitEmpty || option == "omitempty"
			entry.omitZero = entry.omitZero || option == "omitzero"
		}
		all = append(all, entry)
	}
	return all
}

// get returns the field of a struct, or false if it lies in an embedded pointer that is nil.
func (f *field) get(v reflect.Value) (reflect.Value, bool) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

// reach is get that makes what is missing on the way.
func (f *field) reach(v reflect.Value) reflect.Value {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

// omitted reports whether a field of this value is left out.
func (f *field) omitted(v reflect.Value) bool {
	if f.omitEmpty {
		switch v.Kind() {
		case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
			if v.Len() == 0 {
				return true
			}
		case reflect.Struct:
		default:
			if v.IsZero() {
				return true
			}
		}
	}
	if !f.omitZero {
		return false
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		return z.IsZero()
	}
	return v.IsZero()
}
