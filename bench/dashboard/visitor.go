package main

import (
	"context"
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

// visitor is a person at a browser, as far as signing in goes. It sends every cookie it was given back, Secure ones too,
// as browsers do on loopback addresses.
type visitor struct {
	base    string
	client  http.Client
	cookies map[string]string
}

func newVisitor(addr string) *visitor {
	return &visitor{
		base:    "http://" + addr,
		cookies: map[string]string{},
		client: http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// cookieHeader gives the cookies in the form of the Cookie header.
func (v *visitor) cookieHeader() string {
	var pairs []string
	for name, value := range v.cookies {
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "; ")
}

// ask sends a form, or with none asks for a page.
func (v *visitor) ask(ctx context.Context, path string, form url.Values) (status int, body string, err error) {
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
	if c := v.cookieHeader(); c != "" {
		r.Header.Set("Cookie", c)
	}
	resp, err := v.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
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

// signIn goes through the login page, and sees to it that the dashboard greets the person.
func (v *visitor) signIn(ctx context.Context, who person) error {
	status, page, err := v.ask(ctx, "/login", nil)
	if err != nil {
		return err
	}
	token := tokenField.FindStringSubmatch(page)
	if status != http.StatusOK || token == nil {
		return fmt.Errorf("GET /login: status %d, form token found: %v", status, token != nil)
	}
	status, page, err = v.ask(ctx, "/auth/login", url.Values{
		"email": {who.email}, "password": {who.password}, "csrf_token": {html.UnescapeString(token[1])},
	})
	if err != nil {
		return err
	}
	if status != http.StatusSeeOther && status != http.StatusFound {
		return fmt.Errorf("POST /auth/login: status %d: %.300s", status, page)
	}
	for range 2 { // the first takes the flash message, and may change cookies for that
		status, page, err = v.ask(ctx, "/", nil)
		if err != nil {
			return err
		}
		if status != http.StatusOK || !strings.Contains(page, who.welcome()) {
			return fmt.Errorf("GET / after signing in: status %d without %q", status, who.welcome())
		}
	}
	return nil
}

// firstPage asks for the dashboard until it comes, and is done the moment it does.
func (v *visitor) firstPage(ctx context.Context, who person) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		status, page, err := v.ask(ctx, "/", nil)
		switch {
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), err)
		case err != nil:
			time.Sleep(2 * time.Millisecond) // it does not listen yet
		case status == http.StatusOK && strings.Contains(page, who.welcome()):
			return nil
		default:
			return fmt.Errorf("the first page: status %d without %q", status, who.welcome())
		}
	}
}
