package main

import (
	"strings"
	"testing"
)

// TestRest: a sign-in with a hash that costs nothing is a sign-in, and the hash is not made anew,
// which would cost as much as is measured beside it.
func TestRest(t *testing.T) {
	var out strings.Builder
	if err := rest(t.Context(), &out, 2); err != nil {
		t.Fatal(err)
	}
	took, err := cost(forms()[2].bare)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%sthe hash takes %v", out.String(), took)
	if !strings.HasPrefix(out.String(), "| of one round |") {
		t.Error(out.String())
	}
}
