package conformance

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"regexp"
	"strings"
)

// signed is a rightly signed cookie of any payload and timestamp, made without package flask.
func signed(payload, stamp string) string {
	mac := func(key, text string) []byte {
		h := hmac.New(sha1.New, []byte(key))
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := mac(flaskSecret, "cookie-session")
	return payload + "." + stamp + "." + base64.RawURLEncoding.EncodeToString(mac(string(key), payload+"."+stamp))
}

// stampOf spells a time as cookies do.
func stampOf(unix uint64) string {
	return base64.RawURLEncoding.EncodeToString(bytes.TrimLeft(binary.BigEndian.AppendUint64(nil, unix), "\x00"))
}

// vocabulary is what may make two readers of sessions disagree.
func vocabulary() []string {
	return []string{
		`{`, `}`, `[`, `]`, `,`, `:`, `"`, `\`, ` `, "\t", "\n", "\r", "\f", "\v", "\u00a0", "\ufeff", "\x00", "\x1f",
		"\x7f", "\xff", "\xc0\x80", "\xed\xa0\x80", "é", "\U0001f600", "\u2028", `//`, `/**/`, `null`, `true`, `false`,
		`NaN`, `Infinity`, `-Infinity`, `nan`, `None`, `0`, `-0`, `-0.0`, `1`, `01`, `-`, `+1`, `1.`, `.5`, `1e5`,
		`1E+5`, `1e-7`, `1e400`, `-1e400`, `1e-400`, `1e16`, `1e15`, `0.1e1`, `100.0`, `1.0`, `2.50`,
		`123456789012345678901234567890`, `9223372036854775808`, `0x10`, `1_000`, strings.Repeat("9", 4300),
		strings.Repeat("9", 4301), `""`, `"a"`, `"\/"`, `"\x41"`, `"\u0041"`, `"\u00E9"`, `"\u00e9"`, `"\ud800"`,
		`"\udc00"`, `"\ud83d\ude00"`, `"\uD83D\uDE00"`, `"\udc00\ud800"`, `"\u12"`, `"\u 041"`, `"\u+041"`, `"\u0000"`,
		`"\'"`, `{}`, `[]`, `[[]]`, `{"":{}}`, `{"a":1,"a":2}`, `{"a":1," t":[2]}`, `{" t":1," t":[2]}`,
		`{" t":[1]," t":[2]}`, `{" t":[]}`, `{" t":[1,{" t":[]}]}`, `{" t":"ab"}`, `{" t":{}}`, `{" t":null}`,
		`{" t":{" t":[]}}`, `{" \u0074":[1]}`, `{"\u0020t":[1]}`, `{" b":""}`, `{" b":"eA=="}`, `{" b":"eB=="}`,
		`{" b":"eA"}`, `{" b":"eHg="}`, `{" b":"e A=="}`, `{" b":"-_=="}`, `{" b":"+/=="}`, `{" b":"eA==eA=="}`,
		`{" b":"eHh4"}`, `{" b":"eHh4\n"}`, `{" b":"é"}`, `{" b":1}`, `{" b":"\u0065A=="}`, `{" m":""}`,
		`{" m":"<b>"}`, `{" m":1}`, `{" m":null}`, `{" m":{" m":"x"}}`, `{" m":["x"]}`, `{" m":"\u00e9"}`,
		`{" u":"0123456789abcdef0123456789abcdef"}`, `{" u":"0123456789ABCDEF0123456789ABCDEF"}`,
		`{" u":"01234567-89ab-cdef-0123-456789abcdef"}`, `{" u":"{0123456789abcdef0123456789abcdef}"}`,
		`{" u":"0x23456789abcdef0123456789abcdef"}`, `{" u":""}`, `{" u":1}`,
		`{" u":"+123456789abcdef0123456789abcde_0"}`, `{" d":"Sun, 06 Nov 1994 08:49:37 GMT"}`,
		`{" d":"Mon, 06 Nov 1994 08:49:37 GMT"}`, `{" d":"Sunday, 06-Nov-94 08:49:37 GMT"}`,
		`{" d":"Sun Nov  6 08:49:37 1994"}`, `{" d":"Sun, 06 Nov 1994 08:49:37 +0000"}`,
		`{" d":"Sun, 06 Nov 1994 08:49:37 +0100"}`, `{" d":"sun, 06 nov 1994 08:49:37 gmt"}`,
		`{" d":"Sun, 6 Nov 1994 08:49:37 GMT"}`, `{" d":"Sun, 06 Nov 0094 08:49:37 GMT"}`,
		`{" d":"Tue, 06 Nov 0001 08:49:37 GMT"}`, `{" d":"Fri, 31 Dec 9999 23:59:59 GMT"}`,
		`{" d":"Sat, 01 Jan 0000 00:00:00 GMT"}`, `{" d":"Sat, 31 Dec 2016 23:59:60 GMT"}`,
		`{" d":"Thu, 30 Feb 2017 00:00:00 GMT"}`, `{" d":"Sun, 06 Nov 1994 24:00:00 GMT"}`,
		`{" d":"Thu, 29 Feb 2024 12:00:00 GMT"}`, `{" d":"Sun, 06 Nov 1994 08:49 GMT"}`, `{" d":""}`, `{" d":null}`,
		`{" d":1}`, `{" d":"Sun, 06 Nov 1994 08:49:37 GMT "}`, `{" d":"Mon, 01 Jan 0068 00:00:00 GMT"}`,
		`{" d":"Tue, 01 Jan 0069 00:00:00 GMT"}`, `{" d":"Thu, 29 Feb 0096 00:00:00 GMT"}`,
		`{" d":"Sun, 29 Feb 0004 00:00:00 GMT"}`, `{" di":{" t__":1}}`, `{" di":{" t__":[1]," t__":2}}`,
		`{" di":{" di__":{" t__":1}}}`, `{" di":{"a__":1}}`, `{" di":{" t":[1]}}`, `{" di":{}}`, `{" di":1}`,
		`{" di":{" t__":1," b__":2}}`, `{" di":{" t_":1}}`, `{" di":{"__":1}}`, `{" di":{" x__":1}}`,
		`{" di":{" d__":{" t":[1]}}}`, `" t"`, `" b"`, `" m"`, `" u"`, `" d"`, `" di"`, `" t__"`, `" x"`, `"_flashes"`,
		`"_permanent"`, strings.Repeat("[", 300) + strings.Repeat("]", 300),
		strings.Repeat(`{" t":[`, 140) + strings.Repeat("]}", 140),
		strings.Repeat("[", 250) + strings.Repeat("]", 250),
		strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200),
	}
}

