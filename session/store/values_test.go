package store_test

import (
	"bytes"
	"encoding"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/internal/compare"
	"github.com/doorbook/doorbook/session/store"
)

var _ encoding.BinaryAppender = store.Values{}

func encode(t testing.TB, v store.Values) []byte {
	t.Helper()
	b, err := v.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestValuesBinary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values store.Values
		want   string // the whole encoding, where it is short enough to write down
	}{
		{"none", nil, "\x01\x00"},
		{"empty", store.Values{}, "\x01\x00"},
		{"one", store.Values{"a": []byte("xyz")}, "\x01\x01\x01a\x03xyz"},
		{"sorted", store.Values{"b": {}, "": []byte("0"), "ab": []byte("1")}, "\x01\x03\x00\x010\x02ab\x011\x01b\x00"},
		{"binary", store.Values{"\x00\xff": []byte("\x00\x01\xfe")}, "\x01\x01\x02\x00\xff\x03\x00\x01\xfe"},
		{"long", store.Values{strings.Repeat("k", 300): bytes.Repeat([]byte("v"), 1<<20)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := encode(t, test.values)
			if test.want != "" && string(b) != test.want {
				t.Errorf("encoding is %q, want %q", b, test.want)
			}
			got, err := store.DecodeValues(b)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(got, test.values, bytes.Equal) {
				t.Errorf("decoded: %v", compare.Diff(test.values, got))
			}
		})
	}
	t.Run("appends", func(t *testing.T) {
		b, _ := store.Values{"a": []byte("x")}.AppendBinary([]byte("before"))
		if string(b) != "before\x01\x01\x01a\x01x" {
			t.Errorf("got %q", b)
		}
	})
}

// unreadable are inputs that the reader must refuse, each by one rule.
var unreadable = map[string]string{
	"nothing":           "",
	"other version":     "\x02\x00",
	"no count":          "\x01",
	"count too long":    "\x01\x80\x00",
	"count overflows":   "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"count beyond":      "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	"key cut short":     "\x01\x01\x05ab",
	"key length beyond": "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a\x00",
	"no value":          "\x01\x01\x01a",
	"value cut short":   "\x01\x01\x01a\x02x",
	"long length":       "\x01\x01\x81\x00a\x00",
	"twice":             "\x01\x02\x01a\x00\x01a\x00",
	"out of order":      "\x01\x02\x01b\x00\x01a\x00",
	"left over":         "\x01\x01\x01a\x00\x00",
}

func TestDecodeValuesRefuses(t *testing.T) {
	t.Parallel()
	for name, input := range unreadable {
		t.Run(name, func(t *testing.T) {
			got, err := store.DecodeValues([]byte(input))
			if !errors.Is(err, store.ErrUnreadable) || got != nil {
				t.Errorf("got %v, %v; want ErrUnreadable", got, err)
			}
		})
	}
}

func TestDecodeValuesKeepsValuesApart(t *testing.T) {
	t.Parallel()
	got, err := store.DecodeValues([]byte("\x01\x02\x01a\x01x\x01b\x01y"))
	if err != nil {
		t.Fatal(err)
	}
	_ = append(got["a"], "overflow"...)
	if string(got["b"]) != "y" {
		t.Errorf("an append to one value changed another to %q", got["b"])
	}
}

