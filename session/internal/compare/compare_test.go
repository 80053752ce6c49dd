package compare_test

import (
	"math"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/internal/compare"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 1000)
	one := 1
	for _, test := range []struct {
		name      string
		want, got any
		diff      string
	}{
		{"the same", map[string][]byte{"a": {1}}, map[string][]byte{"a": {1}}, ""},
		{"nothing", nil, nil, ""},
		{"a number", 1, 2, "want 1\n got 2"},
		{"nil and empty", []int(nil), []int{}, "want []int(nil)\n got []int{}"},
		{"another type", int64(1), int32(1), "want int64 1\n got int32, which prints the same and is not equal"},
		{"what equals nothing", math.NaN(), math.NaN(), "want float64 NaN\n got float64, which prints the same and is not equal"},
		{"behind a pointer", &one, &one, ""},
		{"late", long + "b", long + "c", "want …" + long[:60] + "b\"\n got …" + long[:60] + "c\""},
	} {
		if got := compare.Diff(test.want, test.got); got != test.diff {
			t.Errorf("%s: %q, want %q", test.name, got, test.diff)
		}
	}
}
