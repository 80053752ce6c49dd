package rig

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// FlaskKey is the SECRET_KEY that the Flask application and the program share.
const FlaskKey = "a secret key of the tests, for both sides"

// Beside is the Flask application of examples/flask and the program on one database and one cookie.
// Its own Site is that of nginx before them, which sends paths to either as
// examples/flask/nginx.conf says.
type Beside struct {
	*Site
	Flask    *Flask  // by itself
	Doorbook *Server // by itself
	env      []string
}

// Flask is the Flask application.
type Flask struct {
	*Site
	*Process
}

// python is Debian's, which has Debian's packages.
const python = "/usr/bin/python3"

// StartFlask starts the application of examples/flask under gunicorn. Settings are NAME=VALUE, see
// its app.py.
func StartFlask(t testing.TB, database string, settings ...string) *Flask {
	t.Helper()
	have := exec.Command(python, "-c", "import flask, pymongo, gunicorn").Run() == nil
	Need(t, have, "there is no Flask with pymongo and gunicorn (Debian: python3-flask python3-pymongo gunicorn)")
	address := FreeAddr(t)
	cmd := exec.Command(python, "-m", "gunicorn", "--bind", address, "--workers", "1", "--threads", "4", "app:create_app()")
	cmd.Dir = filepath.Join("..", "examples", "flask") // tests run in the folder of their package, e2e
	cmd.Env = append(environment(settings), "SECRET_KEY="+FlaskKey, "MONGO_URL="+database, "PROXIES=1", "PYTHONDONTWRITEBYTECODE=1")
	return &Flask{Process: begin(t, cmd, "tcp", address), Site: NewSite(t, "http://"+address, "")}
}

// StartBeside starts both applications and nginx.
func StartBeside(t testing.TB, database string) *Beside {
	t.Helper()
	const nginxAddress, flaskAddress, doorbookAddress = "127.0.0.1:8000", "127.0.0.1:5000", "127.0.0.1:8080"
	configuration, err := os.ReadFile(filepath.Join("..", "examples", "flask", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	address := FreeAddr(t)
	b := &Beside{Flask: StartFlask(t, database, "DOOR=doorbook"), env: []string{
		"DOORBOOK_DATABASE=" + database, "DOORBOOK_PUBLIC_URL=http://" + address, "DOORBOOK_TRUSTED_PROXIES=127.0.0.1",
		"DOORBOOK_SESSIONS=flask", "DOORBOOK_FLASK_SECRET_KEY=" + FlaskKey, "DOORBOOK_PASSWORDS=pbkdf2",
	}}
	b.Doorbook = Start(t, Options{Addr: FreeAddr(t), Env: b.env})
	text := string(configuration)
	for from, to := range map[string]string{
		nginxAddress: address, flaskAddress: strings.TrimPrefix(b.Flask.URL, "http://"), doorbookAddress: strings.TrimPrefix(b.Doorbook.URL, "http://"),
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("examples/flask/nginx.conf does not name %s", from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	Nginx(t, address, text)
	b.Site = NewSite(t, "http://"+address, b.Doorbook.Token)
	return b
}

// Env is the environment of the program, for its commands.
func (b *Beside) Env() []string { return b.env[:len(b.env):len(b.env)] }

// Restart starts the program anew at the same address, with what else its environment shall have.
func (b *Beside) Restart(t testing.TB, env ...string) {
	t.Helper()
	b.Doorbook.Stop()
	b.Doorbook = b.Doorbook.Again(Options{Addr: strings.TrimPrefix(b.Doorbook.URL, "http://"), Env: append(b.Env(), env...)})
}
