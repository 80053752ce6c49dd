package account

import (
	"fmt"
	"strings"

	"github.com/doorbook/doorbook/internal/fault"
)

// Limits of an e-mail address in bytes, all of them ASCII (RFC 5321 §4.5.3.1, RFC 3696 erratum
// 1690).
const (
	MaxEmail      = 254
	maxEmailLocal = 64
	maxEmailLabel = 63 // one part of the domain, RFC 1035 §2.3.4
)

// CanonicalEmail gives the one form in which an address is stored and compared: ASCII, lower case.
// Two addresses have the same key only if they differ in nothing but ASCII case and ASCII white
// space around them. Nothing that might be folded into somebody else's address by a database, a
// mail server or a human eye is taken: no byte outside ASCII (so no dotted I, Kelvin sign,
// fullwidth @ or zero-width space), no quoted local part, no comment, no address literal. What is
// left is a dot-atom (RFC 5322 §3.2.3) at a host name (RFC 1123 §2.1); a single label such as
// localhost will do. Lower-casing the local part is stricter than RFC 5321 §2.4, which lets two
// people differ in case; no known mail server does.
//
// The error is a *fault.Error of kind Invalid with one field, "email".
func CanonicalEmail(s string) (key string, err error) {
	s = trimASCII(s)
	if text := emailProblem(s); text != "" {
		return "", invalid("email", text)
	}
	return lowerASCII(s), nil
}

// emailProblem says what is wrong with a trimmed address, or nothing.
func emailProblem(s string) string {
	if s == "" {
		return "Enter an e-mail address."
	}
	if len(s) > MaxEmail {
		return fmt.Sprintf("An e-mail address has at most %d characters.", MaxEmail)
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			return "Use plain ASCII letters in the e-mail address; accented letters, lookalikes and invisible characters are not accepted."
		case c == ' ':
			return "An e-mail address has no spaces in it."
		case c < ' ' || c == 0x7f:
			return "The e-mail address holds a line break or another control character."
		}
	}
	local, domain, found := strings.Cut(s, "@")
	if !found || strings.Contains(domain, "@") {
		return "An e-mail address has exactly one @, as in name@example.com."
	}
	if text := localProblem(local); text != "" {
		return text
	}
	return domainProblem(domain)
}

func localProblem(local string) string {
	switch {
	case local == "":
		return "The part of the e-mail address before the @ is missing."
	case len(local) > maxEmailLocal:
		return fmt.Sprintf("The part of the e-mail address before the @ has at most %d characters.", maxEmailLocal)
	case strings.HasPrefix(local, "."), strings.HasSuffix(local, "."), strings.Contains(local, ".."):
		return "The part of the e-mail address before the @ may not begin or end with a dot, or hold two in a row."
	}
	for i := range len(local) {
		if c := local[i]; !isAlnum(c) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return fmt.Sprintf("The e-mail address may not hold the character %c before the @.", c)
		}
	}
	return ""
}

func domainProblem(domain string) string {
	if domain == "" {
		return "The part of the e-mail address after the @ is missing."
	}
	if domain[0] == '[' {
		return "Use a host name after the @ of the e-mail address, not an IP address."
	}
	last := ""
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" {
			return "The part of the e-mail address after the @ may not begin or end with a dot, or hold two in a row."
		}
		if len(label) > maxEmailLabel {
			return fmt.Sprintf("No part of the e-mail address between dots after the @ has more than %d characters.", maxEmailLabel)
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return "No part of the e-mail address after the @ may begin or end with a hyphen."
		}
		for i := range len(label) {
			if c := label[i]; !isAlnum(c) && c != '-' {
				return "After the @ of the e-mail address only letters, digits, hyphens and dots are accepted."
			}
		}
		last = label
	}
	if strings.Trim(last, "0123456789") == "" { // RFC 3696 §2: what ends in a number is an address, not a name
		return "Use a host name after the @ of the e-mail address, not an IP address."
	}
	return ""
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func trimASCII(s string) string { return strings.Trim(s, " \t\r\n\v\f") }

// lowerASCII leaves everything outside ASCII alone, unlike strings.ToLower, which turns the Kelvin
// sign into a k.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// invalid is the error for one broken field.
func invalid(field, text string) error {
	return &fault.Error{Kind: fault.Invalid, Public: text, Fields: []fault.Field{{Name: field, Text: text}}}
}
