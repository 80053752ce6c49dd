// Command table reads what `go test -bench` printed, of any number of runs, and prints the figures
// of the session library beside its goals and its peers as a Markdown table:
//
//	go run ./table [-cpu] [-best] RUNS.txt
//
// Figures are medians over the runs, and ratios are ratios of medians. On a machine that is busy
// with other things -cpu and -best say more: the time of the processors, the garbage collector
// included, and the least of the runs. The standard input is read if there is no file.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	best := flag.Bool("best", false, "the least of the runs instead of their median")
	cpu := flag.Bool("cpu", false, "the time of the processors instead of that on the clock")
	flag.Parse()
	in := io.Reader(os.Stdin)
	if flag.NArg() > 0 {
		f, err := os.Open(flag.Arg(0))
		if err != nil {
			fmt.Fprintln(os.Stderr, "table:", err)
			os.Exit(1)
		}
		defer f.Close()
		in = f
	}
	runs, err := parse(in)
	if err == nil {
		if *cpu {
			runs.onProcessors()
		}
		if *best {
			runs.keepLeast()
		}
		err = render(os.Stdout, runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}
