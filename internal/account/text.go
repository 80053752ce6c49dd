package account

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what people tell about themselves, in code points.
const (
	MaxName   = 100
	MaxSkills = 50 // skills of one person
	MaxSkill  = 50 // the length of one skill
)

// CheckName gives a name without white space around it: 1 to 100 code points of valid UTF-8, on one
// line, with something to see. Control characters, and format characters that hide or reorder text,
// are refused: a name is shown in lists, logs and terminals. The error is a *fault.Error of kind
// Invalid with one field, "name".
func CheckName(s string) (name string, err error) {
	name = strings.TrimSpace(s)
	switch problem := textProblem(name, MaxName); {
	case name == "", problem == "" && !visible(name):
		return "", invalid("name", "Enter a name.")
	case problem != "":
		return "", invalid("name", "The name "+problem)
	}
	return name, nil
}

// MaxDeviceName is how many code points the name of a device has at most.
const MaxDeviceName = 40

// CheckDeviceName is CheckName for what somebody calls one of their devices. "" is fine: it has no
// name then.
func CheckDeviceName(s string) (name string, err error) {
	name = strings.TrimSpace(s)
	switch problem := textProblem(name, MaxDeviceName); {
	case name == "":
		return "", nil
	case problem != "":
		return "", invalid("name", "The name "+problem)
	case !visible(name):
		return "", invalid("name", "Enter a name that can be seen, or none.")
	}
	return name, nil
}

// ParseSkills reads a comma list as people type it: "Go, SQL ,, Flask". See CleanSkills.
func ParseSkills(commaList string) ([]string, error) { return CleanSkills([]string{commaList}) }

// CleanSkills gives the skills of a list, each of whose elements may itself be a comma list (so no
// skill holds a comma, and what a form shows can be sent back unchanged). White space around skills
// goes, and so do empty ones and those that differ only in case from an earlier one. At most 50
// remain, each of at most 50 code points, under the same rules as a name. The result is never nil.
// The error is a *fault.Error of kind Invalid with one field, "skills".
func CleanSkills(list []string) ([]string, error) {
	skills, seen := []string{}, map[string]bool{}
	for _, element := range list {
		for skill := range strings.SplitSeq(element, ",") {
			skill = strings.TrimSpace(skill)
			if skill == "" {
				continue
			}
			if problem := textProblem(skill, MaxSkill); problem != "" {
				return nil, invalid("skills", "One of the skills "+problem)
			}
			key := strings.ToLower(skill)
			if seen[key] || !visible(skill) {
				continue
			}
			if len(skills) == MaxSkills {
				return nil, invalid("skills", fmt.Sprintf("Enter at most %d skills.", MaxSkills))
			}
			seen[key] = true
			skills = append(skills, skill)
		}
	}
	return skills, nil
}

// textProblem says what is wrong with one line of text of at most most code points, or nothing.
func textProblem(s string, most int) string {
	if len(s) > most*utf8.UTFMax || utf8.RuneCountInString(s) > most {
		return fmt.Sprintf("is too long: %d characters at most.", most)
	}
	if !utf8.ValidString(s) {
		return "is not valid UTF-8 text."
	}
	if strings.ContainsFunc(s, unfit) {
		return "holds a line break, a control character or an invisible character."
	}
	return ""
}

// unfit reports whether r does something to the text around it instead of being seen: controls,
// line and paragraph separators, format characters (bidirectional overrides, zero-width spaces,
// tags) and what no standard gives a meaning. The two joiners stay: Persian, Indic scripts and
// emoji are written with them.
func unfit(r rune) bool {
	const zwnj, zwj = '\u200c', '\u200d'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) && r != zwnj && r != zwj
}

// visible reports whether there is anything to see: a letter, digit, punctuation mark or symbol
// that is not a filler.
func visible(s string) bool {
	fillers := []rune{'\u115f', '\u1160', '\u2800', '\u3164', '\uffa0'} // Hangul fillers, the blank of Braille
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !slices.Contains(fillers, r)
	})
}
