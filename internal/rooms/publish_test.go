package rooms_test

import (
	"archive/zip"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// published returns the version under which the go.mod files name each other. Until the first
// release that is v0.0.0, which nobody can have tagged before: a release names its own.
func published(t *testing.T) string {
	t.Helper()
	for _, r := range edit(t, "mod", "go.mod").Require {
		if _, ok := local(r.Path); ok {
			return r.Version
		}
	}
	t.Fatal("the program requires none of our libraries")
	return ""
}

// publish writes a module proxy's files of the program and the libraries as they are in the working
// tree (https://go.dev/ref/mod#goproxy-protocol).
func publish(t *testing.T, proxy string) {
	t.Helper()
	version := published(t)
	together, _ := estate()
	for _, b := range together {
		dir := filepath.Join(proxy, filepath.FromSlash(path.Join(module, b.path)), "@v")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		mod, err := os.ReadFile(filepath.Join(root, b.path, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"list":            version + "\n",
			version + ".info": `{"Version":"` + version + `","Time":"2026-01-01T00:00:00Z"}`,
			version + ".mod":  string(mod),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		pack(t, b.path, path.Join(module, b.path)+"@"+version, filepath.Join(dir, version+".zip"))
	}
}

// pack writes the archive of a module: all below its folder but what belongs to modules within it,
// and what git does not keep.
func pack(t *testing.T, folder, prefix, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	archive := zip.NewWriter(f)
	top := filepath.Join(root, folder)
	err = filepath.WalkDir(top, func(at string, d fs.DirEntry, err error) error {
		if err != nil || at == top {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(at, "go.mod"))
			if name := d.Name(); err == nil || name[0] == '.' || name == "bin" || name == "dist" {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "go.work") {
			return nil
		}
		name, err := filepath.Rel(top, at)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		w, err := archive.Create(prefix + "/" + filepath.ToSlash(name))
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	})
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fileURL returns the address of a folder, as GOPROXY takes it.
func fileURL(folder string) string {
	p := filepath.ToSlash(folder)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // of Windows, with a drive
	}
	return (&url.URL{Scheme: "file", Path: p}).String()
}
