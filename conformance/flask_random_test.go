package conformance

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// flaskSecret signs what these tests make; flaskNow is when.
const (
	flaskSecret = "a secret key of these tests"
	flaskNow    = 1_763_800_000
)

// flaskCases is how many cases a random test takes: so many, or DOORBOOK_FLASK_CASES.
func flaskCases(t testing.TB, usual int) int {
	t.Helper()
	if text := os.Getenv("DOORBOOK_FLASK_CASES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("DOORBOOK_FLASK_CASES: %q is no number", text)
		}
		return n
	}
	return usual
}

// flaskSource gives random numbers, of DOORBOOK_FLASK_SEED, or the same as ever.
func flaskSource(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(1)
	if text := os.Getenv("DOORBOOK_FLASK_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("DOORBOOK_FLASK_SEED: %q is no number", text)
		}
		seed = n
	}
	t.Logf("DOORBOOK_FLASK_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// someSession makes a session of values of all types.
func someSession(r *rand.Rand) *typed {
	if r.IntN(60) == 0 {
		return deepSession(r, 1+r.IntN(80))
	}
	return someDict(r, 1+r.IntN(4))
}

// deepSession makes one whose value lies that deep in lists, tuples and dicts.
func deepSession(r *rand.Rand, depth int) *typed {
	v := someValue(r, 0)
	for range depth {
		switch r.IntN(3) {
		case 0:
			v = &typed{T: "list", V: []*typed{v}}
		case 1:
			v = &typed{T: "tuple", V: []*typed{v}}
		default:
			v = &typed{T: "dict", V: [][2]*typed{{someKey(r), v}}}
		}
	}
	return &typed{T: "dict", V: [][2]*typed{{someKey(r), v}}}
}

func someDict(r *rand.Rand, depth int) *typed {
	pairs, seen := [][2]*typed{}, map[string]bool{}
	for range r.IntN(5) {
		if key := someKey(r); !seen[key.text()] {
			seen[key.text()] = true
			pairs = append(pairs, [2]*typed{key, someValue(r, depth-1)})
		}
	}
	return &typed{T: "dict", V: pairs}
}

func someValue(r *rand.Rand, depth int) *typed {
	kinds := 9
	if depth > 0 {
		kinds += 4
	}
	switch r.IntN(kinds) {
	case 0:
		return &typed{T: "none"}
	case 1:
		return &typed{T: "bool", V: r.IntN(2) == 0}
	case 2:
		return &typed{T: "int", V: someInt(r)}
	case 3:
		return typedFloat(someFloat(r))
	case 4:
		return typedText("str", someText(r))
	case 5:
		return typedText("markup", someText(r))
	case 6:
		return &typed{T: "bytes", V: hex.EncodeToString([]byte(someText(r)))}
	case 7:
		return &typed{T: "uuid", V: fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())}
	case 8:
		return typedTime(someTime(r))
	case 9:
		return someDict(r, depth)
	case 10: // a dict of one key is where tags could be mistaken
		return &typed{T: "dict", V: [][2]*typed{{someKey(r), someValue(r, depth-1)}}}
	default:
		items := []*typed{}
		for range r.IntN(4) {
			items = append(items, someValue(r, depth-1))
		}
		return &typed{T: []string{"list", "tuple"}[r.IntN(2)], V: items}
	}
}

func someKey(r *rand.Rand) *typed {
	keys := []string{
		" t", " b", " m", " u", " d", " di", " t__", " di__", " d__", " x", "t", "", "_permanent", "_flashes", "user_id", "a", "A", "b",
		"é", "\uffff", "\U00010000", "\x7f", "\u2028", "\"", "\\", "\n", "__html__",
	}
	if r.IntN(5) == 0 {
		return typedText("str", someText(r))
	}
	return typedText("str", keys[r.IntN(len(keys))])
}

