package rooms_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// modFile is what `go mod edit -json` tells of a go.mod, and `go work edit -json` of a go.work.
type modFile struct {
	Module  struct{ Path string }
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
	Use []struct{ DiskPath string }
}

func edit(t *testing.T, kind, file string) (m modFile) {
	t.Helper()
	out, err := exec.Command("go", kind, "edit", "-json", filepath.Join(root, file)).Output()
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// walk calls do for each file of the repository, by its path below the root.
func walk(t *testing.T, folder string, do func(file string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name[0] == '.' && name != ".." || name == "testdata" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(root, file)
		do(filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEstate: every module of the repository has its row.
func TestEstate(t *testing.T) {
	t.Parallel()
	together, alone := estate()
	rows, files := map[string]bool{}, map[string]bool{}
	for _, b := range slices.Concat(together, alone) {
		rows[path.Join(b.path, "go.mod")] = true
	}
	walk(t, "", func(file string) {
		if path.Base(file) != "go.mod" {
			return
		}
		if files[file] = true; !rows[file] {
			t.Errorf("%s is of a module without a place: give it a row in house_test.go", file)
		}
	})
	for file := range rows {
		if !files[file] {
			t.Errorf("there is no %s", file)
		}
	}
}

// TestWorkspace: go.work names the program and the libraries, and stands in for the versions of
// ours that their go.mod files name.
func TestWorkspace(t *testing.T) {
	t.Parallel()
	together, _ := estate()
	work, versions := edit(t, "work", "go.work"), map[string]bool{}
	var uses, wanted []string
	for _, use := range work.Use {
		uses = append(uses, strings.TrimPrefix(strings.TrimPrefix(use.DiskPath, "."), "/"))
	}
	for _, b := range together {
		wanted = append(wanted, b.path)
		for _, r := range edit(t, "mod", path.Join(b.path, "go.mod")).Require {
			if to, ok := local(r.Path); ok {
				versions[to+" "+r.Version] = true
			}
		}
	}
	if slices.Sort(uses); !slices.Equal(uses, wanted) {
		t.Errorf("go.work uses %q, want %q", uses, wanted)
	}
	replaced := map[string]bool{}
	for _, r := range work.Replace {
		to, _ := local(r.Old.Path)
		if replaced[to+" "+r.Old.Version] = true; path.Clean(r.New.Path) != to {
			t.Errorf("go.work replaces %s by %s", r.Old.Path, r.New.Path)
		}
	}
	if !maps.Equal(replaced, versions) {
		t.Errorf("go.work stands in for %v, want %v", replaced, versions)
	}
}

// TestRequirements: a go.mod requires what its row says, and has replace lines only where it stands
// alone: there for all that is ours.
func TestRequirements(t *testing.T) {
	t.Parallel()
	together, alone := estate()
	for i, b := range slices.Concat(together, alone) {
		m := edit(t, "mod", path.Join(b.path, "go.mod"))
		if m.Module.Path != path.Join(module, b.path) {
			t.Errorf("the module in %q is called %s", b.path, m.Module.Path)
		}
		var needs, libs, replaced []string
		for _, r := range m.Require {
			if to, ok := local(r.Path); ok {
				needs = append(needs, to)
			} else if !r.Indirect {
				libs = append(libs, r.Path)
			}
		}
		for _, r := range m.Replace {
			to, _ := local(r.Old.Path)
			if replaced = append(replaced, to); path.Join(b.path, r.New.Path) != path.Clean(to) {
				t.Errorf("the module in %q replaces %s by %s", b.path, r.Old.Path, r.New.Path)
			}
		}
		slices.Sort(needs)
		slices.Sort(replaced)
		same := func(what string, got, want []string) {
			if want := slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
				t.Errorf("the module in %q %s %q, want %q", b.path, what, got, want)
			}
		}
		if i >= len(together) { // it may need one only because another does, without requiring it
			needs = slices.DeleteFunc(needs, func(to string) bool { return slices.Contains(b.needs, to) })
			same("requires besides", needs, nil)
			same("has replace lines for", replaced, b.needs)
			continue
		}
		same("requires of ours", needs, b.needs)
		same("has replace lines, which nobody follows who imports or installs it, for", replaced, nil)
		if b.path != "" { // what the program requires stands in the rooms, and in its cargo
			same("requires", libs, b.libs)
		}
	}
}

// TestAnnexes: what stands alone imports of ours what it may know, in its tests too.
func TestAnnexes(t *testing.T) {
	t.Parallel()
	_, alone := estate()
	for _, b := range alone {
		nested := func(file string) bool { // in a module within this one
			return slices.ContainsFunc(alone, func(a building) bool { return within(a.path, b.path) && a.path != b.path && within(file, a.path) })
		}
		known := map[string]bool{}
		walk(t, b.path, func(file string) {
			if path.Ext(file) != ".go" || nested(file) {
				return
			}
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range f.Imports {
				imp, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				to, ok := local(imp)
				if !ok || within(to, b.path) && !nested(to) {
					continue
				}
				if known[to] = true; !slices.Contains(b.may, to) {
					t.Errorf("%s imports %s, which it may not know", file, to)
				}
			}
		})
		for _, to := range b.may {
			if !known[to] {
				t.Errorf("nothing in %s imports %s", b.path, to)
			}
		}
	}
}

// TestDockerfile: the image is built from the go.mod and go.sum of every module of the workspace.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	together, _ := estate()
	for _, b := range together {
		for _, name := range []string{"go.mod", "go.sum"} {
			file := path.Join(b.path, name)
			_, err := os.Stat(filepath.Join(root, file))
			if copied := slices.Contains(strings.Fields(string(text)), file); err == nil && !copied {
				t.Errorf("the Dockerfile does not copy %s before it downloads modules", file)
			}
		}
	}
}
