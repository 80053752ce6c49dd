package view

import (
	"context"
	"io"
	"strconv"
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
	b = p.at(d.Busiest).AppendFormat(b, clockForm)
	return string(append(b, " UTC on."...))
}

// svg writes the drawing. It is written by hand because it is numbers only: nothing to escape, and some hundred
// rectangles at each opening of the page.
func (p Plot) svg(d drawing) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := w.Write(p.appendSVG(make([]byte, 0, 8<<10), d))
		return err
	})
}

func (p Plot) appendSVG(b []byte, d drawing) []byte {
	b = append(b, `<svg class="plot" width="100%" height="`...)
	b = strconv.AppendInt(b, drawTotal, 10)
	b = append(b, `" role="img" aria-labelledby="plot-title plot-desc"><title id="plot-title">`...)
	b = append(b, p.heading()...)
	b = append(b, `</title><desc id="plot-desc">`...)
	b = append(b, p.summary(d)...)
	b = append(b, `</desc>`...)
	if d.Top > 0 {
		b = appendGrid(b, drawTop, d.Top)
	}
	if d.Mid > 0 {
		b = appendGrid(b, drawTop+drawHeight/2, d.Mid)
	}
	for k, rects := range d.Rects {
		if len(rects) == 0 {
			continue
		}
		// Each outcome has its own pattern: colour is never the only difference.
		b = append(b, `<g class="bars" fill="url(#pattern`...)
		b = append(b, byte('2'+k))
		b = append(b, `)">`...)
		for _, r := range rects {
			b = append(appendBox(b, r), `"/>`...)
		}
		b = append(b, `</g>`...)
	}
	b = appendLine(b, "axis", 0, wholeWidth, drawBase, drawBase)
	for _, t := range d.Ticks {
		b = appendLine(b, "axis", t.X, t.X, drawBase, drawBase+4)
		b = append(b, `<text text-anchor="middle" x="`...)
		b = appendPercent(b, t.X)
		b = append(b, `" y="`...)
		b = strconv.AppendInt(b, drawTotal-4, 10)
		b = append(b, `" data-time="`...)
		b = t.At.AppendFormat(b, stampForm)
		b = append(b, `">`...)
		b = t.At.AppendFormat(b, clockForm)
		b = append(b, `</text>`...)
	}
	b = append(b, `<g class="columns">`...)
	for _, c := range d.Columns {
		b = append(appendBox(b, c), `">`...)
		b = appendTip(b, p.at(c.Bar), p.Bars[c.Bar])
		b = append(b, `</rect>`...)
	}
	return append(b, `</g></svg>`...)
}

// appendGrid writes a line across with its number to the left of it, outside the drawing: the style sheet leaves room.
func appendGrid(b []byte, y, n int) []byte {
	b = appendLine(b, "grid", 0, wholeWidth, y, y)
	b = append(b, `<text text-anchor="end" x="-8" y="`...)
	b = strconv.AppendInt(b, int64(y+4), 10)
	b = append(b, `">`...)
	b = append(b, short(n)...)
	return append(b, `</text>`...)
}

// appendTip writes what a pointing device shows for a bar. The table says the same to everybody else.
func appendTip(b []byte, at time.Time, bar Bar) []byte {
	b = append(b, `<title data-time="`...)
	b = at.AppendFormat(b, stampForm)
	b = append(b, `">`...)
	b = at.AppendFormat(b, clockForm)
	b = append(b, ` UTC: `...)
	comma := false
	texts := outcomeTexts()
	for k, c := range bar.counts() {
		if c == 0 {
			continue
		}
		if comma {
			b = append(b, ", "...)
		}
		comma = true
		b = append(appendCount(b, c), ' ')
		b = append(b, texts[k][1]...)
	}
	return append(b, `</title>`...)
}

// appendBox writes a rectangle up to the quote of its last attribute.
func appendBox(b []byte, r box) []byte {
	b = append(b, `<rect x="`...)
	b = appendPercent(b, r.X)
	b = append(b, `" y="`...)
	b = strconv.AppendInt(b, int64(r.Y), 10)
	b = append(b, `" width="`...)
	b = appendPercent(b, r.Width)
	b = append(b, `" height="`...)
	return strconv.AppendInt(b, int64(r.Height), 10)
}

func appendLine(b []byte, class string, x1, x2, y1, y2 int) []byte {
	b = append(b, `<line class="`...)
	b = append(b, class...)
	b = append(b, `" x1="`...)
	b = appendPercent(b, x1)
	b = append(b, `" x2="`...)
	b = appendPercent(b, x2)
	b = append(b, `" y1="`...)
	b = strconv.AppendInt(b, int64(y1), 10)
	b = append(b, `" y2="`...)
	b = strconv.AppendInt(b, int64(y2), 10)
	return append(b, `"/>`...)
}

// appendPercent writes hundredths of a percent: 1234 is 12.34%.
func appendPercent(b []byte, n int) []byte {
	b = strconv.AppendInt(b, int64(n/100), 10)
	if r := n % 100; r != 0 {
		b = append(b, '.', byte('0'+r/10))
		if r%10 != 0 {
			b = append(b, byte('0'+r%10))
		}
	}
	return append(b, '%')
}
