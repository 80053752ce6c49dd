package view

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// Pages are written in templ. markup is HTML written by hand, and only for what a page has hundreds
// of, which is the pieces of the plot and the rows of tables, and for what stands in such rows (a
// time, a name): a templ expression costs some 200 ns (it passes fmt), an appended one a tenth of
// that. As with append, each method gives the markup to go on with. Nothing but literals of this
// package gets in unescaped.
type markup []byte

// literal is HTML from the source of this package: a constant becomes one by itself, a string
// variable does not compile.
type literal string

// component makes a component of what write appends; size is about how much that is.
func component(size int, write func(m markup) markup) templ.Component {
	return components(1, size, func(m markup, _ int) markup { return write(m) })
}

// components makes a component of n pieces, written one after the other in the same memory; size is
// about that of one.
func components(n, size int, write func(m markup, i int) markup) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		m := make(markup, 0, size)
		for i := range n {
			m = write(m[:0], i)
			if _, err := w.Write(m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m markup) raw(s literal) markup { return append(m, s...) }

// text writes a string as text or as the value of a quoted attribute: the five characters that mean
// something in either are escaped, as html.EscapeString does.
func (m markup) text(s string) markup {
	from := 0
	for i := 0; i < len(s); i++ {
		var e literal
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '"':
			e = "&#34;"
		case '\'':
			e = "&#39;"
		default:
			continue
		}
		m = append(m, s[from:i]...)
		m = append(m, e...)
		from = i + 1
	}
	return append(m, s[from:]...)
}

func (m markup) int(n int) markup { return strconv.AppendInt(m, int64(n), 10) }

// count writes a number with its thousands apart.
func (m markup) count(n int) markup { return appendCount(m, n) }

// moment is a time element. The script shows it in the viewer's zone, in the same form, so that
// nothing moves. The zero time is nothing.
func (m markup) moment(t time.Time, form form) markup {
	if t.IsZero() {
		return m
	}
	d := write(t)
	return m.raw(`<time datetime="`).date(&d, stampForm).raw(`">`).date(&d, form).raw(`</time>`)
}

// date writes a time in one of its forms, in UTC.
func (m markup) date(d *date, form form) markup { return append(m, d.in(form)...) }

// percent writes hundredths of a percent: 1234 is 12.34%.
func (m markup) percent(n int) markup {
	m = m.int(n / 100)
	if r := n % 100; r != 0 {
		m = append(m, '.', byte('0'+r/10))
		if r%10 != 0 {
			m = append(m, byte('0'+r%10))
		}
	}
	return append(m, '%')
}

// moment is a time element as a component.
func moment(t time.Time, form form) templ.Component {
	return component(96, func(m markup) markup { return m.moment(t, form) })
}
