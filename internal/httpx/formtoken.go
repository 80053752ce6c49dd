package httpx

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/session"
)

// FormTokenField is the form field that carries the token.
const FormTokenField = "csrf_token"

// formTokens prove that a form was made for the visitor who sends it. The token of somebody signed
// in is bound to the session (its id, which a renewal keeps); a stranger's to a signed cookie of
// random bytes, which costs no record and stays good over restarts, changes of session and one
// change of keys. Each such cookie has a name of its own, for a browser that asks for several pages
// at once, with none yet, gets several, and every page is to submit. Both are HMACs, so nothing is
// stored.
type formTokens struct {
	signer *session.Signer
	prefix string // of the names of the strangers' cookies
	secure bool
}

// mostNonces is how many of a stranger's cookies are looked at: as many as browsers keep for a
// site, so that each of the tabs that were restored at once can submit.
const mostNonces = 180

const (
	nonceBytes = 18
	tokenMAC   = 24
	nonceName  = 4 // bytes of it in the cookie's name
	nonceText  = (nonceBytes + tokenMAC) / 3 * 4
	tokenText  = tokenMAC / 3 * 4
)

func newFormTokens(keys *session.KeyRing, cookies Cookies) formTokens {
	return formTokens{signer: keys.Signer("form token"), prefix: cookies.of("form-"), secure: cookies.Secure}
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
	if sent := t.nonces(r); len(sent) > 0 {
		return t.sign(visitorBinding(sent[0]))
	}
	return t.sign(visitorBinding(t.setNonce(w)))
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
	if bound, ok := sessionBinding(v); ok {
		_, ok = t.signer.Verify([]byte(bound), mac)
		return ok
	}
	for _, nonce := range t.nonces(r) {
		if _, ok := t.signer.Verify([]byte(visitorBinding(nonce)), mac); ok {
			return true
		}
	}
	return false
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

// visitorBinding is what the tokens of a stranger are bound to.
func visitorBinding(nonce string) string { return "visitor\x00" + nonce }

// sent reports whether a request brings any of the strangers' cookies, good or not.
func (t *formTokens) sent(r *http.Request) bool {
	return slices.ContainsFunc(r.Cookies(), func(c *http.Cookie) bool {
		return strings.HasPrefix(c.Name, t.prefix)
	})
}

// nonces returns what the strangers' cookies of a request hold, as far as we have signed it.
func (t *formTokens) nonces(r *http.Request) (list []string) {
	looked := 0
	for _, c := range r.Cookies() {
		if !strings.HasPrefix(c.Name, t.prefix) {
			continue
		}
		if looked++; looked > mostNonces {
			break
		}
		if nonce, ok := t.nonce(c); ok {
			list = append(list, nonce)
		}
	}
	return list
}

func (t *formTokens) nonce(c *http.Cookie) (string, bool) {
	if len(c.Value) != nonceText || strings.ContainsAny(c.Value, "\r\n") {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || c.Name != t.name(raw) {
		return "", false
	}
	nonce := string(raw[:nonceBytes])
	_, ok := t.signer.Verify([]byte("cookie\x00"+nonce), raw[nonceBytes:])
	return nonce, ok
}

// name returns the name of the cookie that holds a nonce.
func (t *formTokens) name(nonce []byte) string {
	return t.prefix + hex.EncodeToString(nonce[:nonceName])
}

func (t *formTokens) setNonce(w http.ResponseWriter) string {
	var raw [nonceBytes + tokenMAC]byte
	_, _ = rand.Read(raw[:nonceBytes])
	mac := t.signer.Sum(append([]byte("cookie\x00"), raw[:nonceBytes]...))
	copy(raw[nonceBytes:], mac[:])
	http.SetCookie(w, &http.Cookie{
		Name: t.name(raw[:]), Value: base64.RawURLEncoding.EncodeToString(raw[:]), Path: "/",
		Secure: t.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return string(raw[:nonceBytes])
}
