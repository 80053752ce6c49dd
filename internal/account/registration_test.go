package account_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
)

func goodRegistration() account.Registration {
	return account.Registration{
		Name: " Ada Lovelace ", Skills: []string{"Go, SQL", "go"}, Email: " Ada@Example.com ",
		Password: "seven blue tents by the lake", ConfirmPassword: "seven blue tents by the lake",
	}
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	rules := account.NewPasswordRules()
	want := account.Developer{Name: "Ada Lovelace", Skills: []string{"Go", "SQL"}, Email: "Ada@Example.com", EmailKey: "ada@example.com"}
	unconfirmed := goodRegistration()
	unconfirmed.ConfirmPassword = ""
	for name, r := range map[string]account.Registration{"confirmed": goodRegistration(), "not confirmed": unconfirmed} {
		got, err := r.Validate(rules)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRegistrationNamesEveryBrokenField(t *testing.T) {
	t.Parallel()
	rules := account.NewPasswordRules()
	for _, tt := range []struct {
		name  string
		spoil func(*account.Registration)
		want  []string
	}{
		{"all", func(r *account.Registration) {
			*r = account.Registration{Skills: []string{"a\nb"}, ConfirmPassword: "x"}
		}, []string{"name", "skills", "email", "password", "confirm_password"}},
		{"nothing sent", func(r *account.Registration) { *r = account.Registration{} }, []string{"name", "email", "password"}},
		{"e-mail", func(r *account.Registration) { r.Email = "ada" }, []string{"email"}},
		{"confirmation differs in case", func(r *account.Registration) { r.ConfirmPassword = strings.ToUpper(r.Password) }, []string{"confirm_password"}},
		{"confirmation differs in a space", func(r *account.Registration) { r.ConfirmPassword = r.Password + " " }, []string{"confirm_password"}},
		{"password is the name", func(r *account.Registration) {
			r.Password, r.ConfirmPassword = "Ada Lovelace 1815", ""
		}, []string{"password"}},
		{"password is the e-mail address", func(r *account.Registration) {
			r.Password, r.ConfirmPassword = "ada@example.com", ""
		}, []string{"password"}},
		{"name and skills", func(r *account.Registration) {
			r.Name, r.Skills = "\x00", []string{strings.Repeat("x", 51)}
		}, []string{"name", "skills"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := goodRegistration()
			tt.spoil(&r)
			d, err := r.Validate(rules)
			var e *fault.Error
			if !errors.As(err, &e) || e.Kind != fault.Invalid || e.Public == "" {
				t.Fatalf("error %#v, want an invalid one", err)
			}
			if diff := cmp.Diff(account.Developer{}, d); diff != "" {
				t.Errorf("a developer in spite of the error:\n%s", diff)
			}
			var names []string
			for _, f := range e.Fields {
				names = append(names, f.Name)
				if f.Text == "" {
					t.Errorf("nothing is said about %s", f.Name)
				}
			}
			if diff := cmp.Diff(tt.want, names); diff != "" {
				t.Errorf("broken fields (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRegistrationShowsNothing: a registration that ends in a log line or a panic message gives no
// password away.
func TestRegistrationShowsNothing(t *testing.T) {
	t.Parallel()
	r := goodRegistration()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", r, &r)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "r", r, "p", &r)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "r", r, "p", &r)
	if strings.Contains(out.String(), "blue tents") || strings.Contains(out.String(), "736576656e") {
		t.Errorf("the password is in:\n%s", out.String())
	}
	if b, err := json.Marshal(r); err != nil || bytes.Contains(b, []byte("blue tents")) {
		t.Errorf("the password is in the JSON: %s, error %v", b, err)
	}
}
