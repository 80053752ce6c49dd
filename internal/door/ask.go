package door

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Ask is the way of a browser that wants to be let in under another host of the site: it goes home
// with it, where people sign in, and comes back with a code (Door.HandOver, Door.Arrive). It is no
// secret, and it is ours: what is in it was decided where it was made.
type Ask struct {
	Host    string // where it wants to be let in; one that is no host of the site is for its reader to refuse
	Nonce   string // NonceHash of what the browser keeps there
	Back    string // the page that it wanted, path and query as they were sent
	Returns int    // how often it has come back already and was not let in

	Within time.Duration // how long ago the sign-in at home may be at most (MustConfirm), in seconds; 0: any time
}

// AskTime is how long an ask is good for: somebody may have to sign in first.
const AskTime = time.Hour

// maxAsk is the longest ask that is read: what is in one takes some 200 bytes besides the way back.
const maxAsk = 4096

// askMAC is how many bytes of its signature an ask holds.
const askMAC = 24

// NonceHash is what asks and codes say of a nonce, which they must not tell.
func NonceHash(nonce []byte) string {
	sum := sha256.Sum256(nonce)
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// asked is what is signed.
type asked struct {
	Host    string `json:"h"`
	Nonce   string `json:"n"`
	Back    string `json:"b"`
	Returns int    `json:"r"`
	At      int64  `json:"t"`           // Unix seconds
	Within  int64  `json:"w,omitempty"` // seconds
}

// SignAsk writes an ask, to be sent home.
func (d *Door) SignAsk(a Ask) string {
	body := compact(asked{a.Host, a.Nonce, a.Back, a.Returns, d.now().Unix(), int64(a.Within / time.Second)})
	mac := d.asks.Sum(body)
	return base64.RawURLEncoding.EncodeToString(append(mac[:askMAC:askMAC], body...))
}

// ReadAsk reads what SignAsk wrote, on whichever node, less than AskTime ago; false for everything
// else.
func (d *Door) ReadAsk(text string) (a Ask, ok bool) {
	raw, ok := unwrap(text, maxAsk)
	if !ok || len(raw) < askMAC {
		return a, false
	}
	if _, ok := d.asks.Verify(raw[askMAC:], raw[:askMAC]); !ok {
		return a, false
	}
	var in asked
	if err := json.Unmarshal(raw[askMAC:], &in); err != nil || !d.within(in.At, AskTime) {
		return a, false
	}
	return Ask{in.Host, in.Nonce, in.Back, in.Returns, time.Duration(in.Within) * time.Second}, true
}

// within reports whether a moment, in Unix seconds, is less than that long ago, by a clock that may
// be a little behind that of the node which wrote it.
func (d *Door) within(at int64, most time.Duration) bool {
	ago := d.now().Sub(time.Unix(at, 0))
	return ago < most && ago > -account.Skew
}

// unwrap decodes a text of an address. encoding/base64 would pass over line breaks.
func unwrap(text string, most int) (raw []byte, ok bool) {
	if len(text) > most || strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return raw, err == nil
}

// compact writes JSON for an address, where each & is one byte.
func compact(value any) []byte {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(value); err != nil {
		panic("door: compact: " + err.Error()) // only for types that JSON cannot hold
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
