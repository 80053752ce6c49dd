package program

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MaxAnswer bounds what one answer may hold.
const MaxAnswer = 4 << 20

// Person is who signs in, at every server.
type Person struct{ Name, Email, Password string }

// Welcome is how a dashboard greets the person.
func (p Person) Welcome() string { return "Welcome " + p.Name }

// NewPerson returns somebody with a password of their own.
func NewPerson() Person {
	return Person{Name: "Ada Lovelace", Email: "ada@example.org", Password: rand.Text()}
}

// Visitor is a person at a browser, as far as signing in goes. It sends every cookie it was given
// back, Secure ones too, as browsers do on loopback addresses.
type Visitor struct {
	base    string
	client  http.Client
	cookies map[string]string
}

// NewVisitor returns a visitor of the server at an address.
func NewVisitor(addr string) *Visitor {
	return &Visitor{
		base:    "http://" + addr,
		cookies: map[string]string{},
		client: http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// CookieHeader returns the cookies in the form of the Cookie header.
func (v *Visitor) CookieHeader() string {
	var pairs []string
	for name, value := range v.cookies {
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "; ")
}

// Ask sends a form, or with none asks for a page.
func (v *Visitor) Ask(ctx context.Context, path string, form url.Values) (status int, body string, err error) {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	if c := v.CookieHeader(); c != "" {
		r.Header.Set("Cookie", c)
	}
	resp, err := v.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, MaxAnswer))
	if err != nil {
		return 0, "", err
	}
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.cookies, c.Name)
			continue
		}
		v.cookies[c.Name] = c.Value
	}
	return resp.StatusCode, string(text), nil
}

// The hidden field may name its attributes in either order.
var tokenField = regexp.MustCompile(`<input[^>]*name="csrf_token"[^>]*value="([^"]*)"`)

// SignIn goes through the login page, and sees to it that the dashboard greets the person.
func (v *Visitor) SignIn(ctx context.Context, who Person) error {
	status, page, err := v.Ask(ctx, "/login", nil)
	if err != nil {
		return err
	}
	token := tokenField.FindStringSubmatch(page)
	if status != http.StatusOK || token == nil {
		return fmt.Errorf("GET /login: status %d, form token found: %v", status, token != nil)
	}
	status, page, err = v.Ask(ctx, "/auth/login", url.Values{
		"email": {who.Email}, "password": {who.Password}, "csrf_token": {html.UnescapeString(token[1])},
	})
	if err != nil {
		return err
	}
	if status != http.StatusSeeOther && status != http.StatusFound {
		return fmt.Errorf("POST /auth/login: status %d: %.300s", status, page)
	}
	for range 2 { // the first takes the flash message, and may change cookies for that
		status, page, err = v.Ask(ctx, "/", nil)
		if err != nil {
			return err
		}
		if status != http.StatusOK || !strings.Contains(page, who.Welcome()) {
			return fmt.Errorf("GET / after signing in: status %d without %q", status, who.Welcome())
		}
	}
	return nil
}

// FirstPage asks for the dashboard until it comes, and is done the moment it does.
func (v *Visitor) FirstPage(ctx context.Context, who Person) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		status, page, err := v.Ask(ctx, "/", nil)
		switch {
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), err)
		case err != nil:
			time.Sleep(2 * time.Millisecond) // it does not listen yet
		case status == http.StatusOK && strings.Contains(page, who.Welcome()):
			return nil
		default:
			return fmt.Errorf("the first page: status %d without %q", status, who.Welcome())
		}
	}
}
