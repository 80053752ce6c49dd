package main

import (
	"slices"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []string
		want   string
		skips  []string
	}{
		{
			name: "a package that passed is one line",
			events: []string{
				`{"Action":"start","Package":"p"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: chatter\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.01s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want: "ok  \tp\t0.01s\n",
		},
		{
			name: "a failed test shows what it wrote, and its neighbour that passed does not",
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: chatter\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: broken\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestB"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\n"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.01s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "    a_test.go:3: broken\n--- FAIL: TestA (0.00s)\nFAIL\tp\t0.01s\n",
		},
		{
			name: "a test that was cut off by a panic is shown with its package",
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: oh\n"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.01s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "FAIL\tp\t0.01s\npanic: oh\n",
		},
		{
			name: "a build that failed is shown",
			events: []string{
				`{"ImportPath":"p","Action":"build-output","Output":"p/a.go:1:1: expected 'package'\n"}`,
				`{"ImportPath":"p","Action":"build-fail"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "p/a.go:1:1: expected 'package'\nFAIL\tp [build failed]\n",
		},
		{
			name: "a skipped test is named with its reason",
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no browser here\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.01s\n"}`,
			},
			want:  "ok  \tp\t0.01s\n",
			skips: []string{"p.TestA: a_test.go:3: no browser here"},
		},
		{
			name: "a package without tests is not a skipped test",
			events: []string{
				`{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}`,
				`{"Action":"skip","Package":"p"}`,
			},
		},
		{
			name:   "what is no event is copied",
			events: []string{`go: no such tool`},
			want:   "go: no such tool\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got strings.Builder
			skips, err := report(strings.NewReader(strings.Join(tt.events, "\n")+"\n"), &got)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != tt.want {
				t.Errorf("printed %q, want %q", got.String(), tt.want)
			}
			if !slices.Equal(skips, tt.skips) {
				t.Errorf("skips %q, want %q", skips, tt.skips)
			}
		})
	}
}
