package flask_test

import "reflect"

func ptr[T any](v T) *T { return &v }

func deref(p any) any { return reflect.ValueOf(p).Elem().Interface() }

// fresh returns a pointer to a new value of the type that p points to.
func fresh(p any) any { return reflect.New(reflect.TypeOf(p).Elem()).Interface() }
