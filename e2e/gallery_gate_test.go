package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// galleryGate is a file of three applications, of which one does not answer.
const galleryGate = `contact = "help@example.org"

[[app]]
name = "Wiki"
host = "http://wiki.localhost:PORT"
to = "UP"
[[app.rule]]
path = "/public"
allow = "anyone"
[[app.rule]]
path = "/ops"
groups = ["ops"]
[[app.rule]]
path = "/admin"
allow = "signed-in"
recent = "1m"
[[app.rule]]
allow = "signed-in"

[[app]]
name = "Notes"
host = "door.localhost"
to = "UP"
allow = "signed-in"

[[app]]
name = "LONG"
host = "down.localhost"
to = "http://DOWN"
allow = "signed-in"
`

// gateGallery looks at what people see of the gate: on their way in, where it is not for them, and
// where an application does not answer.
func gateGallery(t *testing.T, browser *rig.Browser, axe string) {
	addr, up := rig.FreeAddr(t), rig.Application(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "<title>Wiki</title><form method=post action=/save><button>Save</button></form>")
	}))
	_, port, _ := strings.Cut(addr, ":")
	file := filepath.Join(t.TempDir(), "gate.toml")
	long := strings.Repeat("Wolfeschlegelsteinhausen", 3)[:60]
	text := strings.NewReplacer("PORT", port, "UP", up, "LONG", long, "DOWN", rig.FreeAddr(t)).Replace(galleryGate)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g := rig.StartGate(t, rig.Options{Addr: addr, Args: []string{"--public-url", "http://door.localhost:" + port, "--gate", file}})
	zoe(t, g)
	const pages = rig.PagesPath
	wiki, down := "http://wiki.localhost:"+port, "http://down.localhost:"+port
	p := browser.Page(g, true)
	for _, at := range []string{wiki, down} {
		p.Also(rig.NewSite(t, at, ""))
	}
	showAs(t, axe, p, "gate-sign-in", 200, p.OpenURL(wiki+"/page"), quick()...)
	showAs(t, axe, p, "gate-sign-in-long", 200, p.OpenURL(down+"/page"), quick()...)
	p.OpenURL(wiki + "/public")
	rig.Eval[bool](p, `document.querySelector("form").action = "/save", true`)
	showAs(t, axe, p, "gate-unsent", 200, p.Click("button"), looks()...)
	p.Type("email", "zoe@example.org")
	p.Type("password", "not the right one at all")
	showAs(t, axe, p, "gate-unsent-wrong", 422, p.Click("button.primary"), quick()...)
	p.Type("password", rig.Password)
	p.Click("button.primary")
	if at := p.Where(); at != wiki+"/public" {
		t.Fatalf("signed in, one is at %s", at)
	}
	showAs(t, axe, p, "gate-not-for-you", 403, p.OpenURL(wiki+"/ops/x"), looks()...)
	showAs(t, axe, p, "gate-unreadable", 400, p.OpenURL(wiki+"/x/..%2fadmin"), quick()...)
	showAs(t, axe, p, "gate-no-answer", 502, p.OpenURL(down+"/page?q=1"), looks()...)
	showAs(t, axe, p, "gate-overview", 200, p.OpenURL(g.URL+pages+"/"), looks()...)
	showAs(t, axe, p, "applications", 200, p.OpenURL(g.URL+pages+"/applications"), thorough()...)
	p.Type("address", wiki+"/ops")
	showAs(t, axe, p, "applications-tried", 200, p.Click("form[role=search] button"), looks()...)
	fill(p, "address", "wiki/ops")
	fill(p, "email", "nobody@example.org")
	showAs(t, axe, p, "applications-wrong", 422, p.Click("form[role=search] button"), quick()...)
	showAs(t, axe, p, "gate-confirm", 200, p.OpenURL(g.URL+pages+"/confirm?next=%2Fadmin"), quick()...)
}