var (
	jsonToken = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[A-Za-z]+`)
	jsonGap   = regexp.MustCompile(`[][{},:]`)
)

// mutate changes a text a little: mostly so that it is still JSON.
func mutate(r *rand.Rand, text string, words []string) string {
	word := words[r.IntN(len(words))]
	at := r.IntN(len(text) + 1)
	switch r.IntN(12) {
	case 0: // a byte
		b := []byte(text)
		if len(b) > 0 {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		return string(b)
	case 1: // more
		return text[:at] + word + text[at:]
	case 2: // less
		end := min(len(text), at+1+r.IntN(6))
		return text[:at] + text[end:]
	case 3: // again
		end := min(len(text), at+1+r.IntN(20))
		return text[:end] + text[at:end] + text[end:]
	case 4: // the whole in something
		around := [][2]string{
			{`{"a":`, `}`},
			{`{" t":`, `}`},
			{`{" t":[`, `]}`},
			{`[`, `]`},
			{`{" di":{" t__":`, `}}`},
			{" ", "\n"},
			{"", "x"},
			{"{\"a\":1,\"b\":", "}"},
			{`{" m":`, `}`},
			{`{" di":`, `}`},
			{"\ufeff", ""},
		}
		pair := around[r.IntN(len(around))]
		return pair[0] + text + pair[1]
	case 5: // white space, or what may look like it
		if gaps := jsonGap.FindAllStringIndex(text, -1); len(gaps) > 0 {
			gap := gaps[r.IntN(len(gaps))][r.IntN(2)]
			space := []string{" ", "\t", "\n", "\r", "  ", "\f", "\u00a0", "\u2028"}[r.IntN(8)]
			return text[:gap] + space + text[gap:]
		}
	case 6: // an entry more
		if i := strings.LastIndexByte(text, '}'); i >= 0 {
			return text[:i] + `,"` + []string{"a", " t", "_flashes", "z"}[r.IntN(4)] + `":` + word + text[i:]
		}
	}
	// One value or key is another: the rest is as it was.
	if tokens := jsonToken.FindAllStringIndex(text, -1); len(tokens) > 0 {
		token := tokens[r.IntN(len(tokens))]
		return text[:token[0]] + word + text[token[1]:]
	}
	return text + word
}

// somePayload packs a text: mostly as Flask does.
func somePayload(r *rand.Rand, text string) (payload string, plain bool) {
	encode := base64.RawURLEncoding.EncodeToString
	switch r.IntN(12) {
	default:
		return encode([]byte(text)), true
	case 0: // compressed, at any level
		return "." + encode(deflated(text, r.IntN(11)-1)), false
	case 1: // compressed and damaged
		z := deflated(text, flate.DefaultCompression)
		switch r.IntN(4) {
		case 0:
			z = z[:r.IntN(len(z))]
		case 1:
			z = append(z, "more"...)
		case 2:
			z[r.IntN(len(z))] ^= 1 << r.IntN(8)
		default:
			z = append(z, z...)
		}
		return "." + encode(z), false
	case 2: // not quite base64
		b := []byte(encode([]byte(text)))
		switch at := r.IntN(len(b) + 1); r.IntN(4) {
		case 0:
			b = append(b, "=="[:r.IntN(3)]...)
		case 1:
			b = []byte(string(b[:at]) + []string{"!!!!", "\n", "    ", "+", "/", "=", "AAAA"}[r.IntN(7)] + string(b[at:]))
		case 2:
			if len(b) > 0 { // unused bits
				b[len(b)-1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[r.IntN(64)]
			}
		default:
			b = append([]byte("."), b...)
		}
		return string(b), false
	}
}

func deflated(text string, level int) []byte {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err != nil || w.Close() != nil {
		panic("a zlib stream into memory fails") // it cannot
	}
	return b.Bytes()
}

// someStamp is mostly now.
func someStamp(r *rand.Rand) string {
	if r.IntN(20) > 0 {
		return stampOf(flaskNow)
	}
	stamps := []string{
		"", "A", "AA", "AAAAAA", stampOf(flaskNow - 2_678_400), stampOf(flaskNow - 2_678_401), stampOf(flaskNow + 1), stampOf(1 << 63), stampOf(1<<64 - 1),
		stampOf(253402300800), "AAA" + stampOf(flaskNow), stampOf(flaskNow) + "==", stampOf(flaskNow)[:5] + "B", "AABpIXPA", "//////", "AAAAAGkhc8A", "AAAAAABpIXPA",
	}
	return stamps[r.IntN(len(stamps))]
}
