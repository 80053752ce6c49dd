package account

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits of what is searched for.
const (
	MaxPeople     = 100 // on one page
	MaxSearch     = 5   // words of one search
	mostWords     = 60  // that one person is found by
	mostWord      = 32  // characters of a word that count
	mostSortRunes = 40  // characters of a name that it is sorted by
)

// What stands before a mark: what people are found by that nobody types. No word begins with it.
const mark = "="

// The marks of those who are not as most are, and of groups.
const (
	markRole  = mark + "role:"
	markState = mark + "state:"
	markGroup = mark + "group:"
)

// Folded gives a text as it is compared in a search: without case and without what stands above and
// below letters.
func Folded(s string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	return cases.Fold().String(bare)
}

// words gives the words of a text, folded and cut.
func words(s string) []string {
	list := strings.FieldsFunc(Folded(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i := range list {
		list[i] = clip(list[i], mostWord)
	}
	return list
}

func clip(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

// SortKey is what people are listed by.
func (d Developer) SortKey() string { return clip(Folded(d.Name), mostSortRunes) }

// Words gives what somebody is found by, sorted and each once: the words of the name, the e-mail
// address and the short name, and marks.
func (d Developer) Words() []string {
	list := slices.Concat(words(d.Name), words(d.Email), words(d.ShortName))
	list = list[:min(len(list), mostWords)]
	if d.Role == Admin {
		list = append(list, markRole+string(d.Role))
	}
	if d.State != Active {
		list = append(list, markState+d.State.String())
	}
	for _, group := range d.Groups {
		list = append(list, markGroup+group)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// PeopleQuery says who is asked for. The zero value asks for everybody.
type PeopleQuery struct {
	Search string // beginnings of words, all of which somebody has; of more than MaxSearch the first ones count
	Role   Role   // "" for any
	State  *State // nil for any
	Group  string // "" for any
	After  string // where the page before has ended
	Limit  int    // at most MaxPeople
}

// Beginnings gives what the words of somebody begin with who is searched for, of letters and digits
// alone, and whether anybody can be found by it.
func (q PeopleQuery) Beginnings() (list []string, can bool) {
	list = words(q.Search)
	return list[:min(len(list), MaxSearch)], len(list) > 0 || strings.TrimSpace(q.Search) == ""
}

// Found is what of Words somebody may type.
func (d Developer) Found() []string {
	return slices.DeleteFunc(d.Words(), func(w string) bool { return strings.HasPrefix(w, mark) })
}

// Term is one thing that somebody asked for has, or has not.
type Term struct {
	From, Below string // a word from this one on, and before that one
	Not         bool
}

// Terms gives the query as what a repository looks for, and whether anybody can be found by it.
func (q PeopleQuery) Terms() (terms []Term, can bool) {
	typed, can := q.Beginnings()
	if !can {
		return nil, false
	}
	for _, w := range typed {
		terms = append(terms, Term{From: w, Below: w + "\U0010FFFF"})
	}
	exactly := func(word string, not bool) { terms = append(terms, Term{From: word, Below: word + "\x00", Not: not}) }
	if q.Group != "" {
		exactly(markGroup+q.Group, false)
	}
	if q.Role != "" {
		exactly(markRole+string(Admin), q.Role != Admin)
	}
	switch {
	case q.State == nil:
	case *q.State == Active:
		terms = append(terms, Term{From: markState, Below: markState + "\U0010FFFF", Not: true})
	default:
		exactly(markState+q.State.String(), false)
	}
	return terms, true
}

// Presence is whether somebody is here.
type Presence struct {
	Sessions int // that live
	LastSeen time.Time
}

// Directory finds people. It is safe for concurrent use.
type Directory interface {
	// People gives those asked for, by name if nothing is searched for, and where the next page
	// begins, "" for nowhere. A page may hold fewer than the limit, and yet be followed by
	// another: the work for one is bounded. ErrBadPage for an After that is none.
	People(ctx context.Context, q PeopleQuery) (list []Developer, next string, err error)
	// Presence tells of people by their ids who are signed in anywhere.
	Presence(ctx context.Context, ids []string, now time.Time) (map[string]Presence, error)
}
