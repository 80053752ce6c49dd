package config

import (
	"fmt"
	"slices"
	"strings"
)

// Help is what --help says of a setting, without its names.
func (s Setting) Help() string {
	return strings.ReplaceAll(withoutLinks(s.text()), "`", "")
}

// text is the meaning with the choices and the default.
func (s Setting) text() string {
	text := strings.ToUpper(s.Meaning[:1]) + s.Meaning[1:]
	if len(s.Choices) > 0 {
		text += ". One of " + strings.Join(s.Choices, ", ")
	}
	return text + ". Default: " + s.holds() + "."
}

// holds is what is so when nothing is said, as Markdown.
func (s Setting) holds() string {
	if s.Default != "" {
		return "`" + s.Default + "`"
	}
	return s.Unset
}

// withoutLinks leaves of a link of Markdown its words.
func withoutLinks(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "[")
		words, rest, closed := strings.Cut(rest, "](")
		_, after, ends := strings.Cut(rest, ")")
		if !ok || !closed || !ends {
			return text
		}
		text = before + words + after
	}
}

// HelpOfSecrets lists, for --help of a verb, what only the environment or a file says. It is "" for
// a verb without such settings.
func HelpOfSecrets(verb string) string {
	var b strings.Builder
	for _, s := range Settings() {
		if s.Flag == "" && slices.Contains(s.Verbs, verb) {
			fmt.Fprintf(&b, "\n  %s, or a file that %s_FILE names\n", s.Env, s.Env)
			wrap(&b, s.Help(), "      ", 76)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "Secrets are no flags, because everybody on a machine sees the flags of its programs. The environment has them:\n" + b.String()
}

// wrap writes a text in lines of so many bytes at most, unless a word is longer.
func wrap(b *strings.Builder, text, indent string, width int) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	b.WriteString(line + "\n")
}

// Table is the settings that a verb shows, as a table of docs/settings.md.
func Table(verb string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| flag of `doorbook %s` | environment | default | meaning |\n|---|---|---|---|\n", verb)
	for _, s := range Settings() {
		if s.Verbs[0] == verb {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.cellFlag(), s.cellEnv(), s.holds(), s.cellMeaning())
		}
	}
	return b.String()
}

func (s Setting) cellFlag() string {
	switch {
	case s.Flag == "":
		return "–"
	case s.Value == "":
		return "`--" + s.Flag + "`"
	}
	return "`--" + s.Flag + " " + s.Value + "`"
}

func (s Setting) cellEnv() string {
	switch {
	case s.Env == "":
		return "–"
	case s.Secret:
		return "`" + s.Env + "`, `…_FILE`"
	}
	return "`" + s.Env + "`"
}

// cellMeaning is the meaning, then the choices, then which other verbs have the flag.
func (s Setting) cellMeaning() string {
	text := s.Meaning
	if len(s.Choices) > 0 {
		text += ". One of `" + strings.Join(s.Choices, "`, `") + "`"
	}
	if s.Flag != "" && len(s.Verbs) > 1 {
		text += ". Also of `doorbook " + strings.Join(s.Verbs[1:], "`, `") + "`"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}
