package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Words says the rules of the application to people, a sentence or a few for each rule, and what
// becomes of what no rule names.
func (a *App) Words() (lines []string) {
	for i := range a.Rules {
		words := a.Rules[i].Words()
		if i > 0 && len(a.Rules[i].Paths) == 0 {
			words = strings.Replace(words, " everything.", " everything else.", 1)
		}
		lines = append(lines, words)
	}
	if n := len(a.Rules); n > 0 && len(a.Rules[n-1].Paths) == 0 && len(a.Rules[n-1].Methods) == 0 {
		return lines
	}
	return append(lines, "Nobody may use anything else.")
}

// String says what becomes of a request.
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "passes"
	case SignIn:
		return "is asked to sign in"
	case Prove:
		return "is asked for the password again"
	case Unreadable:
		return "is refused, as its path cannot be read in one way (400)"
	}
	return "is refused"
}

// Words says a rule to people, as in "Members of ops, who signed in within 15 minutes, may read
// /admin."
func (r *Rule) Words() string {
	subject := strings.Join(append([]string{r.whom()}, r.provided()...), ", ")
	if len(r.provided()) > 0 {
		subject += ","
	}
	sentences := []string{subject + " " + r.what()}
	if r.Tokens == TokensToo && r.Recent == 0 && (r.Who == SignedIn || r.Who == Some) {
		sentences = append(sentences, "So may their tokens.")
	}
	if r.Basic {
		sentences = append(sentences, "Who brings nothing is asked for a token in place of a password.")
	}
	if r.Preflight {
		sentences = append(sentences, "Browsers may ask beforehand, for pages of other sites.")
	}
	if len(r.Keep) > 0 {
		sentences = append(sentences, "The book keeps "+list(r.Keep, "and")+" of queries.")
	}
	return strings.Join(sentences, " ")
}

// whom is for whom a rule is.
func (r *Rule) whom() string {
	var who string
	switch r.Who {
	case Anyone:
		return "Anyone"
	case SignedIn:
		who = "everybody with an account"
	case Some:
		var parts []string
		if len(r.Groups) > 0 {
			parts = append(parts, "members of "+list(r.Groups, "or"))
		}
		who = list(append(parts, r.People...), "and")
	}
	switch {
	case who == "":
		return "Nobody"
	case r.Tokens == TokensOnly:
		return "Tokens of " + who
	case len(r.People) > 0 && len(r.Groups) == 0:
		return who // addresses have no capitals
	}
	return strings.ToUpper(who[:1]) + who[1:]
}

// provided is on which conditions.
func (r *Rule) provided() (conditions []string) {
	if r.Who == Nobody {
		return nil
	}
	switch {
	case r.Recent > 0:
		conditions = append(conditions, "who signed in within "+lasting(r.Recent))
	case r.Tokens == NoTokens:
		conditions = append(conditions, "but none of their tokens")
	}
	if len(r.From) > 0 {
		var from []string
		for _, p := range r.From {
			text := p.String()
			if p.IsSingleIP() {
				text = p.Addr().String()
			}
			from = append(from, text)
		}
		conditions = append(conditions, "from "+list(from, "or"))
	}
	return conditions
}

// what is what they may.
func (r *Rule) what() string {
	what := "everything"
	switch {
	case len(r.Paths) > 0:
		what = list(r.Paths, "and")
	case r.Who == Nobody:
		what = "anything"
	}
	switch {
	case len(r.Methods) == 0:
		return "may use " + what + "."
	case !slices.ContainsFunc(r.Methods, func(m string) bool { return m != "GET" && m != "HEAD" }):
		return "may read " + what + "."
	}
	return "may send " + list(r.Methods, "and") + " to " + what + "."
}

// list is words with commas between them, and a conjunction before the last.
func list(words []string, conjunction string) string {
	n := len(words)
	if n < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n-1], ", ") + " " + conjunction + " " + words[n-1]
}

// lasting is a time in words.
func lasting(d time.Duration) string {
	for _, unit := range []struct {
		word   string
		length time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		switch n := d / unit.length; {
		case n == 0 || d%unit.length != 0:
		case n == 1:
			return "1 " + unit.word
		default:
			return fmt.Sprintf("%d %ss", n, unit.word)
		}
	}
	return d.String()
}
