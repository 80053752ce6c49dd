package rooms_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/doorbook/doorbook"

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Module       *struct{ Path string }
	Imports      []string
	TestImports  []string
	XTestImports []string
	Error        *struct{ Err string }
}

const fields = "ImportPath,Standard,Module,Imports,TestImports,XTestImports,Error"

// list asks the go command about packages of the workspace: the program and the libraries.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=" + fields}, args...)...)
	cmd.Dir = root
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, &errs)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// local returns the path below the root module's, if it is one of ours.
func local(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, module)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// standard reports whether the import path is one of the standard library's: its first element has
// no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// within reports whether the path is that of the module or of a package in it.
func within(path, module string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

// violations compares the packages with the plan.
func violations(pkgs []pkg, plan []room) []string {
	var found []string
	bad := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	for _, p := range pkgs {
		name, _ := local(p.ImportPath)
		i := slices.IndexFunc(plan, func(r room) bool { return r.path == name })
		if i < 0 {
			bad("%q has no place in the house: give it a row in house_test.go", name)
			continue
		}
		r := plan[i]
		foreign := func(imp string) bool {
			_, ours := local(imp)
			return !ours && !standard(imp) && !slices.ContainsFunc(r.libs, func(lib string) bool { return within(imp, lib) })
		}
		for _, imp := range p.Imports {
			if to, ok := local(imp); ok {
				if !slices.Contains(r.may, to) {
					bad("%s imports %s, which it may not know", name, to)
				}
			} else if foreign(imp) {
				bad("%s imports %s, which it may not know", name, imp)
			}
		}
		// A library can be taken out of the repository as it stands, with its tests.
		if !strings.HasPrefix(name, "internal/") && !strings.HasPrefix(name, "cmd/") {
			for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
				if to, ok := local(imp); ok && strings.HasPrefix(to, "internal/") {
					bad("a test of the library %s imports %s", name, to)
				} else if foreign(imp) {
					bad("a test of the library %s imports %s", name, imp)
				}
			}
		}
	}
	return found
}

func TestRooms(t *testing.T) {
	t.Parallel()
	pkgs := list(t, "work")
	for _, p := range pkgs {
		if p.Error != nil {
			t.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
	}
	for _, v := range violations(pkgs, house()) {
		t.Error(v)
	}
}

// TestPlan keeps the table itself honest: no room twice, and no arrow to a room that is not in it.
func TestPlan(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, r := range house() {
		if known[r.path] {
			t.Errorf("%s stands in the table twice", r.path)
		}
		known[r.path] = true
	}
	for _, r := range house() {
		for _, to := range r.may {
			if !known[to] {
				t.Errorf("%s may know %s, which is not in the table", r.path, to)
			}
		}
	}
}

// TestSessionStandsAlone: importing a package of the module session brings the standard library
// along and nothing else.
func TestSessionStandsAlone(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "-deps", "./session/...") {
		if p.Module != nil && p.Module.Path == module+"/session/mongostore" {
			t.Errorf("the session library depends on %s", p.ImportPath)
		}
		if _, ok := local(p.ImportPath); !ok && !p.Standard && p.Error == nil { // errors are told by TestRooms
			t.Errorf("the session library depends on %s", p.ImportPath)
		}
	}
}

// TestCargo: what only tests need does not get into the binary, nor does any module that nobody has
// decided upon.
func TestCargo(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "-deps", "./cmd/...") {
		if p.Module == nil || within(p.Module.Path, module) {
			continue
		}
		if !slices.Contains(cargo(), p.Module.Path) {
			t.Errorf("the program contains %s of module %s, which is not listed as its cargo", p.ImportPath, p.Module.Path)
		}
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	plan := []room{
		{path: "lib"},
		{path: "internal/a", libs: []string{"example.org/x"}},
		{path: "internal/b", may: []string{"internal/a"}},
	}
	for _, tt := range []struct {
		name string
		pkg  pkg
		want int
	}{
		{"what is listed", pkg{ImportPath: module + "/internal/b", Imports: []string{"fmt", "net/http", module + "/internal/a"}}, 0},
		{"an arrow outwards", pkg{ImportPath: module + "/internal/a", Imports: []string{module + "/internal/b"}}, 1},
		{"a package of a module that is listed", pkg{ImportPath: module + "/internal/a", Imports: []string{"example.org/x/y"}}, 0},
		{"a module that only begins alike", pkg{ImportPath: module + "/internal/a", Imports: []string{"example.org/xy"}}, 1},
		{"a module that is listed elsewhere", pkg{ImportPath: module + "/internal/b", Imports: []string{"example.org/x"}}, 1},
		{"a room nobody planned", pkg{ImportPath: module + "/internal/c"}, 1},
		{"a test of an inner room may do what it likes", pkg{ImportPath: module + "/internal/a", XTestImports: []string{module + "/internal/b", "example.org/z"}}, 0},
		{"a library's test that needs the program", pkg{ImportPath: module + "/lib", XTestImports: []string{module + "/internal/a"}}, 1},
		{"a library's test that needs somebody else's module", pkg{ImportPath: module + "/lib", TestImports: []string{"testing", "example.org/z"}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := violations([]pkg{tt.pkg}, plan); len(got) != tt.want {
				t.Errorf("violations %q, want %d", got, tt.want)
			}
		})
	}
}
