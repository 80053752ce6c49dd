package view

import (
	"math"
	"time"
)

// Plot is how many requests ended in which way, over time. The zero value is no plot at all.
type Plot struct {
	Start time.Time     // the first bar's first moment
	Step  time.Duration // how long each bar is
	Bars  []Bar         // one for each Step from Start on, empty ones too; 12 to 96 look well
}

// Bar is one step of time. Counts below zero are taken as zero.
type Bar struct {
	At          time.Time // its first moment; the zero time means Start plus the steps before it
	OK          int       // 2xx
	Redirect    int       // 3xx
	ClientError int       // 4xx
	ServerError int       // 5xx
}

// outcomes is how many there are; they are stacked from the axis up in the order of Bar's fields.
const outcomes = 4

func (b Bar) counts() [outcomes]int {
	return [outcomes]int{max(b.OK, 0), max(b.Redirect, 0), max(b.ClientError, 0), max(b.ServerError, 0)}
}

func (b Bar) total() int {
	sum := 0
	for _, c := range b.counts() {
		sum = add(sum, c)
	}
	return sum
}

// add stops at the largest number instead of turning negative.
func add(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

func (p Plot) at(i int) time.Time {
	if i < len(p.Bars) && !p.Bars[i].At.IsZero() {
		return p.Bars[i].At.UTC()
	}
	return p.Start.UTC().Add(time.Duration(i) * p.Step)
}

// The drawing: heights are pixels, widths are shares of the whole in hundredths of a percent. So it
// fits every width without being scaled, and its letters stay as large as all others.
const (
	drawTop    = 10  // room for the upper half of the uppermost number, and for bars of two pixels on a full one
	drawHeight = 140 // of the tallest bar
	drawBase   = drawTop + drawHeight
	drawTotal  = drawBase + 22 // room for the clock times
	wholeWidth = 10000
)

// drawing is a plot's geometry.
type drawing struct {
	Top     int             // the number at the upper end of the axis; 0 when there is nothing to draw
	Mid     int             // the number half-way up, 0 for none
	Rects   [outcomes][]box // what to fill, by outcome
	Columns []box           // the whole column of each bar that is not empty, to point at
	Ticks   []tick
	Totals  [outcomes]int
	Total   int
	Busiest int // index of the tallest bar, -1 for none
}

// box is a rectangle of the drawing.
type box struct {
	Bar       int // which bar it belongs to
	X, Width  int // hundredths of a percent
	Y, Height int // pixels
}

// tick is a clock time under the axis.
type tick struct {
	X  int // hundredths of a percent
	At time.Time
}

// highest is how many requests the highest bar stands for.
func (p Plot) highest() (most float64) {
	for _, b := range p.Bars {
		sum := 0.0 // not total(), which stops at the largest int
		for _, c := range b.counts() {
			sum += float64(c)
		}
		most = max(most, sum)
	}
	return most
}

// draw computes the geometry. Work and size grow with the number of bars alone, never with the
// counts.
func (p Plot) draw() drawing {
	d := drawing{Busiest: -1}
	n := len(p.Bars)
	if n == 0 {
		return d
	}
	most := 0
	for i, b := range p.Bars {
		for k, c := range b.counts() {
			d.Totals[k] = add(d.Totals[k], c)
		}
		if t := b.total(); t > most {
			most, d.Busiest = t, i
		}
	}
	for _, t := range d.Totals {
		d.Total = add(d.Total, t)
	}
	d.Ticks = p.ticks()
	if most == 0 {
		return d
	}
	d.Top = axisTop(most)
	if d.Top%2 == 0 {
		d.Mid = d.Top / 2
	}
	scale := drawHeight / max(p.highest(), float64(d.Top)) // pixels for one request
	d.Columns = make([]box, 0, n)
	for k, t := range d.Totals {
		if t > 0 {
			d.Rects[k] = make([]box, 0, n)
		}
	}
	slot := wholeWidth / n
	gap := slot / 5
	for i, b := range p.Bars {
		if b.total() == 0 {
			continue
		}
		x := wholeWidth * i / n
		d.Columns = append(d.Columns, box{Bar: i, X: x, Width: max(slot, 1), Y: drawTop, Height: drawHeight})
		y := drawBase
		for k, c := range b.counts() {
			if c == 0 {
				continue
			}
			// One failure among a million requests is still to be seen: nothing is lower than two
			// pixels.
			h := max(int(float64(c)*scale+0.5), 2)
			y -= h
			d.Rects[k] = append(d.Rects[k], box{Bar: i, X: x + gap/2, Width: max(slot-gap, 1), Y: y, Height: h})
		}
	}
	return d
}

// axisTop is the first round number that is not below n.
func axisTop(n int) int {
	if n <= 0 {
		return 0
	}
	for unit := 1; ; unit *= 10 {
		for _, m := range [...]int{1, 2, 4, 6, 8} {
			if m > math.MaxInt/unit {
				return math.MaxInt
			}
			if m*unit >= n {
				return m * unit
			}
		}
		if unit > math.MaxInt/10 {
			return math.MaxInt
		}
	}
}

// ticks puts up to six clock times at round hours or minutes, and none where the letters would
// leave the drawing. Over more than three days clock times say little: there are none.
func (p Plot) ticks() []tick {
	const most, margin = 6, 700
	whole := p.Step * time.Duration(len(p.Bars))
	if whole <= 0 {
		return nil
	}
	for _, every := range [...]time.Duration{
		time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
		2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if every < p.Step || whole/every > most {
			continue
		}
		var out []tick
		start := p.at(0)
		for at := start.Truncate(every).Add(every); at.Sub(start) < whole; at = at.Add(every) {
			if x := int(wholeWidth * at.Sub(start) / whole); x >= margin && x <= wholeWidth-margin {
				out = append(out, tick{X: x, At: at})
			}
		}
		return out
	}
	return nil
}

// short writes a number for the axis: 1,200 · 40k · 6M.
func short(n int) string {
	v := int64(n)
	for _, u := range [...]struct {
		size int64
		name string
	}{{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "B"}, {1e6, "M"}, {1e3, "k"}} {
		if v/10 >= u.size || (v >= 1e6 && v >= u.size && v%u.size == 0) {
			return count(int(v/u.size)) + u.name
		}
	}
	return count(n)
}

// heading says what the plot is of.
func (p Plot) heading() string {
	return "Everybody’s requests, last " + span(p.Step*time.Duration(len(p.Bars)))
}

// until is the end of the last bar.
func (p Plot) until() time.Time { return p.at(len(p.Bars) - 1).Add(p.Step) }
