package book

import "strings"

// Part is a stretch of a sentence. What people chose stands apart from the words around it, so that
// a page can keep the one from changing how the other reads.
type Part struct {
	Text   string
	Chosen bool   // as somebody wrote it: a name
	Mark   string // of a name: what sets its owner apart and cannot be chosen, see Short
	Person string // whose name it is, by their id; "" for what is nobody's
}

// Short returns what sets the owner of an id apart for people to read: its last six digits. Unlike
// a name or an e-mail address nobody can choose it, and unlike an address it tells nothing of them.
func Short(id string) string { return id[max(0, len(id)-6):] }

// Sentence returns what an entry tells in words; for a request what its method, address and user do
// not tell: by which token it was made and to which application, nil for nothing of these. For an
// action that is not known it gives the action and the text as they are.
func (c Catalog) Sentence(e *Entry) []Part {
	if e.Type == Request {
		return e.request()
	}
	event, ok := c[e.Action]
	if !ok {
		event.Says = e.Action + "[: {text}]"
	}
	var parts []Part
	for rest := event.Says; rest != ""; {
		plain, optional, found := strings.Cut(rest, "[")
		parts = e.say(parts, plain)
		if !found {
			break
		}
		optional, rest, _ = strings.Cut(optional, "]")
		if e.has(optional) {
			parts = e.say(parts, optional)
		}
	}
	return parts
}

// request says of a request what its method, address and user do not.
func (e *Entry) request() []Part {
	var parts []Part
	if e.Token != "" {
		parts = append(parts, Part{Text: "By the token "}, e.token())
	}
	if e.Action == RequestOfAssets {
		return append(parts, Part{Text: e.Text, Chosen: true})
	}
	if e.Application == "" {
		return parts
	}
	in := "In "
	switch {
	case e.Action == RequestRefused && parts != nil:
		in = ", refused in "
	case e.Action == RequestRefused:
		in = "Refused in "
	case parts != nil:
		in = ", in "
	}
	parts = append(parts, Part{Text: in}, Part{Text: e.Application, Chosen: true})
	if e.Host != "" {
		parts = append(parts, Part{Text: " ("}, Part{Text: e.Host, Chosen: true}, Part{Text: ")"})
	}
	if e.Action == RequestRefused && e.Rule != "" {
		parts = append(parts, Part{Text: ": "}, Part{Text: e.Rule, Chosen: true})
	}
	return parts
}

// Named returns what tells a request from others for people to read.
func (e *Entry) Named() string {
	switch {
	case e.Action == RequestOfAssets:
		return e.Text
	case e.Application != "":
		return e.Method + " " + e.URL + " in " + e.Application
	}
	return e.Method + " " + e.URL
}

// has reports whether the entry holds what a stretch of a sentence names.
func (e *Entry) has(says string) bool {
	return (e.Target != "" || !strings.Contains(says, "{target}")) &&
		(e.Text != "" || !strings.Contains(says, "{text}"))
}

// say adds a stretch of a sentence, with what stands for the names in braces.
func (e *Entry) say(parts []Part, says string) []Part {
	for says != "" {
		plain, name, found := strings.Cut(says, "{")
		if plain != "" {
			parts = append(parts, Part{Text: plain})
		}
		if !found {
			break
		}
		name, says, _ = strings.Cut(name, "}")
		switch name {
		case "who":
			parts = append(parts, e.who()...)
		case "target":
			parts = append(parts, e.target())
		case "text":
			parts = append(parts, e.told()...)
		}
	}
	return parts
}

func (e *Entry) who() []Part {
	switch {
	case e.User != "" && e.Token != "":
		return []Part{
			{Text: e.UserName, Chosen: true, Mark: Short(e.User), Person: e.User},
			{Text: ", by the token "},
			e.token(),
			{Text: ","},
		}
	case e.User != "":
		return []Part{{Text: e.UserName, Chosen: true, Mark: Short(e.User), Person: e.User}}
	case e.ClientAddr == CommandLine:
		return []Part{{Text: "The command line"}}
	}
	return []Part{{Text: "Somebody"}}
}

// token names the token that spoke for the user.
func (e *Entry) token() Part { return Part{Text: e.TokenName, Chosen: true, Mark: Short(e.Token)} }

func (e *Entry) target() Part {
	if e.Target == "" {
		return Part{Text: "nobody known"}
	}
	part := Part{Text: e.TargetName, Chosen: true, Mark: Short(e.Target)}
	if e.ofPerson() {
		part.Person = e.Target
	}
	return part
}

// ofPerson reports whether the target is somebody, not an entry of the book.
func (e *Entry) ofPerson() bool {
	return e.TargetName != "" && e.Action != ActionEntryHidden && e.Action != ActionEntryDeleted
}

// People adds the ids of those whom the entry names to a list.
func (e *Entry) People(ids []string) []string {
	if e.User != "" {
		ids = append(ids, e.User)
	}
	if e.ofPerson() {
		ids = append(ids, e.Target)
	}
	return ids
}

// told returns the text. Of a change both sides stand apart; a name may hold the arrow itself.
func (e *Entry) told() []Part {
	before, after, change := strings.Cut(e.Text, Became)
	if !change || e.Action == ActionNameChanged {
		return []Part{{Text: e.Text, Chosen: true}}
	}
	return []Part{{Text: before, Chosen: true}, {Text: Became}, {Text: after, Chosen: true}}
}

// Became stands between what was and what is in the text of a change.
const Became = " → "

// CommandLine is the ClientAddr of what was done on the command line.
const CommandLine = "command line"
