package account

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// squash folds case and drops separators, so that "Correct-Horse Battery" and "correcthorsebattery"
// are one.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if isSeparator(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// isSeparator reports white space, punctuation and the symbols of ASCII, but no emoji, letter or
// digit.
func isSeparator(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsControl(r) || r < utf8.RuneSelf && unicode.IsSymbol(r)
}

// undisguise reads digits and signs as the letters they are often put for, then squashes.
func undisguise(s string) string {
	return squash(strings.Map(func(r rune) rune {
		const signs, letters = "0134578@$!", "oleastbasi"
		if i := strings.IndexRune(signs, r); i >= 0 {
			return rune(letters[i])
		}
		return r
	}, s))
}

// weighty reports whether squashed is most of the password it came from. If not, its separators are
// what counts.
func weighty(squashed, folded string) bool {
	return 2*utf8.RuneCountInString(squashed) >= utf8.RuneCountInString(folded)
}

// repeats reports whether s is one unit over and over, the last time perhaps in part, where the
// unit alone would be too short for a password.
func repeats(s string) bool {
	runes := []rune(s)
	for period := 1; period < MinPassword && 2*period <= len(runes); period++ {
		i := period
		for i < len(runes) && runes[i] == runes[i-period] {
			i++
		}
		if i == len(runes) {
			return true
		}
	}
	return false
}

// onlyRuns reports whether every code point of s is part of a run.
func onlyRuns(s string) bool {
	for _, inRun := range runs([]rune(s)) {
		if !inRun {
			return false
		}
	}
	return s != ""
}

// runs marks the code points that are part of a run: three or more of the same, or neighbours on
// one of the tracks, forwards or backwards.
func runs(s []rune) []bool {
	// Separated by spaces, which no squashed text holds: the alphabet and the digits, both round
	// the corner; the rows of keyboards (QWERTY, QWERTZ, AZERTY); its columns; and zigzags between
	// two rows.
	const tracks = "abcdefghijklmnopqrstuvwxyzabc 123456789012 " +
		"qwertyuiop asdfghjkl zxcvbnm qwertzuiop yxcvbnm azertyuiop qsdfghjklm wxcvbn " +
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm qazwsxedcrfvtgbyhnujm " +
		"1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6u7i8o9p0 qawsedrftgyhujikolp azsxdcfvgbhnjmk"
	marked := make([]bool, len(s))
	for i := 0; i+3 <= len(s); i++ {
		a, b, c := s[i], s[i+1], s[i+2]
		if a == b && b == c || a != ' ' && b != ' ' && c != ' ' &&
			(strings.Contains(tracks, string([]rune{a, b, c})) || strings.Contains(tracks, string([]rune{c, b, a}))) {
			marked[i], marked[i+1], marked[i+2] = true, true, true
		}
	}
	return marked
}

// mostly reports whether s holds one of the words, and fewer than minOwn code points beside them:
// digits, runs and what repeats its neighbour do not count. Words and s are squashed; the longest
// word is taken out first.
func mostly(s string, words []string) bool {
	const hole = "\x00" // not in a squashed text; keeps what was apart from joining into another word
	rest := s
	for _, w := range words {
		rest = strings.ReplaceAll(rest, w, hole)
	}
	if rest == s {
		return false
	}
	own := []rune(rest)
	inRun := runs(own)
	n := 0
	for i, r := range own {
		if r != 0 && !inRun[i] && !unicode.IsDigit(r) && (i == 0 || own[i-1] != r) {
			n++
		}
	}
	return n < minOwn
}
