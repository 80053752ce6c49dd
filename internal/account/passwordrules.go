package account

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Lengths of a password in code points (NIST SP 800-63B-4 §3.1.1.2: 15 where it is the only factor;
// ASVS 6.2.1, 6.2.9).
const (
	MinPassword = 15
	MaxPassword = 128
)

// minOwn is how many code points of a password must be its own, once the words of its context are
// taken out. It is the least length that NIST allows for a password next to a second factor.
const minOwn = 8

//go:embed wordlist/common.txt
var commonText string

//go:embed wordlist/context.txt
var contextText string

// PasswordRules decides which new passwords are taken. Create it with NewPasswordRules; it is safe
// for concurrent use.
type PasswordRules struct {
	common  []string // sorted, in lower case
	context []string // squashed
}

// PasswordContext is what the password's owner has said about themselves. Empty fields are fine.
type PasswordContext struct {
	Name  string
	Email string // in any form, even a broken one
}

// NewPasswordRules gives the rules with the lists of the folder wordlist: common passwords of at
// least 15 characters, and words of this program's context. They take some 200 kB, so one
// PasswordRules serves the whole program.
func NewPasswordRules() *PasswordRules {
	rules := &PasswordRules{common: strings.Fields(commonText)}
	for line := range strings.Lines(contextText) {
		if word, _, _ := strings.Cut(line, "#"); squash(word) != "" {
			rules.context = append(rules.context, squash(word))
		}
	}
	return rules
}

// Check refuses a password that is
//   - not valid UTF-8, shorter than 15 or longer than 128 code points;
//   - on the list of common ones, as a whole, whatever the case of its letters and the spaces and
//     punctuation in it (ASVS 6.2.4, 6.2.12);
//   - something short repeated: "passwordpassword" is no longer than "password". What is repeated
//     must be 15 code points long by itself, without spaces and punctuation too;
//   - nothing but runs along the alphabet, the digits, a keyboard or one key: "abcdefgh12345678",
//     "qwertyuiopasdfgh";
//   - little more than a word of its context (ASVS 6.2.11): the name of the program and the rest of
//     wordlist/context.txt, the owner's name, their e-mail address, or parts of these of 4 or more
//     code points. Once such words, digits, punctuation and runs are taken out, also when they are
//     disguised (d00rb00k), 8 code points must remain.
//
// There is no other rule: no composition (ASVS 6.2.5); spaces, emoji, any script, even NUL are
// fine. The password is looked at, never changed (ASVS 6.2.8).
//
// The error is a *fault.Error of kind Invalid with one field, "password"; it says what to mend and
// holds nothing of the password.
func (r *PasswordRules) Check(password string, ctx PasswordContext) error {
	if text := r.problem(password, ctx); text != "" {
		return invalid("password", text)
	}
	return nil
}

func (r *PasswordRules) problem(password string, ctx PasswordContext) string {
	if text := misshapen(password); text != "" {
		return text
	}
	folded, squashed := strings.ToLower(password), squash(password)
	if r.isCommon(folded) || r.isCommon(squashed) {
		return "This password is on the list of common ones that attackers try first. Choose another."
	}
	if repeats(folded) || weighty(squashed, folded) && repeats(squashed) {
		return fmt.Sprintf("The password repeats something short, which makes it no harder to guess. Choose one whose repeated part alone has %d characters, or that repeats nothing.", MinPassword)
	}
	if onlyRuns(folded) || weighty(squashed, folded) && onlyRuns(squashed) {
		return "The password is only a sequence of letters, digits or neighbouring keys, which attackers try first. Choose another."
	}
	words := r.contextWords(ctx)
	if mostly(squashed, words) || mostly(undisguise(folded), words) {
		return "The password consists mainly of the name of this site, your name, your e-mail address or a word such as “password”. Add other words, or choose another."
	}
	return ""
}

// misshapen says what is wrong with the length or the encoding of a password, "" if nothing is.
func misshapen(password string) string {
	const tooLong = "The password is too long: %d characters at most."
	if password == "" {
		return "Enter a password."
	}
	if len(password) > MaxPassword*utf8.UTFMax {
		return fmt.Sprintf(tooLong, MaxPassword) // before looking at megabytes
	}
	if !utf8.ValidString(password) {
		return "The password is not valid UTF-8 text."
	}
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return fmt.Sprintf("The password is too short: %d characters at least. A few words that do not belong together are easy to remember.", MinPassword)
	case n > MaxPassword:
		return fmt.Sprintf(tooLong, MaxPassword)
	}
	return ""
}

func (r *PasswordRules) isCommon(s string) bool {
	_, found := slices.BinarySearch(r.common, s)
	return found
}

// contextWords gives the squashed words that a password must not consist of, the longest first, so
// that a whole is taken out before its parts. What has fewer than 4 code points is no word: it
// would be found in anything.
func (r *PasswordRules) contextWords(ctx PasswordContext) []string {
	const shortest = 4
	var words []string
	add := func(s string) {
		if w := squash(s); utf8.RuneCountInString(w) >= shortest {
			words = append(words, w)
		}
	}
	addParts := func(s string) {
		add(s)
		for _, part := range strings.FieldsFunc(s, isSeparator) {
			add(part)
		}
	}
	// Longer than any valid name or address is not worth taking apart: those fields are refused
	// anyway.
	if len(ctx.Name) <= MaxName*utf8.UTFMax {
		addParts(ctx.Name)
	}
	if len(ctx.Email) <= 2*MaxEmail {
		add(ctx.Email)
		local, domain, _ := strings.Cut(ctx.Email, "@")
		addParts(local)
		addParts(domain)
	}
	words = append(words, r.context...)
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(words)
}
