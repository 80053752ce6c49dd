package conformance

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const exampleFolder = "../examples/flask"

// flaskExample is examples/flask, running on a database of its own, and a browser that visits it.
type flaskExample struct {
	t       *testing.T
	url     string
	db      *mongo.Database
	browser *http.Client
}

func startFlaskExample(t *testing.T) *flaskExample {
	t.Helper()
	realFlask(t) // or skip
	if out, err := exec.Command(flaskPython(), "-c", "import pymongo").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no pymongo: %v\n%s", err, out)
		}
		t.Skip("no pymongo (Debian: python3-pymongo)")
	}
	address := servers.Mongo(t)
	client, err := mongo.Connect(options.Client().ApplyURI(address))
	if err != nil {
		t.Fatal(err)
	}
	f := &flaskExample{t: t, db: client.Database("flask_" + strings.ToLower(rand.Text())), browser: newBrowser(t)}
	t.Cleanup(func() { _ = errors.Join(f.db.Drop(context.Background()), client.Disconnect(context.Background())) })

	listener, err := net.Listen("tcp", "127.0.0.1:0") // for a free port
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	f.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	_ = listener.Close()
	with, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	with.Path = "/" + f.db.Name()
	cmd := exec.Command(flaskPython(), "-B", "app.py")
	cmd.Dir = exampleFolder
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SECRET_KEY=" + flaskSecret, "MONGO_URL=" + with.String(), fmt.Sprint("PORT=", port)}
	said := new(lastWords)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(f.url + "/login")
		if err == nil {
			_ = answer.Body.Close()
			return f
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("the example does not start: %v\n%s", err, said)
		}
	}
}

func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

// send gives the status and the page of a request, after redirects.
func (f *flaskExample) send(method, path, contentType, body string, headers ...string) (status int, page string) {
	f.t.Helper()
	r, err := http.NewRequest(method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := f.browser.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

func (f *flaskExample) form(path string, fields ...string) (status int, page string) {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return f.send("POST", path, "application/x-www-form-urlencoded", values.Encode())
}

// want checks a status, and that the page has the words.
func (f *flaskExample) want(what string, status int, words string) func(int, string) {
	f.t.Helper()
	return func(got int, page string) {
		f.t.Helper()
		if got != status || !strings.Contains(page, words) {
			f.t.Errorf("%s: %d, want %d and %q in\n%s", what, got, status, words, page)
		}
	}
}

// TestFlaskExample walks through the example as a visitor, and looks for what must not have been
// written down.
func TestFlaskExample(t *testing.T) {
	t.Parallel()
	f := startFlaskExample(t)
	const password, wrong = "canary-correct-horse", "canary-wrong-battery"
	f.want("a stranger on a page", 200, "<h1>Sign in</h1>")(f.send("GET", "/reports", "", ""))
	f.want("a stranger's program", 401, `"status":false`)(f.send("GET", "/developers", "", ""))
	f.want("a short password", 422, "8 to 128")(
		f.form("/auth/register", "name", "Ada", "email", "ada@example.org", "password", "short"))
	f.want("registering", 200, "Your account is made")(
		f.form("/auth/register", "name", "Ada", "email", "Ada@example.org", "skills", "go, sql", "password", password))
	f.want("once more", 422, "There is an account")(
		f.form("/auth/register", "name", "Eve", "email", "ada@EXAMPLE.org", "password", password))
	f.want("a wrong password", 422, "is wrong")(f.form("/auth/login", "email", "ada@example.org", "password", wrong))
	f.want("an unknown address", 422, "is wrong")(f.form("/auth/login", "email", "eve@example.org", "password", wrong))
	f.want("the way elsewhere", 200, "Welcome Ada")(
		f.form("/auth/login", "email", "ada@example.org", "password", password, "next", "//evil.example"))
	f.want("signing in when signed in", 200, "Welcome Ada")(f.send("GET", "/login", "", ""))

	f.want("a report", 200, "Reports count entries of the type activity")(f.form("/reports", "type", "activity"))
	f.want("another site's form", 403, "")(
		f.send("POST", "/reports", "application/x-www-form-urlencoded", "type=error", "Origin", "https://evil.example"))
	status, list := f.send("GET", "/developers", "", "")
	f.want("developers", 200, `"skills":["go","sql"]`)(status, list)
	if strings.Contains(list, "password") || strings.Contains(list, "pbkdf2") || strings.Contains(list, "scrypt") {
		t.Errorf("a hash is shown: %s", list)
	}
	id := regexp.MustCompile("[0-9a-f]{24}").FindString(list)
	f.want("a change", 200, `"name":"Ada L."`)(
		f.send("PATCH", "/developers/"+id, "application/json", `{"name":"Ada L.","password":"canary-ignored"}`))
	f.want("an operator in a name", 422, "")(f.send("PATCH", "/developers/"+id, "application/json", `{"name":{"$gt":""}}`))
	f.want("hiding an entry", 403, "")(f.send("PUT", "/logs/"+id+"/", "", ""))
	f.want("a secret in a query", 200, "")(f.send("GET", "/reports?password=canary-query", "", ""))

	ctx := t.Context()
	hex, err := bson.ObjectIDFromHex(id)
	if err != nil {
		t.Fatal(err)
	}
	set := func(field string, value any) {
		t.Helper()
		if _, err := f.db.Collection("developers").UpdateByID(ctx, hex, bson.M{"$set": bson.M{field: value}}); err != nil {
			t.Fatal(err)
		}
	}
	set("role", "admin")
	f.want("an admin's entries", 200, `"url":"/reports"`)(f.send("GET", "/logs", "", ""))
	set("disabled", true)
	f.want("a disabled developer", 200, "<h1>Sign in</h1>")(f.send("GET", "/reports", "", ""))
	set("disabled", false)
	f.want("signing out", 200, "You are signed out")(f.form("/auth/logout"))
	f.want("afterwards", 200, "<h1>Sign in</h1>")(f.send("GET", "/", "", ""))

	cursor, err := f.db.Collection("logs").Find(ctx, bson.M{})
	if err != nil {
		t.Fatal(err)
	}
	var entries []bson.Raw
	if err := cursor.All(ctx, &entries); err != nil || len(entries) < 20 {
		t.Fatalf("%d entries: %v", len(entries), err)
	}
	for _, e := range entries {
		if bytes.Contains(e, []byte("canary")) {
			t.Errorf("a secret is in the log: %v", e)
		}
	}
}

// TestFlaskExampleProxy: nginx takes the configuration of the example.
func TestFlaskExampleProxy(t *testing.T) {
	t.Parallel()
	nginx := "/usr/sbin/nginx"
	if _, err := os.Stat(nginx); err != nil {
		if nginx, err = exec.LookPath("nginx"); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip("no nginx")
		}
	}
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(nginx, "-e", "stderr", "-t", "-p", t.TempDir(), "-c", folder+"/"+exampleFolder+"/nginx.conf").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
