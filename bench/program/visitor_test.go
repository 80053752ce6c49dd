package program

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestSignIn(t *testing.T) {
	who := NewPerson()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "form", Value: "1"})
		_, _ = io.WriteString(w, `<input type="hidden" name="csrf_token" value="a&amp;b">`)
	})
	mux.HandleFunc("POST /auth/login", func(w http.ResponseWriter, r *http.Request) {
		form, err := r.Cookie("form")
		if err != nil || form.Value != "1" || r.PostFormValue("csrf_token") != "a&b" || r.PostFormValue("email") != who.Email ||
			r.PostFormValue("password") != who.Password {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "form", MaxAge: -1})
		http.SetCookie(w, &http.Cookie{Name: "__Host-session", Value: "key", Path: "/", Secure: true})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("__Host-session"); err == nil && c.Value == "key" {
			_, _ = io.WriteString(w, "<h1>"+who.Welcome()+"</h1>")
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	v := NewVisitor(s.Listener.Addr().String())
	if err := v.SignIn(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if got := v.CookieHeader(); got != "__Host-session=key" {
		t.Errorf("cookies %q", got)
	}
	stranger := Person{who.Name, who.Email, who.Password + "?"}
	if err := NewVisitor(s.Listener.Addr().String()).SignIn(t.Context(), stranger); err == nil {
		t.Error("signed in with a wrong password")
	}
}
