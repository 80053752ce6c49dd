package bench_test

import "testing"

// TestAllocations holds the library to its bounds in memory. Times depend on the machine,
// allocations do not.
func TestAllocations(t *testing.T) {
	inMemory := overHTTP{newDoorbook(t).handler}
	for _, tt := range []struct {
		name        string
		peer        peer
		first, what work
		most        float64
	}{
		{"string", inMemory, fill, read, 10},
		{"plain struct", inMemory, fillStruct, readPlain, 13},
		{"untouched", inMemory, fill, nothing, 2},
		{"no cookie, asks", inMemory, "", absent, 2},
		{"no cookie, does not ask", inMemory, "", nothing, 2},
		{"sealed", overHTTP{newSealed(t).handler}, fill, read, 14},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cookie := ""
			if tt.first != "" {
				cookie = signIn(t, tt.peer, tt.first)
			}
			way := tt.peer.pass(tt.what, cookie)
			if got := testing.AllocsPerRun(100, way.run); got > tt.most {
				t.Errorf("%v allocations, at most %v", got, tt.most)
			} else {
				t.Logf("%v allocations, at most %v", got, tt.most)
			}
			if way.status() != 200 {
				t.Errorf("status %d", way.status())
			}
		})
	}
}