func someInt(r *rand.Rand) string {
	sign := []string{"", "-"}[r.IntN(2)]
	switch r.IntN(6) {
	case 0:
		return "0"
	case 1: // around the borders of types
		borders := []string{
			"9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
			"9223372036854775809", "18446744073709551615", "18446744073709551616", "2147483648", "4294967296",
		}
		return sign + borders[r.IntN(len(borders))]
	case 2:
		return sign + someDigits(r, 1+r.IntN(80))
	case 3:
		if r.IntN(40) == 0 {
			return sign + someDigits(r, 4300)
		}
		fallthrough
	default:
		return sign + strconv.Itoa(1+r.IntN(100_000))
	}
}

func someDigits(r *rand.Rand, n int) string {
	b := []byte{byte('1' + r.IntN(9))}
	for len(b) < n {
		b = append(b, byte('0'+r.IntN(10)))
	}
	return string(b)
}

func someFloat(r *rand.Rand) float64 {
	switch r.IntN(5) {
	case 0: // where the spelling changes
		borders := []float64{
			0, math.Copysign(0, -1), 1, 100, 1e15, 9999999999999998, 1e16, 1e17, 1e-4, 9.999e-5, 1e-5, 123456789012345680, 1e21, 1e22, 1e23,
			math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 0.1, 1.0 / 3, 2.2250738585072014e-308,
			4.35, 5e-324, 1e100, 0.00012345, 1234567.125,
		}
		return borders[r.IntN(len(borders))] * []float64{1, -1}[r.IntN(2)]
	case 1:
		return float64(r.IntN(1_000_000)) / 100
	case 2: // a neighbour of a power of ten
		f := math.Pow(10, float64(r.IntN(40)-20))
		return []float64{math.Nextafter(f, 0), f, math.Nextafter(f, math.Inf(1))}[r.IntN(3)]
	default:
		return math.Float64frombits(r.Uint64())
	}
}

// someText makes texts of the characters that are written in different ways. A high half of a
// surrogate pair is never followed by a low one: Python's own JSON does not read the two back as
// two.
func someText(r *rand.Rand) string {
	pieces := []string{
		"a", "Z", "0", " ", " t", "{\" t\":[]}", "\"", "\\", "/", "<b>", "&", "'", "\x00", "\x01", "\x1f", "\b", "\t", "\n", "\f", "\r", "\x7f",
		"\u0080", "é", "ß", "\u2028", "\u2029", "\ufeff", "\ufffd", "\uffff", "\U00010000", "😀", "\U0010ffff", "日本",
		"\xed\xa0\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbf\xbf", // halves of surrogate pairs
	}
	var b strings.Builder
	high := false
	for range r.IntN(8) {
		piece := pieces[r.IntN(len(pieces))]
		low := strings.HasPrefix(piece, "\xed") && piece[1] >= 0xb0
		if high && low {
			continue
		}
		high = strings.HasPrefix(piece, "\xed") && piece[1] < 0xb0
		b.WriteString(piece)
	}
	if r.IntN(20) == 0 { // long enough to be compressed
		return strings.Repeat(b.String()+"x", 1+r.IntN(30))
	}
	return b.String()
}

// someTime makes times with an offset and microseconds, of years that Python reads back as they
// are.
func someTime(r *rand.Rand) time.Time {
	borders := []time.Time{
		time.Unix(0, 0), time.Unix(-1, 0), time.Unix(1<<31, 0), time.Date(100, 1, 2, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 30, 23, 59, 59, 0, time.UTC), time.Date(2024, 2, 29, 23, 59, 59, 999999000, time.UTC),
		time.Date(999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(1900, 2, 28, 23, 0, 0, 0, time.UTC),
	}
	at := borders[r.IntN(len(borders))]
	if r.IntN(2) == 0 {
		at = time.Date(101+r.IntN(9898), 1, r.IntN(366), 0, 0, r.IntN(86400), r.IntN(1_000_000)*1000, time.UTC)
	}
	return at.In(time.FixedZone("", (r.IntN(96)-48)*15*60))
}
