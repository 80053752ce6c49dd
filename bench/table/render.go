package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// ours is the implementation that the goals are for.
const ours = "doorbook"

// row is a line of the table: a benchmark, and what its figures are to be at most. Zero is no goal.
type row struct {
	bench  string
	what   string
	beside string // the implementation that ratio is against
	ratio  float64
	micros float64
	allocs float64
	bytes  float64 // of the cookie
	visits bool    // there must be none to the store
}

func rows() []row {
	return []row{
		{bench: "Read", what: "read one string", beside: "floor", ratio: 1.5, allocs: 10},
		{bench: "ReadPlain", what: "read a struct of four strings", beside: "floor", ratio: 1.5, allocs: 13},
		{bench: "ReadStruct", what: "read a struct with a list", beside: "floor", ratio: 1.5},
		{bench: "Untouched", what: "session there, not touched", beside: "bare", ratio: 1.2, allocs: 2},
		{bench: "Stranger", what: "no cookie, handler asks", beside: "floor", micros: 0.3, allocs: 2},
		{bench: "StrangerUntouched", what: "no cookie, handler does not ask", beside: "bare", micros: 0.3, allocs: 2},
		{bench: "Write", what: "write one string", beside: "floor", micros: 6},
		{bench: "SealedRead", what: "sealed cookie, read", beside: "gorilla", micros: 5, allocs: 14},
		{bench: "SealedReadWrite", what: "sealed cookie, read and write", beside: "gorilla", micros: 10},
		{bench: "SealedSize", what: "sealed cookie of 200 bytes", beside: "gorilla", bytes: 340},
		{bench: "SealedForged", what: "sealed cookie, forged"},
		{bench: "Forged", what: "forged cookie, as long as a real one", beside: "floor", micros: 1.5, visits: true},
		{bench: "Rubbish", what: "rubbish in the cookie", beside: "floor", micros: 1.5, visits: true},
		{bench: "FlaskRead/small", what: "Flask's cookie, small: read", beside: "floor", ratio: 2},
		{bench: "FlaskRead/signed-in", what: "… signed in, compressed: read", beside: "floor", ratio: 2},
		{bench: "FlaskRead/large", what: "… large, compressed: read", beside: "floor", ratio: 2},
		{bench: "FlaskReadValue", what: "… signed in, not compressed: read, with its struct", beside: "floor", ratio: 2},
		{bench: "FlaskWrite/small", what: "… small: write", beside: "floor", ratio: 2},
		{bench: "FlaskWrite/signed-in", what: "… signed in: write", beside: "floor", ratio: 2},
		{bench: "FlaskWrite/large", what: "… large: write", beside: "floor", ratio: 2},
		{bench: "FlaskRequest/read", what: "… signed in: a whole request that reads", beside: "flask", ratio: 1},
		{bench: "FlaskRequest/write", what: "… a whole request that writes", beside: "flask", ratio: 1},
	}
}

// render writes the table. A row of which nothing was measured is left out.
func render(w io.Writer, r results) error {
	var b strings.Builder
	b.WriteString("| | goal | session | ratio | | others |\n|---|---|--:|--:|---|---|\n")
	for _, row := range rows() {
		if _, ok := r.median(row.bench, ours, "ns/op"); !ok {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n",
			row.what, row.goal(), r.figures(row.bench, ours), r.ratio(row), r.verdict(row), r.others(row.bench))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (row row) goal() string {
	var parts []string
	if row.ratio > 0 {
		parts = append(parts, fmt.Sprintf("≤ %.1fx %s", row.ratio, row.beside))
	}
	if row.micros > 0 {
		parts = append(parts, fmt.Sprintf("≤ %.3g µs", row.micros))
	}
	if row.allocs > 0 {
		parts = append(parts, fmt.Sprintf("≤ %.0f allocs", row.allocs))
	}
	if row.bytes > 0 {
		parts = append(parts, fmt.Sprintf("≤ %.0f bytes", row.bytes))
	}
	if row.visits {
		parts = append(parts, "no store access")
	}
	return strings.Join(parts, ", ")
}

// figures tells of one implementation: time, allocations, and what else it reported.
func (r results) figures(bench, impl string) string {
	if size, ok := r.median(bench, impl, "cookie-bytes"); ok {
		return fmt.Sprintf("%.0f bytes", size)
	}
	ns, ok := r.median(bench, impl, "ns/op")
	if !ok {
		return "–"
	}
	text := fmt.Sprintf("%.2f µs", ns/1000)
	if allocs, ok := r.median(bench, impl, "allocs/op"); ok {
		text += fmt.Sprintf(", %.0f", allocs)
	}
	if visits, ok := r.median(bench, impl, "store-visits/op"); ok {
		text += fmt.Sprintf(", %.0f visits", visits)
	}
	return text
}

// against gives the ratio of medians to the implementation that the row names.
func (r results) against(row row) (float64, bool) {
	unit := "ns/op"
	if row.bytes > 0 {
		unit = "cookie-bytes"
	}
	a, ok := r.median(row.bench, ours, unit)
	b, found := r.median(row.bench, row.beside, unit)
	return a / b, ok && found && b > 0
}

func (r results) ratio(row row) string {
	ratio, ok := r.against(row)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%.2fx %s", ratio, row.beside)
}

// verdict names the goals that are missed, if the row has any.
func (r results) verdict(row row) string {
	if row.goal() == "" {
		return ""
	}
	var missed []string
	check := func(unit string, per, most float64, what string) {
		if v, ok := r.median(row.bench, ours, unit); most > 0 && (!ok || v/per > most) {
			missed = append(missed, what)
		}
	}
	check("ns/op", 1000, row.micros, "time")
	check("allocs/op", 1, row.allocs, "allocations")
	check("cookie-bytes", 1, row.bytes, "size")
	if v, ok := r.median(row.bench, ours, "store-visits/op"); row.visits && (!ok || v > 0) {
		missed = append(missed, "store access")
	}
	if v, ok := r.against(row); row.ratio > 0 && (!ok || v > row.ratio) {
		missed = append(missed, "ratio")
	}
	if len(missed) == 0 {
		return "met"
	}
	return "missed: " + strings.Join(missed, ", ")
}

// others lists every other implementation that did the work, in the order of their names.
func (r results) others(bench string) string {
	var impls []string
	for k := range r {
		if k.bench == bench && k.impl != ours && !slices.Contains(impls, k.impl) {
			impls = append(impls, k.impl)
		}
	}
	slices.Sort(impls)
	for i, impl := range impls {
		impls[i] = impl + " " + r.figures(bench, impl)
	}
	return strings.Join(impls, "; ")
}
