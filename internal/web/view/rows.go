package view

import "github.com/a-h/templ"

// heads are the heads of a table's columns.
func heads(columns []heading) templ.Component {
	return components(len(columns), 96, func(m markup, i int) markup {
		c := &columns[i]
		m = m.raw(`<th scope="col" role="columnheader"`)
		if c.class != "" {
			m = m.raw(` class="`).text(string(c.class)).raw(`"`)
		}
		if c.sorted != "" {
			m = m.raw(` aria-sort="`).text(c.sorted).raw(`"`)
		}
		return m.raw(`>`).text(c.text).raw(`</th>`)
	})
}

// entryRows are the rows of the table of entries. The roles keep it a table for screen readers when
// the style sheet lays it out as cards.
func entryRows(rows []EntryRow) templ.Component {
	return components(len(rows), 800, func(m markup, i int) markup { return rows[i].write(m) })
}

func (e *EntryRow) write(m markup) markup {
	method := clipped(e.Method, 16)
	m = m.raw(`<tr role="row"`)
	if a := e.anchor(); a != "" {
		m = m.raw(` id="entry-`).text(a).raw(`"`)
	}
	m = m.raw(` data-type="`).text(e.kind()).raw(`" data-class="`).text(e.class()).raw(`">`)
	m = m.raw(`<td role="cell" class="time">`).moment(e.Time, secondForm).raw(`</td>`)
	m = m.raw(`<td role="cell" class="type">`).text(e.kind()).raw(`</td>`)
	m = m.raw(`<td role="cell" class="method">`).text(method).raw(`</td>`)
	m = m.raw(`<td role="cell" class="path"`)
	if method != "" { // cards show it before the path
		m = m.raw(` data-method="`).text(method).raw(`"`)
	}
	m = m.raw(`>`)
	if e.Path != "" {
		m = m.raw(`<code>`).text(clipped(e.Path, 200)).raw(`</code>`)
	}
	if len(e.Words) > 0 {
		m = m.raw(`<span class="text">`)
		for _, w := range e.Words {
			m = w.write(m)
		}
		m = m.raw(`</span>`)
	}
	if id := e.quoted(); id != "" {
		m = m.raw(`<span class="text">Request <code>`).text(clipped(id, 64)).raw(`</code></span>`)
	}
	m = m.raw(`</td><td role="cell" class="n status">`)
	if e.Status != 0 {
		m = m.int(e.Status)
	}
	m = m.raw(`</td><td role="cell" class="n took">`).text(took(e.Duration))
	m = m.raw(`</td><td role="cell" class="user">`)
	if e.User != "" || e.UserMark != "" {
		m = m.name(e.User, e.UserMark, e.UserGone)
	}
	m = m.raw(`</td><td role="cell" class="addr">`).text(clipped(e.Addr, 60))
	return m.raw(`</td></tr>`)
}

func (w Word) write(m markup) markup {
	switch {
	case w.Mark != "":
		return m.name(w.Text, w.Mark, w.Gone)
	case w.Chosen:
		return m.raw(`<bdi>`).text(clippedName(w.Text, 300)).raw(`</bdi>`)
	}
	return m.text(clipped(w.Text, 300))
}

// name writes a name as its owner wrote it, and beside it whether they are gone and what tells them
// from others of that name. Who is called "Bob (deleted)" is told from who is by where it stands:
// outside of the name.
func (m markup) name(name, mark string, gone bool) markup {
	if name != "" {
		m = m.raw(`<bdi>`).text(clippedName(name, 60)).raw(`</bdi>`)
	}
	if gone {
		m = m.raw(` <span class="gone">(deleted)</span>`)
	}
	if mark == "" {
		return m
	}
	if name != "" {
		m = m.raw(` `)
	}
	return m.raw(`<span class="mark">·`).text(clipped(mark, 12)).raw(`</span>`)
}

// anchor is what the row's id in the page ends in; "" for an ID that is none of the book's.
func (e *EntryRow) anchor() string {
	for i := 0; i < len(e.ID); i++ {
		if c := e.ID[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return ""
		}
	}
	return e.ID
}

// kind is the type, "other" for one that is not known.
func (e *EntryRow) kind() string {
	switch e.Type {
	case "request", "activity", "error":
		return e.Type
	default:
		return "other"
	}
}

// class is the first digit of the status, "" for none: the style sheet's handle.
func (e *EntryRow) class() string {
	const digits = "12345"
	if c := e.Status / 100; c >= 1 && c <= len(digits) {
		return digits[c-1 : c]
	}
	return ""
}

// quoted is the request id where somebody may ask for it.
func (e *EntryRow) quoted() string {
	if e.Status >= 400 || e.Type == "error" {
		return e.RequestID
	}
	return ""
}

// numberRows are the rows of the table that says the same as the plot.
func numberRows(p Plot, d drawing) templ.Component {
	return component(len(d.Columns)*256, func(m markup) markup {
		for _, c := range d.Columns {
			m = m.raw(`<tr><th scope="row">`).moment(p.at(c.Bar), minuteForm).raw(`</th>`)
			for _, n := range p.Bars[c.Bar].counts() {
				m = m.raw(`<td class="n">`).count(n).raw(`</td>`)
			}
			m = m.raw(`<td class="n">`).count(p.Bars[c.Bar].total()).raw(`</td></tr>`)
		}
		return m
	})
}
