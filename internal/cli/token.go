package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/doorbook/doorbook/internal/api"
	"github.com/doorbook/doorbook/internal/door"
)

type tokenVerb struct {
	List tokenListVerb `cmd:"" help:"List somebody's tokens for programs, those of the last 30 days too."`
	Add  tokenAddVerb  `cmd:"" help:"Make a token that speaks for somebody. It is printed once, and nothing else is on the standard output."`
	End  tokenEndVerb  `cmd:"" help:"End one token of somebody."`
}

type tokenListVerb struct {
	whose
	Output string `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}

// Run lists the tokens, those that let in first.
func (k *tokenListVerb) Run(c *command) error {
	o, dev, err := k.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	list, err := o.door.Tokens(c.ctx, door.Program(), dev.ID)
	if err != nil {
		return o.inWords(err)
	}
	if k.Output == "json" {
		return writeJSON(c, list, api.TokenOf)
	}
	if err := o.say(c, "%s: tokens: %d", dev.Email, len(list)); err != nil || len(list) == 0 {
		return err
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tMAY\tSTATE\tENDS\tLAST USED\tFROM")
	for _, t := range list {
		used := "never"
		if !t.Used.IsZero() {
			used = stamp(t.Used)
		}
		fmt.Fprintln(w, strings.Join([]string{t.ID, t.Name, strings.Join(t.Scopes.Words(), ", "), string(t.State), stamp(t.Ends), used, t.UsedFrom}, "\t"))
	}
	return w.Flush()
}

// writeValue writes a value as the JSON interface shows it, indented.
func writeValue(c *command, value any) error {
	e := json.NewEncoder(c.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

type tokenAddVerb struct {
	whose
	Name   string   `required:"" help:"What it is for, as the lists show it."`
	May    []string `required:"" placeholder:"SCOPE,…" help:"What it may do, separated by commas. read: look things up; write: change things, which does not include looking; applications: pass to applications behind the door."`
	Days   int      `default:"30" help:"For how many days it is good: 1 to 365."`
	Output string   `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}

// Run makes the token.
func (k *tokenAddVerb) Run(c *command) error {
	o, dev, err := k.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	if k.Days == 0 { // which is not a number of days here
		k.Days = -1
	}
	made, text, err := o.door.MakeToken(c.ctx, door.Program(), dev.ID, door.NewToken{Name: k.Name, Scopes: k.May, Days: k.Days})
	if err != nil {
		return o.inWords(err)
	}
	if k.Output == "json" {
		return writeValue(c, api.NewToken{Token: api.TokenOf(made), Text: text})
	}
	fmt.Fprintf(c.Stderr, "in %s\ntoken %s of %s is good until %s, and shown only this once:\n", o.name, made.ID, dev.Email, stamp(made.Ends))
	_, err = fmt.Fprintln(c.Stdout, text)
	return err
}

type tokenEndVerb struct {
	whose
	ID string `arg:"" help:"As the list shows it."`
}

// Run ends the token, also on a running server: at its next request.
func (k *tokenEndVerb) Run(c *command) error {
	o, dev, err := k.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	ended, err := o.door.EndToken(c.ctx, door.Program(), dev.ID, k.ID)
	if err != nil {
		return o.inWords(err)
	}
	return o.say(c, "the token %s of %s has ended", ended.Name, dev.Email)
}
