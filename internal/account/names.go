package account

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Limits of short names and groups, in characters.
const (
	MinShortName = 2
	MaxShortName = 32
	MaxGroups    = 20 // groups of one person
	MaxGroup     = 40
)

// CheckShortName gives a short name in the one form in which it is stored and compared: lower case,
// of ASCII letters, digits, ".", "-" and "_", with a letter first and a letter or digit last, so that
// it is a user name to applications that take no "@" (POSIX.1-2024 §3.410, without a leading digit).
// "" is none, and fine. The error is a *fault.Error of kind Invalid with one field, "short_name".
func CheckShortName(s string) (name string, err error) {
	name = lowerASCII(trimASCII(s))
	switch {
	case name == "":
		return "", nil
	case len(name) < MinShortName || len(name) > MaxShortName:
		return "", invalid("short_name", fmt.Sprintf("A short name has %d to %d characters.", MinShortName, MaxShortName))
	case strings.ContainsFunc(name, notShort):
		return "", invalid("short_name", "Use letters a to z, digits, full stops, hyphens and underscores in the short name.")
	case slices.Contains(reservedNames(), name):
		return "", invalid("short_name", "That name is kept for the machine's own accounts. Choose another.")
	case name[0] < 'a' || name[0] > 'z' || strings.ContainsAny(name[len(name)-1:], ".-_"):
		return "", invalid("short_name", "A short name begins with a letter, and ends with a letter or a digit.")
	}
	return name, nil
}

// reservedNames are those that applications, and the machines they run on, may take for somebody who
// may do everything, or for nobody.
func reservedNames() []string {
	return []string{
		"admin", "administrator", "anonymous", "daemon", "doorbook", "guest", "nobody", "null", "operator",
		"postmaster", "root", "security", "support", "system", "undefined", "webmaster", "www-data",
	}
}

func notShort(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_", r)
}

// GroupName gives a group as it is stored and compared, of how people type it: two that look alike
// because a letter can be written in two ways (NFC, NFD) are one.
func GroupName(s string) string { return norm.NFC.String(strings.ToLower(strings.TrimSpace(s))) }

// CleanGroups gives the groups of a list, each of whose elements may itself be a comma list, as
// people type it: lower case, without those that are empty or there twice, in the order they came.
// A group is one line of text as a name is, without commas. The result is never
// nil. The error is a *fault.Error of kind Invalid with one field, "groups".
func CleanGroups(list []string) ([]string, error) {
	groups, seen := []string{}, map[string]bool{}
	for _, element := range list {
		for group := range strings.SplitSeq(element, ",") {
			problem := textProblem(strings.TrimSpace(group), MaxGroup)
			group = GroupName(group)
			switch {
			case problem != "":
				return nil, invalid("groups", "One of the groups "+problem)
			case group == "" || seen[group] || !visible(group):
				continue
			case len(groups) == MaxGroups:
				return nil, invalid("groups", fmt.Sprintf("Enter at most %d groups.", MaxGroups))
			}
			seen[group] = true
			groups = append(groups, group)
		}
	}
	return groups, nil
}
