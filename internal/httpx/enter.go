package httpx

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Entering is what a browser keeps under another host while it is let in there: a nonce, by which it
// is known again as the one that asked, and how often it was let in a moment ago, which is never
// more than once where its session is kept. It is signed for the host.
type Entering struct {
	Nonce []byte // nil where the browser keeps none of ours
	Times int    // it was let in within the last minute
}

const (
	enterNonce = 18
	enterMAC   = 24
	enterBytes = enterNonce + 1 + 8 + enterMAC // a count and a time between them

	enterKept = time.Hour   // as long as the ask that goes with it is good
	enterOver = time.Minute // after which nobody is in a loop
)

func (e *Edge) enterCookie() string { return e.cookies.of("enter") }

// Enters returns what the browser keeps.
func Enters(r *http.Request) (in Entering) {
	q := of(r)
	raw := q.edge.entering(r, q.visit.Host)
	if raw == nil {
		return in
	}
	in.Nonce = raw[:enterNonce]
	at := time.Unix(int64(binary.BigEndian.Uint64(raw[enterNonce+1:])), 0)
	switch ago := q.edge.now().Sub(at); {
	case ago >= enterKept || ago < -account.Skew:
		return Entering{}
	case ago < enterOver:
		in.Times = int(raw[enterNonce])
	}
	return in
}

func (e *Edge) entering(r *http.Request, host string) []byte {
	c, err := r.Cookie(e.enterCookie())
	if err != nil || len(c.Value) != enterBytes/3*4 || strings.ContainsAny(c.Value, "\r\n") {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	const signed = enterBytes - enterMAC
	if _, ok := e.enter.Verify(enterMessage(raw[:signed], host), raw[signed:]); !ok {
		return nil
	}
	return raw[:signed]
}

func enterMessage(raw []byte, host string) []byte {
	return append([]byte("entering\x00"+host+"\x00"), raw...)
}

// KeepEntering lets a browser that keeps no nonce of ours keep a new one, which it returns. One that
// it has stays: of several pages that are opened at once each can be let in by it.
func KeepEntering(w http.ResponseWriter, r *http.Request) (nonce []byte) {
	if in := Enters(r); in.Nonce != nil {
		return in.Nonce
	}
	return setEntering(w, r, 0, enterKept)
}

// Entered counts for a minute that the browser was let in. Its nonce is another one from now on.
func Entered(w http.ResponseWriter, r *http.Request) {
	setEntering(w, r, min(Enters(r).Times+1, 100), enterOver)
}

// ForgetEntering takes back what the browser keeps: who signs out comes back on purpose.
func ForgetEntering(w http.ResponseWriter, r *http.Request) {
	e := of(r).edge
	if _, err := r.Cookie(e.enterCookie()); err == nil {
		http.SetCookie(w, e.cookie(e.enterCookie(), "", -1))
	}
}

func setEntering(w http.ResponseWriter, r *http.Request, times int, kept time.Duration) (nonce []byte) {
	q := of(r)
	raw := make([]byte, enterNonce, enterBytes)
	_, _ = rand.Read(raw) // never fails: it ends the program instead
	raw = append(raw, byte(times))
	raw = binary.BigEndian.AppendUint64(raw, uint64(q.edge.now().Unix()))
	mac := q.edge.enter.Sum(enterMessage(raw, q.visit.Host))
	value := base64.RawURLEncoding.EncodeToString(append(raw, mac[:enterMAC]...))
	http.SetCookie(w, q.edge.cookie(q.edge.enterCookie(), value, int(kept/time.Second)))
	return raw[:enterNonce]
}
