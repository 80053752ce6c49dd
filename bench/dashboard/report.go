package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/doorbook/doorbook/bench/load"
)

// rounds are what one server reached in each round of one load.
type rounds []load.Result

func median[T int | float64 | time.Duration](values []T) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (r rounds) perSecond() []float64 {
	var all []float64
	for _, one := range r {
		all = append(all, one.PerSecond())
	}
	return all
}

func (r rounds) quantile(q float64) time.Duration {
	var all []time.Duration
	for _, one := range r {
		all = append(all, one.Quantile(q))
	}
	return median(all)
}

func (r rounds) cpuPerAnswer() time.Duration {
	var all []time.Duration
	for _, one := range r {
		all = append(all, one.CPUPerAnswer())
	}
	return median(all)
}

func (r rounds) otherPerAnswer() time.Duration {
	var all []time.Duration
	for _, one := range r {
		all = append(all, one.OtherPerAnswer())
	}
	return median(all)
}

func (r rounds) wrong() (n int, problem string) {
	for _, one := range r {
		n += one.Wrong
		if problem == "" {
			problem = one.Problem
		}
	}
	return n, problem
}

// printLoad writes what each server reached, medians of the rounds, and how the first one compares
// with the others. Rounds are compared one by one, as they ran side by side. It gives the number of
// wrong answers.
func printLoad(w io.Writer, connections int, servers []server, seen map[string]rounds) (wrong int) {
	fmt.Fprintf(w, "\n%d connections:\n\n| server | requests/s | p50 | p99 | CPU per answer | its database's | wrong | page |\n|---|--:|--:|--:|--:|--:|--:|--:|\n", connections)
	for _, s := range servers {
		r := seen[s.Name]
		n, problem := r.wrong()
		wrong += n
		fmt.Fprintf(w, "| %s | %.0f | %s | %s | %.3f ms | %.1f ms | %d | %.1f kB |\n", s.Name, median(r.perSecond()),
			milliseconds(r.quantile(0.5)), milliseconds(r.quantile(0.99)), float64(r.cpuPerAnswer())/1e6,
			float64(r.otherPerAnswer())/1e6, n, float64(r[len(r)-1].Bytes)/1000)
		if problem != "" {
			defer fmt.Fprintf(w, "\n%s, the first wrong answer: %s\n", s.Name, problem)
		}
	}
	for _, s := range servers[1:] {
		first, other := seen[servers[0].Name], seen[s.Name]
		answers := ratios(first, other, load.Result.PerSecond)
		if len(answers) > 0 {
			fmt.Fprintf(w, "\n%s / %s: %s", servers[0].Name, s.Name, spread(answers))
		}
		if cpu := ratios(other, first, func(r load.Result) float64 { return float64(r.CPUPerAnswer()) }); len(cpu) > 0 {
			fmt.Fprintf(w, "; processor time, %s / %s: %s", s.Name, servers[0].Name, spread(cpu))
		}
		fmt.Fprintln(w)
	}
	return wrong
}

// ratios compares two servers round by round. Rounds in which there is nothing to compare with are
// left out.
func ratios(a, b rounds, of func(load.Result) float64) (list []float64) {
	for i := range a {
		if of(b[i]) > 0 {
			list = append(list, of(a[i])/of(b[i]))
		}
	}
	return list
}

func spread(ratios []float64) string {
	middle := median(ratios) // which sorts them
	return fmt.Sprintf("%.2f (rounds from %.2f to %.2f)", middle, ratios[0], ratios[len(ratios)-1])
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
