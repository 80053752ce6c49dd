package view

import (
	"time"

	"github.com/a-h/templ"
)

// outcomeTexts are the names of the outcomes, in the order they are stacked.
func outcomeTexts() [outcomes][2]string {
	return [outcomes][2]string{{"2xx", "answered"}, {"3xx", "sent on"}, {"4xx", "refused"}, {"5xx", "failed"}}
}

// summary is the plot in a sentence or two.
func (p Plot) summary(d drawing) string {
	if d.Total == 0 {
		return "No requests."
	}
	b := append(appendCount(nil, d.Total), " requests"...)
	if d.Total == 1 {
		b = append(b[:0], "1 request"...)
	}
	for i, t := range outcomeTexts() {
		if i == 0 {
			b = append(b, ": "...)
		} else {
			b = append(b, ", "...)
		}
		b = append(appendCount(b, d.Totals[i]), ' ')
		b = append(b, t[1]...)
	}
	b = append(b, ". Busiest: "...)
	b = appendCount(b, p.Bars[d.Busiest].total())
	b = append(b, " from "...)
	at := write(p.at(d.Busiest))
	b = append(b, at.in(clockForm)...)
	return string(append(b, " UTC on."...))
}

// svg is the drawing. Its shapes have attributes only: the policy of the pages allows no style
// attribute.
func (p Plot) svg(d drawing) templ.Component {
	size := 2048 + 192*len(d.Columns)
	for _, rects := range d.Rects {
		size += 64 * len(rects)
	}
	return component(size, func(m markup) markup { return p.writeSVG(m, d) })
}

func (p Plot) writeSVG(m markup, d drawing) markup {
	m = m.raw(`<svg class="plot" width="100%" height="`).int(drawTotal)
	m = m.raw(`" role="img" aria-labelledby="plot-title plot-desc"><title id="plot-title">`).text(p.heading())
	m = m.raw(`</title><desc id="plot-desc">`).text(p.summary(d)).raw(`</desc>`)
	if d.Top > 0 {
		m = m.grid(drawTop, d.Top)
	}
	if d.Mid > 0 {
		m = m.grid(drawTop+drawHeight/2, d.Mid)
	}
	for k, rects := range d.Rects {
		if len(rects) == 0 {
			continue
		}
		// Each outcome has its own pattern: colour is never the only difference.
		m = m.raw(`<g class="bars" fill="url(#pattern`).int(k + 2).raw(`)">`)
		for _, r := range rects {
			m = m.rect(r).raw(`/>`)
		}
		m = m.raw(`</g>`)
	}
	m = m.line("axis", 0, wholeWidth, drawBase, drawBase)
	for _, t := range d.Ticks {
		at := write(t.At)
		m = m.line("axis", t.X, t.X, drawBase, drawBase+4)
		m = m.raw(`<text text-anchor="middle" x="`).percent(t.X).raw(`" y="`).int(drawTotal - 4)
		m = m.raw(`" data-time="`).date(&at, stampForm).raw(`">`).date(&at, clockForm).raw(`</text>`)
	}
	m = m.raw(`<g class="columns">`)
	for _, c := range d.Columns {
		m = m.rect(c).raw(`>`).tip(p.at(c.Bar), p.Bars[c.Bar]).raw(`</rect>`)
	}
	return m.raw(`</g></svg>`)
}

// grid writes a line across with its number to the left of it, outside the drawing: the style sheet
// leaves room.
func (m markup) grid(y, n int) markup {
	return m.line("grid", 0, wholeWidth, y, y).raw(`<text text-anchor="end" x="-8" y="`).int(y + 4).raw(`">`).text(short(n)).raw(`</text>`)
}

// tip writes what a pointing device shows for a bar. The table says the same to everybody else.
func (m markup) tip(at time.Time, bar Bar) markup {
	d := write(at)
	m = m.raw(`<title data-time="`).date(&d, stampForm).raw(`">`).date(&d, clockForm)
	separator := literal(` UTC: `)
	texts := outcomeTexts()
	for k, c := range bar.counts() {
		if c == 0 {
			continue
		}
		m = m.raw(separator).count(c).raw(` `).text(texts[k][1])
		separator = `, `
	}
	return m.raw(`</title>`)
}

// rect writes a rectangle up to the end of its opening tag.
func (m markup) rect(r box) markup {
	m = m.raw(`<rect x="`).percent(r.X).raw(`" y="`).int(r.Y)
	return m.raw(`" width="`).percent(r.Width).raw(`" height="`).int(r.Height).raw(`"`)
}

func (m markup) line(class literal, x1, x2, y1, y2 int) markup {
	m = m.raw(`<line class="`).raw(class).raw(`" x1="`).percent(x1).raw(`" x2="`).percent(x2)
	return m.raw(`" y1="`).int(y1).raw(`" y2="`).int(y2).raw(`"/>`)
}

// legend names the patterns, each with its number.
func legend(d drawing) templ.Component {
	return component(1<<10, func(m markup) markup {
		for k, t := range outcomeTexts() {
			m = m.raw(`<li><svg class="swatch" width="14" height="14" aria-hidden="true" focusable="false"><rect fill="url(#pattern`)
			m = m.int(k + 2).raw(`)" width="14" height="14"/></svg><span>`).text(t[0]).raw(` `).text(t[1])
			m = m.raw(`</span> <b>`).count(d.Totals[k]).raw(`</b></li>`)
		}
		return m
	})
}
