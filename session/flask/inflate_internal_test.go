package flask

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// byLibrary opens zlib data by compress/zlib, the whole of it and nothing behind it.
func byLibrary(z []byte) ([]byte, bool) {
	from := bytes.NewReader(z)
	r, err := zlib.NewReader(from)
	if err != nil {
		return nil, false
	}
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	return text, err == nil && from.Len() == 0 && len(text) < 1<<20
}

// streams are texts as compress/zlib writes them: at every level, and with many short blocks.
func streams() [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(r.UintN(256))
	}
	skewed := make([]byte, 40_000) // codes of 15 bits
	for i := range skewed {
		skewed[i] = byte(min(r.UintN(1<<16)&-r.UintN(1<<16), 255))
	}
	var all [][]byte
	for _, text := range []string{
		"", "a", "{}", `{"_permanent":true,"user_id":"6560a1b2c3d4e5f60718293a"}`, strings.Repeat("abc", 40_000), string(noise),
		string(skewed), strings.Repeat("A", 70_000) + string(noise) + strings.Repeat("A", 40_000) + string(noise),
	} {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			var b bytes.Buffer
			w, _ := zlib.NewWriterLevel(&b, level)
			_, _ = w.Write([]byte(text[:len(text)/2]))
			_ = w.Flush()
			_, _ = w.Write([]byte(text[len(text)/2:]))
			_ = w.Close()
			all = append(all, b.Bytes())
		}
		if len(text) <= shortText {
			if z := deflateShort([]byte(text)); z != nil {
				all = append(all, z)
			}
		}
	}
	return all
}

func TestInflate(t *testing.T) {
	for i, z := range streams() {
		want, ok := byLibrary(z)
		got, err := openZlib(z, 1<<20)
		if !ok || err != nil || !bytes.Equal(got, want) {
			t.Errorf("stream %d of %d bytes: %v, %d bytes, want %v, %d bytes", i, len(z), err, len(got), ok, len(want))
		}
		if _, err := openZlib(z, len(want)); err != nil {
			t.Errorf("stream %d at its limit: %v", i, err)
		}
		if len(want) == 0 {
			continue
		}
		if text, err := openZlib(z, len(want)-1); !errors.Is(err, ErrMalformed) || text != nil {
			t.Errorf("stream %d over its limit: %v", i, err)
		}
		for _, cut := range []int{0, 1, 2, 3, len(z) / 2, len(z) - 5, len(z) - 4, len(z) - 1} {
			if _, err := openZlib(z[:cut], 1<<20); !errors.Is(err, ErrMalformed) {
				t.Errorf("stream %d cut to %d of %d: %v", i, cut, len(z), err)
			}
		}
	}
}

// TestInflateBomb: memory follows the limit, not what a stream would become.
func TestInflateBomb(t *testing.T) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(make([]byte, 100<<20))
	_ = w.Close()
	if got := testing.AllocsPerRun(1, func() {
		if _, err := openZlib(b.Bytes(), 1<<20); !errors.Is(err, ErrMalformed) {
			t.Error(err)
		}
	}); got > 40 {
		t.Errorf("%v allocations", got)
	}
}

// FuzzInflate: what is read is what compress/flate reads, to the same byte. It may refuse more: codes with gaps.
func FuzzInflate(f *testing.F) {
	for _, z := range streams() {
		if len(z) < 4096 {
			f.Add(z[2:])
		}
	}
	f.Fuzz(func(t *testing.T, z []byte) {
		got, rest, err := inflate(z, 1<<16)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		from := bytes.NewReader(z)
		want, err := io.ReadAll(flate.NewReader(from))
		if err != nil || !bytes.Equal(got, want) || len(rest) != from.Len() {
			t.Fatalf("read %q, %d left; compress/flate %q, %d left, %v", got, len(rest), want, from.Len(), err)
		}
	})
}

// FuzzDeflate: what is written is read back, by compress/zlib too.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte(`{"a":"` + strings.Repeat("A", 500) + `"}`))
	f.Add([]byte(`{"a":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > shortText {
			text = text[:shortText]
		}
		z := deflateShort(text)
		if z == nil {
			return
		}
		got, err := openZlib(z, len(text))
		want, ok := byLibrary(z)
		if err != nil || !ok || !bytes.Equal(got, text) || !bytes.Equal(want, text) {
			t.Fatalf("%q: %q, %v; compress/zlib %q, %v", text, got, err, want, ok)
		}
	})
}