func FuzzDecodeValues(f *testing.F) {
	for _, input := range unreadable {
		f.Add([]byte(input))
	}
	f.Add(encode(f, nil))
	f.Add(encode(f, store.Values{"user": []byte(`{"id":"42"}`), "_flash": []byte("[]"), "\x00": {}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		values, err := store.DecodeValues(bytes.Clone(b))
		if err != nil {
			if !errors.Is(err, store.ErrUnreadable) {
				t.Fatalf("error does not wrap ErrUnreadable: %v", err)
			}
			return
		}
		if again := encode(t, values); !bytes.Equal(again, b) {
			t.Fatalf("read %q, which is not what would be written: %q", b, again)
		}
	})
}

func TestValuesApply(t *testing.T) {
	t.Parallel()
	old := store.Values{"a": []byte("1"), "b": []byte("2")}
	tests := []struct {
		name  string
		patch store.Patch
		want  store.Values
	}{
		{"nothing", store.Patch{}, old},
		{"set", store.Patch{Set: store.Values{"b": []byte("3"), "c": {}}}, store.Values{"a": []byte("1"), "b": []byte("3"), "c": {}}},
		{"delete", store.Patch{Delete: []string{"a", "absent"}}, store.Values{"b": []byte("2")}},
		{"delete then set", store.Patch{Delete: []string{"a"}, Set: store.Values{"a": []byte("9")}}, store.Values{"a": []byte("9"), "b": []byte("2")}},
		{"clear", store.Patch{Clear: true}, store.Values{}},
		{"clear then set", store.Patch{Clear: true, Set: store.Values{"c": []byte("3")}}, store.Values{"c": []byte("3")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := maps.Clone(test.patch.Set)
			got := old.Apply(test.patch)
			if diff := compare.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if len(old) != 2 || string(old["a"]) != "1" || string(old["b"]) != "2" {
				t.Errorf("the old values were changed: %q", old)
			}
			if diff := compare.Diff(set, test.patch.Set); diff != "" {
				t.Errorf("the patch was changed: %s", diff)
			}
			got = store.Values(nil).Apply(test.patch)
			if diff := compare.Diff(set, got); len(set)+len(got) > 0 && diff != "" {
				t.Errorf("applied to none: %s", diff)
			}
		})
	}
}

func TestRecordApply(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_000_000_000_000).UTC()
	old := store.Record{
		ID: store.ID{1}, Digest: store.Digest{2}, Version: 7, KeyID: "00000001", State: store.Pending, Subject: "ada",
		Created: at, SignedIn: at, LastSeen: at, Expires: at.Add(time.Hour), Deadline: at.Add(48 * time.Hour),
		Idle: time.Hour, Persist: true, Addr: "192.0.2.1", UserAgent: "before", Values: store.Values{"a": []byte("1")},
	}
	with := func(change func(r *store.Record)) store.Record {
		r := old
		r.Version = 8
		change(&r)
		return r
	}
	signIn := store.SignIn{
		Subject: "bob", SignedIn: at.Add(1), Expires: at.Add(30 * time.Minute), Deadline: at.Add(8 * time.Hour),
		Idle: 30 * time.Minute, Persist: false, Addr: "2001:db8::1", UserAgent: "after",
	}
	signedIn := func(r *store.Record) {
		r.Subject, r.SignedIn, r.Expires, r.Deadline = "bob", at.Add(1), at.Add(30*time.Minute), at.Add(8*time.Hour)
		r.Idle, r.Persist, r.Addr, r.UserAgent = 30*time.Minute, false, "2001:db8::1", "after"
	}
	tests := []struct {
		name  string
		patch store.Patch
		want  store.Record
	}{
		{"nothing", store.Patch{}, with(func(*store.Record) {})},
		{"values", store.Patch{Set: store.Values{"b": {}}}, with(func(r *store.Record) {
			r.Values = store.Values{"a": []byte("1"), "b": {}}
		})},
		{"rekey", store.Patch{Rekey: &store.Rekey{Digest: store.Digest{3}, KeyID: "00000002"}}, with(func(r *store.Record) {
			r.Digest, r.KeyID, r.State = store.Digest{3}, "00000002", store.Live
		})},
		{"rekey, with a state", store.Patch{Rekey: &store.Rekey{Digest: store.Digest{2}, KeyID: "00000001", State: store.Mark}}, with(func(r *store.Record) {
			r.State = store.Mark
		})},
		{"sign-in", store.Patch{SignIn: &signIn}, with(signedIn)},
		{"seen", store.Patch{Seen: &store.Touch{LastSeen: at.Add(1), Expires: at.Add(2 * time.Hour)}}, with(func(r *store.Record) {
			r.LastSeen, r.Expires = at.Add(1), at.Add(2*time.Hour)
		})},
		{"seen earlier", store.Patch{Seen: &store.Touch{LastSeen: at.Add(-1), Expires: at}}, with(func(*store.Record) {})},
		{"sign-in, then seen", store.Patch{SignIn: &signIn, Seen: &store.Touch{LastSeen: at.Add(2), Expires: at}}, with(func(r *store.Record) {
			signedIn(r)
			r.LastSeen = at.Add(2)
		})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := old
			if diff := compare.Diff(test.want, old.Apply(test.patch)); diff != "" {
				t.Error(diff)
			}
			if diff := compare.Diff(before, old); diff != "" {
				t.Errorf("the old record was changed: %s", diff)
			}
		})
	}
}

func TestRecordLive(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_000_000_000_000)
	r := store.Record{Expires: at}
	for now, want := range map[time.Time]bool{at.Add(-time.Millisecond): true, at: false, at.Add(time.Millisecond): false} {
		if got := r.Live(now); got != want {
			t.Errorf("Live(%v before its end) = %t", at.Sub(now), got)
		}
	}
}
