package view

import (
	"strings"

	"github.com/a-h/templ"
)

// input is one labelled field of a form.
type input struct {
	name         string
	id           string // "": the name; a field of which a page has several takes one of its own
	label        string
	kind         string // the type attribute, or "select" or "textarea"
	autocomplete string
	value        string
	hint         string
	problem      string
	rules        string   // passwordrules
	options      []option // of a select; with the kind "radio" one of a few, with "checkbox" several
	ticked       bool     // a checkbox alone, which is sent as "yes"
	optional     bool     // a password that not every change takes says so in its label
	focus        bool     // gets the focus when the page is opened
}

// option is one that can be chosen.
type option struct {
	value, text string
	hint        string // not in a select
	name        string // of a box that is sent under one of its own, "" for the field's
	chosen      bool
}

// key is its id, with which the ids of what belongs to it begin.
func (i input) key() string {
	if i.id != "" {
		return i.id
	}
	return i.name
}

func (i input) password() bool { return i.kind == "password" }

// required reports whether the form is not complete without it. A list has something chosen always,
// and a search is for everything when nothing is typed.
func (i input) required() bool {
	return !i.optional && i.kind != "checkbox" && i.kind != "select" && i.kind != "search"
}

// grouped reports whether it is several controls with a name of their own each.
func (i input) grouped() bool {
	return i.kind == "radio" || i.kind == "checkbox" && len(i.options) > 0
}

// typed reports whether it waits for somebody to type into it.
func (i input) typed() bool {
	return i.required() && i.kind != "radio"
}

// optionID is the id of one of a group; the first has that of the field.
func (i input) optionID(n int) string {
	if n == 0 {
		return i.key()
	}
	return i.key() + "-" + plain(n)
}

// described lists the ids of the texts that belong to the field.
func (i input) described() string {
	var ids []string
	if i.hint != "" {
		ids = append(ids, i.key()+"-hint")
	}
	if i.problem != "" {
		ids = append(ids, i.key()+"-problem")
	}
	return strings.Join(ids, " ")
}

// state is what every kind of control says of itself.
func (i input) state() templ.Attributes {
	a := templ.Attributes{}
	if d := i.described(); d != "" {
		a["aria-describedby"] = d
	}
	if i.problem != "" {
		a["aria-invalid"] = "true"
	}
	if i.required() {
		a["required"] = true
	}
	if i.focus {
		a["autofocus"] = true
	}
	return a
}

// prepared puts the problems beside their fields. With none, the first empty field that must be
// filled gets the focus; with some, no field does: the summary is where the reader has to be.
func prepared(problems []Problem, fields []input) []input {
	for i := range fields {
		fields[i].problem = problemOf(problems, fields[i].name)
	}
	if len(problems) > 0 {
		return fields
	}
	for i := range fields {
		if fields[i].value == "" && fields[i].typed() {
			fields[i].focus = true
			break
		}
	}
	return fields
}

// problemOf joins what is wrong with one field.
func problemOf(problems []Problem, field string) string {
	var texts []string
	for _, p := range problems {
		if p.Field == field {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, " ")
}

// keyOf is the id of the field of that name, to which the summary links; "" for one that the form does
// not have.
func keyOf(fields []input, name string) string {
	for _, f := range fields {
		if f.name == name {
			return f.key()
		}
	}
	return ""
}
