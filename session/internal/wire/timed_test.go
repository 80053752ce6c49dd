package wire

import (
	"bytes"
	"testing"
	"time"
)

// Whatever is wrapped comes out as it went in until its end, and is gone from then on; whatever is
// stored, nothing panics and no more comes out than is there.
func FuzzWrap(f *testing.F) {
	f.Add([]byte(`"json"`), int64(0), int64(5))
	f.Add([]byte{}, int64(1), int64(0))
	f.Add([]byte{0}, int64(0), int64(0))
	f.Add([]byte{0, 0, 0}, int64(1956528000000), int64(1956528000000))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, int64(-1), int64(1))
	f.Add([]byte{0, 0x80, 0}, int64(1)<<50, int64(1)<<50-1)
	f.Fuzz(func(t *testing.T, value []byte, endsMS, nowMS int64) {
		const most = int64(1) << 53
		endsMS, nowMS = endsMS%most, nowMS%most
		ends, now := time.UnixMilli(endsMS), time.UnixMilli(nowMS)
		if endsMS == 0 {
			ends = time.Time{}
		}
		stored := Wrap(value, ends)
		got, until := Unwrap(stored, now)
		switch over := !ends.IsZero() && nowMS >= max(1, endsMS); {
		case over && got != nil:
			t.Fatalf("%q is there after its end", got)
		case !over && !bytes.Equal(got, value):
			t.Fatalf("%q became %q", value, got)
		case !over && value != nil && got == nil:
			t.Fatalf("%q became absent", value)
		}
		if want := max(1, endsMS); !ends.IsZero() && until.UnixMilli() != want {
			t.Fatalf("the end %d became %d", want, until.UnixMilli())
		}
		if ends.IsZero() && !until.IsZero() {
			t.Fatalf("no end became %v", until)
		}
		if ends.IsZero() && len(value) > 0 && value[0] != 0 && len(stored) != len(value) {
			t.Fatal("a value without an end takes more room than it needs")
		}
		if broken, _ := Unwrap(value, now); len(broken) > len(value) {
			t.Fatalf("%q holds %q", value, broken)
		}
	})
}
