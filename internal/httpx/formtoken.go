package httpx

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/session"
)

// FormTokenField is the form field that carries the token.
const FormTokenField = "csrf_token"

// formTokens prove that a form was made for the visitor who sends it. The token of somebody signed in is bound to the
// session (its id, which a renewal keeps); a stranger's to a signed cookie of random bytes, which costs no record and stays good over
// restarts, changes of session and one change of keys. Both are HMACs, so nothing is stored.
type formTokens struct {
	signer *session.Signer
	cookie string // name of the strangers' cookie
	secure bool
}

const (
	nonceBytes = 18
	tokenMAC   = 24
	nonceText  = (nonceBytes + tokenMAC) / 3 * 4
	tokenText  = tokenMAC / 3 * 4
)

func newFormTokens(keys *session.KeyRing, secure bool) formTokens {
	t := formTokens{signer: keys.Signer("form token"), cookie: "__Host-form", secure: secure}
	if !secure {
		t.cookie = "form"
	}
	return t
}

// FormToken returns the token that a page's forms must carry. Call it before the page's first byte.
func FormToken(w http.ResponseWriter, r *http.Request, v *door.Visit) string {
	return of(r).edge.tokens.token(w, r, v)
}

// token gives the token for a page that is about to be sent, and sets the cookie it needs.
func (t *formTokens) token(w http.ResponseWriter, r *http.Request, v *door.Visit) string {
	if bound, ok := sessionBinding(v); ok {
		return t.sign(bound)
	}
	nonce, ok := t.nonce(r)
	if !ok {
		nonce = t.setNonce(w)
	}
	return t.sign("visitor\x00" + nonce)
}

// check reports whether a form's token is this visitor's.
func (t *formTokens) check(r *http.Request, v *door.Visit, token string) bool {
	if len(token) != tokenText || strings.ContainsAny(token, "\r\n") { // which the decoder would pass over
		return false
	}
	mac, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return false
	}
	bound, ok := sessionBinding(v)
	if !ok {
		nonce, ok := t.nonce(r)
		if !ok {
			return false
		}
		bound = "visitor\x00" + nonce
	}
	_, ok = t.signer.Verify([]byte(bound), mac)
	return ok
}

func (t *formTokens) sign(bound string) string {
	sum := t.signer.Sum([]byte(bound))
	return base64.RawURLEncoding.EncodeToString(sum[:tokenMAC])
}

// sessionBinding is what the tokens of somebody signed in are bound to.
func sessionBinding(v *door.Visit) (string, bool) {
	if !v.SignedIn() {
		return "", false
	}
	sid, ok := v.Session.ID()
	return "session\x00" + sid.String() + v.Developer.ID, ok
}

// nonce reads the strangers' cookie.
func (t *formTokens) nonce(r *http.Request) (string, bool) {
	c, err := r.Cookie(t.cookie)
	if err != nil || len(c.Value) != nonceText || strings.ContainsAny(c.Value, "\r\n") {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return "", false
	}
	nonce := string(raw[:nonceBytes])
	_, ok := t.signer.Verify([]byte("cookie\x00"+nonce), raw[nonceBytes:])
	return nonce, ok
}

func (t *formTokens) setNonce(w http.ResponseWriter) string {
	var raw [nonceBytes + tokenMAC]byte
	_, _ = rand.Read(raw[:nonceBytes])
	mac := t.signer.Sum(append([]byte("cookie\x00"), raw[:nonceBytes]...))
	copy(raw[nonceBytes:], mac[:])
	http.SetCookie(w, &http.Cookie{
		Name: t.cookie, Value: base64.RawURLEncoding.EncodeToString(raw[:]), Path: "/",
		Secure: t.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return string(raw[:nonceBytes])
}
