package view

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func noon() time.Time { return time.Date(2026, 7, 31, 12, 0, 0, 0, time.UTC) }

// NewPlot returns a plot of n empty bars.
func NewPlot(start time.Time, step time.Duration, n int) Plot {
	p := Plot{Start: start, Step: step, Bars: make([]Bar, n)}
	for i := range p.Bars {
		p.Bars[i].At = p.at(i)
	}
	return p
}

func TestDrawNothing(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Plot{"zero": {}, "empty bars": NewPlot(noon(), time.Hour, 24), "below zero": {Start: noon(), Step: time.Hour, Bars: []Bar{{OK: -5}}}} {
		d := p.draw()
		if d.Total != 0 || d.Top != 0 || d.Busiest != -1 || len(d.Columns) != 0 {
			t.Errorf("%s: %+v", name, d)
		}
		if got := p.summary(d); got != "No requests." {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestDrawOneBar(t *testing.T) {
	t.Parallel()
	p := NewPlot(noon(), time.Hour, 1)
	p.Bars[0].OK, p.Bars[0].ServerError = 3, 1
	d := p.draw()
	want := drawing{
		Top: 4, Mid: 2, Busiest: 0, Total: 4, Totals: [outcomes]int{3, 0, 0, 1},
		Columns: []box{{X: 0, Width: 10000, Y: drawTop, Height: drawHeight}},
		Rects: [outcomes][]box{
			{{X: 1000, Width: 8000, Y: drawBase - 105, Height: 105}},
			nil, nil,
			{{X: 1000, Width: 8000, Y: drawTop, Height: 35}},
		},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if got, want := p.summary(d), "4 requests: 3 answered, 0 sent on, 0 refused, 1 failed. Busiest: 4 from 12:00 UTC on."; got != want {
		t.Errorf("%q", got)
	}
	if svg := string(p.writeSVG(nil, d)); !strings.Contains(svg, `<rect x="10%" y="45" width="80%" height="105"/>`) || !strings.Contains(svg, ">12:00 UTC: 3 answered, 1 failed</title>") {
		t.Error(svg)
	}
}

// Whatever the counts, every rectangle lies inside the drawing, nothing overlaps, and what happened
// once is to be seen.
func TestDrawStaysInside(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 7, 24, 96, 1440, 20000} {
		for _, most := range []int{1, 3, 1000, 999_999_999, math.MaxInt} {
			p := NewPlot(noon(), time.Minute, n)
			for i := range p.Bars {
				p.Bars[i].OK = most - i%2
				p.Bars[i].Redirect = most / 2
				p.Bars[i].ClientError = 1
				p.Bars[i].ServerError = 1
			}
			d := p.draw()
			tops := map[int]int{}
			for k := range d.Rects {
				for _, r := range d.Rects[k] {
					if r.X < 0 || r.Width < 1 || r.X+r.Width > wholeWidth+1 || r.Height < 2 || r.Y < 0 || r.Y+r.Height > drawBase {
						t.Fatalf("%d bars up to %d: outside: %+v", n, most, r)
					}
					if below, ok := tops[r.Bar]; ok && r.Y+r.Height != below {
						t.Fatalf("%d bars up to %d: not stacked: %+v on %d", n, most, r, below)
					}
					tops[r.Bar] = r.Y
				}
			}
			if d.Total <= 0 {
				t.Errorf("%d bars up to %d: the total is %d", n, most, d.Total)
			}
		}
	}
}

func TestAxisTop(t *testing.T) {
	t.Parallel()
	for in, want := range map[int]int{
		0: 0, 1: 1, 2: 2, 3: 4, 5: 6, 7: 8, 9: 10, 11: 20, 61: 80, 81: 100, 100: 100, 101: 200, 8_000_001: 10_000_000,
		math.MaxInt: math.MaxInt,
	} {
		if got := axisTop(in); got != want {
			t.Errorf("axisTop(%d) = %d, want %d", in, got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	clock := func(p Plot) string {
		var s []string
		for _, k := range p.ticks() {
			s = append(s, k.At.Format("15:04"))
		}
		return strings.Join(s, " ")
	}
	for _, tt := range []struct {
		name string
		p    Plot
		want string
	}{
		{"a day", NewPlot(noon().Add(-23*time.Hour), time.Hour, 24), "16:00 20:00 00:00 04:00 08:00"},
		{"an hour", NewPlot(noon(), time.Minute, 60), "12:10 12:20 12:30 12:40 12:50"},
		{"from an odd minute", NewPlot(noon().Add(7*time.Minute), time.Minute, 60), "12:20 12:30 12:40 12:50 13:00"},
		{"bars that begin at no round time", NewPlot(noon().Add(7*time.Minute+3*time.Second), 15*time.Minute, 96), "16:00 20:00 00:00 04:00 08:00"},
		{"a week", NewPlot(noon().AddDate(0, 0, -7).Truncate(24*time.Hour), 24*time.Hour, 7), ""},
		{"no step", Plot{Start: noon(), Bars: make([]Bar, 3)}, ""},
	} {
		if got := clock(tt.p); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	// An hour of four quarters from 12:07:30 on: half past twelve is three eighths along.
	got := NewPlot(noon().Add(7*time.Minute+30*time.Second), 15*time.Minute, 4).ticks()
	if d := cmp.Diff([]tick{{X: 3750, At: noon().Add(30 * time.Minute)}}, got[1:2]); d != "" {
		t.Error(d)
	}
}

func TestBarsKnowTheirTime(t *testing.T) {
	t.Parallel()
	own := noon().Add(17 * time.Minute)
	p := Plot{Start: noon(), Step: time.Hour, Bars: []Bar{{}, {}, {At: own.In(time.FixedZone("x", 3600))}}}
	if got := p.at(1); !got.Equal(noon().Add(time.Hour)) {
		t.Errorf("the second bar is at %v", got)
	}
	if got := p.at(2); got != own {
		t.Errorf("the third bar is at %v", got)
	}
	if got := p.until(); !got.Equal(own.Add(time.Hour)) {
		t.Errorf("the plot ends at %v", got)
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for in, want := range map[int]string{0: "0%", 5: "0.05%", 50: "0.5%", 100: "1%", 1234: "12.34%", 10000: "100%"} {
		if got := string(markup(nil).percent(in)); got != want {
			t.Errorf("%d is %q, want %q", in, got, want)
		}
	}
}
