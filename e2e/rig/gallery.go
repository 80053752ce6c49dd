package rig

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
)

// Gallery serves the page of every part that pages are made of, in every state. The program has no
// such page: it is made by a test of the package that has the parts. It stands under the policy
// that the program's pages stand under.
func Gallery(t testing.TB) *Site {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "test", "-count", "1", "-run", "^TestGallery$", "./internal/web/view")
	cmd.Dir = ".." // as in build
	cmd.Env = append(os.Environ(), "GOWORK=", "DOORBOOK_GALLERY="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the gallery: %v\n%s", err, out)
	}
	files := http.FileServerFS(os.DirFS(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'")
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return NewSite(t, server.URL, "")
}
