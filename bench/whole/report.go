package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/doorbook/doorbook/bench/load"
)

// report prints medians of the rounds. What a server uses above the first one is compared round by
// round, as they ran side by side.
func report(w io.Writer, servers []server, seen map[string][]load.Result) {
	fmt.Fprint(w, "| server | answers/s | processor time of an answer | above the bare handler | least | Redis, of an answer |\n|---|--:|--:|--:|--:|--:|\n")
	floor := seen[servers[0].name]
	for _, s := range servers {
		var speed []float64
		var whole, above, redis []time.Duration
		for i, r := range seen[s.name] {
			speed = append(speed, r.PerSecond())
			whole = append(whole, r.CPUPerAnswer())
			above = append(above, r.CPUPerAnswer()-floor[i].CPUPerAnswer())
			redis = append(redis, r.OtherPerAnswer())
		}
		fmt.Fprintf(w, "| %s | %.0f | %s | %s | %s | %s |\n", s.name, median(speed), microseconds(median(whole)), microseconds(median(above)),
			microseconds(slices.Min(above)), microseconds(median(redis)))
	}
}

func median[T float64 | time.Duration](values []T) T {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func microseconds(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/1e3) }
