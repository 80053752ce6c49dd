package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/doorbook/doorbook/internal/config"
)

// asked turns what people type elsewhere to learn of a program into what this one takes.
func asked(args []string) []string {
	switch {
	case len(args) == 0:
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version" && len(args) == 1:
		return []string{"version"}
	}
	return args
}

// mistyped is the command whose help tells what is right, and an error of the parser in our words
// where a verb is unknown.
func mistyped(err error, args []string, root *kong.Node) (help string, told error) {
	n := root
	for _, word := range args {
		if strings.HasPrefix(word, "-") || len(n.Children) == 0 {
			break
		}
		i := slices.IndexFunc(n.Children, func(child *kong.Node) bool { return child.Name == word })
		if i < 0 {
			return helpOf(n), unknownVerb(word, n)
		}
		n = n.Children[i]
	}
	if n == root { // which is what no verb means
		n = root.DefaultCmd
	}
	return helpOf(n), err
}

// helpOf is the command that shows the help of a verb.
func helpOf(n *kong.Node) string {
	return strings.Join(strings.Fields("doorbook "+verbOf(n)+" --help"), " ")
}

// unknownVerb says that a word is no verb, and which one is meant.
func unknownVerb(word string, n *kong.Node) error {
	text := fmt.Sprintf("unexpected argument %q", word)
	if meant := likely(word, n); len(meant) > 0 {
		for i, name := range meant {
			meant[i] = strconv.Quote(name)
		}
		text += ", did you mean " + strings.Join(meant, " or ") + "?"
	}
	return errors.New(text)
}

// likely are the verbs that a word may stand for: what other programs call them, else those that it
// begins, else those that it is a slip of.
func likely(word string, n *kong.Node) (meant []string) {
	names := make([]string, 0, len(n.Children))
	for _, child := range n.Children {
		names = append(names, child.Name)
	}
	for _, ours := range otherNames()[word] {
		if slices.Contains(names, ours) {
			return []string{ours}
		}
	}
	if len(word) > 1 {
		for _, name := range names {
			if strings.HasPrefix(name, word) {
				meant = append(meant, name)
			}
		}
	}
	if len(meant) > 0 {
		return meant
	}
	nearest := min(2, len(word)/2)
	for _, name := range names {
		switch d := config.Edits(word, name); {
		case d < nearest:
			nearest, meant = d, []string{name}
		case d == nearest:
			meant = append(meant, name)
		}
	}
	return meant
}

// otherNames are what other programs call our verbs, and which of ours that is: the first that is there.
func otherNames() map[string][]string {
	gone, made, seen := []string{"delete", "end"}, []string{"add"}, []string{"list"}
	return map[string][]string{
		"remove": gone, "rm": gone, "del": gone, "revoke": {"end", "disable"}, "logout": {"end"}, "block": {"disable"},
		"new": made, "create": made, "make": made, "ls": seen, "show": seen, "get": seen, "find": seen,
		"people": {"user"}, "account": {"user"}, "accounts": {"user"}, "passwd": {"password"}, "approve": {"enable"}, "unblock": {"enable"},
		"start": {"serve"}, "run": {"serve"}, "server": {"serve"}, "health": {"healthcheck"},
	}
}
