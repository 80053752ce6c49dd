package api_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestOperationIDs: each operation has one name of its own, and keeps it: clients that are made of the
// document call their functions so. A new route adds a line to the file; no line changes.
func TestOperationIDs(t *testing.T) {
	t.Parallel()
	doc := document(t, sitetest.New(t))
	got, patterns := []string{}, map[string]string{}
	for _, route := range jsonRoutes() {
		op := described(doc, route.Pattern)
		name, _ := op["operationId"].(string)
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || name == "" {
			t.Errorf("%s is called %q", route.Pattern, name)
		}
		if other := patterns[name]; other != "" {
			t.Errorf("%s and %s are both called %s", route.Pattern, other, name)
		}
		patterns[name] = route.Pattern
		got = append(got, name+" "+route.Pattern)
		instead, _ := op["description"].(string)
		_, path, _ := strings.Cut(route.Pattern, " ")
		if strings.HasPrefix(path, "/developers") != strings.Contains(instead, "/api/people") {
			t.Errorf("%s does not say which of two ways to take: %q", route.Pattern, instead)
		}
	}
	slices.Sort(got)
	kept, err := os.ReadFile("testdata/operationids.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(kept)), "\n"), got); diff != "" {
		t.Errorf("testdata/operationids.txt (-kept +got):\n%s", diff)
	}
}
