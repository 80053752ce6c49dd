package cli

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/doorbook/doorbook/internal/config"
)

// bind gives every flag that is a setting what config.Settings says of it. The default is left to
// whoever asks for the value (fromEnvironment), so that it comes after the environment.
func bind(app *kong.Application) {
	eachFlag(app.Node, func(verb string, f *kong.Flag) {
		s, ok := config.ByFlag(verb, f.Name)
		if !ok {
			return
		}
		f.Help, f.PlaceHolder = s.Help(), s.Value
		if s.Env != "" {
			f.Help += fmt.Sprintf(" (%s)", s.Env)
		}
		if s.Default != "" {
			f.Default, f.HasDefault = s.Default, true
		}
	})
}

func eachFlag(n *kong.Node, f func(verb string, flag *kong.Flag)) {
	for _, flag := range n.Flags {
		f(verbOf(n), flag)
	}
	for _, child := range n.Children {
		eachFlag(child, f)
	}
}

// verbOf is the name of a command as it is typed after the program's.
func verbOf(n *kong.Node) string {
	if n == nil || n.Type != kong.CommandNode {
		return ""
	}
	if before := verbOf(n.Parent); before != "" {
		return before + " " + n.Name
	}
	return n.Name
}

// fromEnvironment answers for flags that were not typed.
func fromEnvironment(env config.Environment) kong.ResolverFunc {
	return func(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
		value, ok, err := env.Flag(verbOf(parent.Node()), flag.Name)
		if err != nil || !ok {
			return nil, err
		}
		return value, nil
	}
}

// reads reports whether a command reads settings of its own: what says which version this is must
// work whatever they are, and whether a server is well is not decided by them.
func reads(parsed *kong.Context) bool {
	return !slices.Contains([]string{"version", config.VerbHealth, "flask check-password"}, verbOf(parsed.Selected()))
}
