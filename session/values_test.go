package session_test

import (
	"bytes"
	"encoding"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session"
)

var _ encoding.BinaryAppender = session.Values{}

func encode(t testing.TB, v session.Values) []byte {
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
		values session.Values
		want   string // the whole encoding, where it is short enough to write down
	}{
		{"none", nil, "\x01\x00"},
		{"empty", session.Values{}, "\x01\x00"},
		{"one", session.Values{"a": []byte("xyz")}, "\x01\x01\x01a\x03xyz"},
		{"sorted", session.Values{"b": {}, "": []byte("0"), "ab": []byte("1")}, "\x01\x03\x00\x010\x02ab\x011\x01b\x00"},
		{"binary", session.Values{"\x00\xff": []byte("\x00\x01\xfe")}, "\x01\x01\x02\x00\xff\x03\x00\x01\xfe"},
		{"long", session.Values{strings.Repeat("k", 300): bytes.Repeat([]byte("v"), 1<<20)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := encode(t, test.values)
			if test.want != "" && string(b) != test.want {
				t.Errorf("encoding is %q, want %q", b, test.want)
			}
			got, err := session.DecodeValues(b)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(got, test.values, bytes.Equal) {
				t.Errorf("decoded: %v", cmp.Diff(test.values, got))
			}
		})
	}
	t.Run("appends", func(t *testing.T) {
		b, _ := session.Values{"a": []byte("x")}.AppendBinary([]byte("before"))
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
			got, err := session.DecodeValues([]byte(input))
			if !errors.Is(err, session.ErrUnreadable) || got != nil {
				t.Errorf("got %v, %v; want ErrUnreadable", got, err)
			}
		})
	}
}

func TestDecodeValuesKeepsValuesApart(t *testing.T) {
	t.Parallel()
	got, err := session.DecodeValues([]byte("\x01\x02\x01a\x01x\x01b\x01y"))
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
	f.Add(encode(f, session.Values{"user": []byte(`{"id":"42"}`), "_flash": []byte("[]"), "\x00": {}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		values, err := session.DecodeValues(bytes.Clone(b))
		if err != nil {
			if !errors.Is(err, session.ErrUnreadable) {
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
	old := session.Values{"a": []byte("1"), "b": []byte("2")}
	tests := []struct {
		name  string
		patch session.Patch
		want  session.Values
	}{
		{"nothing", session.Patch{}, old},
		{"set", session.Patch{Set: session.Values{"b": []byte("3"), "c": {}}}, session.Values{"a": []byte("1"), "b": []byte("3"), "c": {}}},
		{"delete", session.Patch{Delete: []string{"a", "absent"}}, session.Values{"b": []byte("2")}},
		{"delete then set", session.Patch{Delete: []string{"a"}, Set: session.Values{"a": []byte("9")}}, session.Values{"a": []byte("9"), "b": []byte("2")}},
		{"clear", session.Patch{Clear: true}, session.Values{}},
		{"clear then set", session.Patch{Clear: true, Set: session.Values{"c": []byte("3")}}, session.Values{"c": []byte("3")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := maps.Clone(test.patch.Set)
			got := old.Apply(test.patch)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if len(old) != 2 || string(old["a"]) != "1" || string(old["b"]) != "2" {
				t.Errorf("the old values were changed: %q", old)
			}
			if diff := cmp.Diff(set, test.patch.Set); diff != "" {
				t.Errorf("the patch was changed: %s", diff)
			}
			got = session.Values(nil).Apply(test.patch)
			if diff := cmp.Diff(set, got); len(set)+len(got) > 0 && diff != "" {
				t.Errorf("applied to none: %s", diff)
			}
		})
	}
}

func TestRecordApply(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_000_000_000_000).UTC()
	old := session.Record{
		ID: session.ID{1}, Digest: session.Digest{2}, Version: 7, KeyID: "00000001", Subject: "ada",
		Created: at, SignedIn: at, LastSeen: at, Expires: at.Add(time.Hour), Deadline: at.Add(48 * time.Hour),
		Idle: time.Hour, Persist: true, Addr: "192.0.2.1", UserAgent: "before", Values: session.Values{"a": []byte("1")},
	}
	with := func(change func(r *session.Record)) session.Record {
		r := old
		r.Version = 8
		change(&r)
		return r
	}
	signIn := session.SignIn{
		Subject: "bob", SignedIn: at.Add(1), Expires: at.Add(30 * time.Minute), Deadline: at.Add(8 * time.Hour),
		Idle: 30 * time.Minute, Persist: false, Addr: "2001:db8::1", UserAgent: "after",
	}
	signedIn := func(r *session.Record) {
		r.Subject, r.SignedIn, r.Expires, r.Deadline = "bob", at.Add(1), at.Add(30*time.Minute), at.Add(8*time.Hour)
		r.Idle, r.Persist, r.Addr, r.UserAgent = 30*time.Minute, false, "2001:db8::1", "after"
	}
	tests := []struct {
		name  string
		patch session.Patch
		want  session.Record
	}{
		{"nothing", session.Patch{}, with(func(*session.Record) {})},
		{"values", session.Patch{Set: session.Values{"b": {}}}, with(func(r *session.Record) {
			r.Values = session.Values{"a": []byte("1"), "b": {}}
		})},
		{"rekey", session.Patch{Rekey: &session.Rekey{Digest: session.Digest{3}, KeyID: "00000002"}}, with(func(r *session.Record) {
			r.Digest, r.KeyID = session.Digest{3}, "00000002"
		})},
		{"sign-in", session.Patch{SignIn: &signIn}, with(signedIn)},
		{"seen", session.Patch{Seen: &session.Touch{LastSeen: at.Add(1), Expires: at.Add(2 * time.Hour)}}, with(func(r *session.Record) {
			r.LastSeen, r.Expires = at.Add(1), at.Add(2*time.Hour)
		})},
		{"seen earlier", session.Patch{Seen: &session.Touch{LastSeen: at.Add(-1), Expires: at}}, with(func(*session.Record) {})},
		{"sign-in, then seen", session.Patch{SignIn: &signIn, Seen: &session.Touch{LastSeen: at.Add(2), Expires: at}}, with(func(r *session.Record) {
			signedIn(r)
			r.LastSeen = at.Add(2)
		})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := old
			if diff := cmp.Diff(test.want, old.Apply(test.patch)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, old); diff != "" {
				t.Errorf("the old record was changed: %s", diff)
			}
		})
	}
}

func TestRecordLive(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_000_000_000_000)
	r := session.Record{Expires: at}
	for now, want := range map[time.Time]bool{at.Add(-time.Millisecond): true, at: false, at.Add(time.Millisecond): false} {
		if got := r.Live(now); got != want {
			t.Errorf("Live(%v before its end) = %t", at.Sub(now), got)
		}
	}
}
