package fromflask_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fromflask"
)

func TestDeveloper(t *testing.T) {
	t.Parallel()
	want := account.Developer{
		ID: hexID(1), Name: "Ada Lovelace", Email: "ada@example.org", EmailKey: "ada@example.org", Skills: []string{"go", "sql"},
		PasswordHash: someHash, Role: account.Member, CreatedAt: idTime(1), UpdatedAt: idTime(1),
	}
	changed := func(change func(*account.Developer)) account.Developer {
		d := want
		change(&d)
		return d
	}
	at := func(t time.Time) account.Developer {
		return changed(func(d *account.Developer) { d.CreatedAt, d.UpdatedAt = t, t })
	}
	named := func(name string) account.Developer { return changed(func(d *account.Developer) { d.Name = name }) }
	skilled := func(skills ...string) account.Developer {
		return changed(func(d *account.Developer) { d.Skills = skills })
	}
	for _, tt := range []struct {
		name      string
		different bson.M
		want      account.Developer
		odd       string
	}{
		{"as it should be", nil, want, ""},
		{"an address as people type it", bson.M{"email": " Ada@Example.org "}, changed(func(d *account.Developer) { d.Email = "Ada@Example.org" }), ""},

		{"no time", bson.M{"created_at": nil}, at(idTime(1)), ""},
		{"time as text", bson.M{"created_at": "2020-02-29 12:34:56.789123"}, at(time.Date(2020, 2, 29, 12, 34, 56, 789e6, time.UTC)), ""},
		{"time with a zone", bson.M{"created_at": "2020-02-29T12:34:56+02:00"}, at(time.Date(2020, 2, 29, 10, 34, 56, 0, time.UTC)), ""},
		{"time as in a header", bson.M{"created_at": "Sat, 29 Feb 2020 12:34:56 GMT"}, at(time.Date(2020, 2, 29, 12, 34, 56, 0, time.UTC)), ""},
		{"time as seconds", bson.M{"created_at": 1582979696.25}, at(time.Date(2020, 2, 29, 12, 34, 56, 250e6, time.UTC)), ""},
		{"time as milliseconds", bson.M{"created_at": int64(1582979696250)}, at(time.Date(2020, 2, 29, 12, 34, 56, 250e6, time.UTC)), ""},
		{"time that is none", bson.M{"created_at": "yesterday"}, at(idTime(1)), ""},
		{"time out of bounds", bson.M{"created_at": bson.DateTime(1 << 62)}, at(idTime(1)), ""},
		{"changed later", bson.M{"updated_at": idTime(9)}, changed(func(d *account.Developer) { d.UpdatedAt = idTime(9) }), ""},

		{"no name", bson.M{"name": nil}, named("ada"), "name"},
		{"a name of spaces", bson.M{"name": " \u200b "}, named("ada"), "name"},
		{"a name that is no text", bson.M{"name": bson.A{"Ada"}}, named("ada"), "name"},
		{"odd spaces around", bson.M{"name": "\u00a0 Ada\t"}, named("Ada"), ""},
		{"a line break in the name", bson.M{"name": "Ada\nLove\u202elace"}, named("Ada Lovelace"), "name"},
		{"a name that is too long", bson.M{"name": strings.Repeat("é", 200)}, named(strings.Repeat("é", 100)), "name"},
		{"a name that is far too long", bson.M{"name": strings.Repeat("a", 1<<20)}, named("ada"), "name"},
		{"a name in bytes", bson.M{"name": bson.Binary{Data: []byte("Ada")}}, named("Ada"), ""},

		{"no skills", bson.M{"skills": nil}, skilled(), ""},
		{"skills as text", bson.M{"skills": "Go, SQL ,, go"}, skilled("Go", "SQL"), ""},
		{"a comma in a skill", bson.M{"skills": bson.A{"a,b", "c"}}, skilled("a", "b", "c"), ""},
		{"a skill that is no text", bson.M{"skills": bson.A{"a", 7, nil, "b"}}, skilled("a", "b"), "skills"},
		{"a skill that is too long", bson.M{"skills": bson.A{strings.Repeat("x", 60), "b\nc"}}, skilled(strings.Repeat("x", 50), "b c"), "skills"},
		{"skills that are no list", bson.M{"skills": 7}, skilled(), "skills"},
		{"too many skills", bson.M{"skills": many(60)}, skilled(strings.Split(many(50), ",")...), "skills"},
		{"far too many skills", bson.M{"skills": bson.A{strings.Repeat("a,", 5000)}}, skilled("a"), "skills"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			totals := p.copy((&installation{}).developer(ada(1, tt.different)), nil)
			if diff := cmp.Diff(fromflask.Tally{Read: 1, Copied: 1}, totals.Developers); diff != "" {
				t.Error(diff)
			}
			got, err := p.accounts.ByEmail(t.Context(), "ada@example.org")
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
			var odd []string
			if tt.odd != "" {
				odd = []string{tt.odd + " " + hexID(1)}
			}
			if diff := cmp.Diff(odd, p.outcome(fromflask.Adjusted)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// many is a comma list of n skills.
func many(n int) string {
	var list []string
	for i := range n {
		list = append(list, "s"+string(rune('A'+i/26))+string(rune('a'+i%26)))
	}
	return strings.Join(list, ",")
}

func TestRefusedDevelopers(t *testing.T) {
	t.Parallel()
	tooCostly := "pbkdf2:sha256:999999999$AbCdEfGh$00"
	damaged := raw(ada(0, nil))
	damaged[4] = 0x77 // no type of BSON
	for _, tt := range []struct {
		name string
		doc  bson.Raw
		want string
	}{
		{"damaged", damaged, "unreadable"},
		{"cut off", raw(ada(0, nil))[:40], "unreadable"},
		{"empty", bson.Raw{}, "unreadable"},
		{"a text as id", raw(ada(0, bson.M{"_id": "0123456789abcdef01234567"})), "id  its _id is of type string"},
		{"no id", raw(ada(0, bson.M{"_id": nil})), "id  its _id is of type none"},
		{"no address", raw(ada(0, bson.M{"email": nil})), "email " + hexID(0)},
		{"no such address", raw(ada(0, bson.M{"email": "ada"})), "email " + hexID(0)},
		{"an address that is no text", raw(ada(0, bson.M{"email": bson.M{"$gt": ""}})), "email " + hexID(0)},
		{"a lookalike", raw(ada(0, bson.M{"email": "аda@example.org"})), "email " + hexID(0)},
		{"no password", raw(ada(0, bson.M{"password": nil})), "password " + hexID(0)},
		{"an empty password", raw(ada(0, bson.M{"password": ""})), "password " + hexID(0)},
		{"a password as it is", raw(ada(0, bson.M{"password": "hunter2"})), "password " + hexID(0)},
		{"a password as it is, with a method", raw(ada(0, bson.M{"password": "plain$$hunter2"})), "password " + hexID(0)},
		{"a hash with a line break", raw(ada(0, bson.M{"password": someHash + "\n"})), "password " + hexID(0)},
		{"a hash that costs too much", raw(ada(0, bson.M{"password": tooCostly})), "password " + hexID(0)},
		{"a hash without end", raw(ada(0, bson.M{"password": someHash + strings.Repeat("0", 1000)})), "password " + hexID(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			source := &installation{developers: []bson.Raw{tt.doc, raw(ada(1, bson.M{"email": "eve@example.org"}))}}
			totals := p.copy(source, func(c *fromflask.Config) {
				c.CheckHash = func(hash string) error {
					if hash == tooCostly {
						return errors.New("too costly")
					}
					return nil
				}
			})
			if diff := cmp.Diff(fromflask.Tally{Read: 2, Copied: 1, Refused: 1}, totals.Developers); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{tt.want}, p.outcome(fromflask.Refused)); diff != "" {
				t.Error(diff)
			}
			if n := len(p.all()); n != 1 {
				t.Errorf("%d accounts", n)
			}
		})
	}
}

func TestDeletedDevelopersAreNotCopied(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	totals := p.copy((&installation{}).developer(ada(1, bson.M{"deleted": true})), nil)
	if diff := cmp.Diff(fromflask.Tally{Read: 1, Deleted: 1}, totals.Developers); diff != "" || len(p.all()) != 0 {
		t.Error(diff, p.all())
	}
}

// TestOneAddress: the older of two keeps it, also one that the database had before.
func TestOneAddress(t *testing.T) {
	t.Parallel()
	source := (&installation{}).developer(
		ada(1, nil), ada(2, bson.M{"email": "ADA@example.org", "password": "x$y$z"}), ada(3, bson.M{"email": "eve@example.org"}),
	)
	for _, dry := range []bool{true, false} {
		p := newPlace(t)
		earlier := account.Developer{ID: hexID(99), Name: "Eve", Email: "Eve@example.org", EmailKey: "eve@example.org", PasswordHash: "h", Role: account.Member, CreatedAt: idTime(0), UpdatedAt: idTime(0)}
		if err := p.accounts.Create(t.Context(), account.Actor{}, earlier); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			p.copy(source, func(c *fromflask.Config) {
				if dry {
					*c = fromflask.Rehearse(*c)
				}
			})
			want := []string{"email_taken " + hexID(2) + " " + hexID(1), "email_taken " + hexID(3) + " " + hexID(99)}
			if diff := cmp.Diff(want, p.outcome(fromflask.Refused)); diff != "" {
				t.Errorf("dry run %v: %s", dry, diff)
			}
		}
		if got, err := p.accounts.ByEmail(t.Context(), "ada@example.org"); !dry && (err != nil || got.ID != hexID(1)) {
			t.Errorf("the address belongs to %s, %v", got.ID, err)
		}
	}
}

func TestAdmins(t *testing.T) {
	t.Parallel()
	source := (&installation{}).developer(
		ada(1, nil), ada(2, bson.M{"email": "eve@example.org"}), ada(3, bson.M{"email": "EVE@example.org"}),
	)
	roles := func(p *place) (s string) {
		for _, d := range p.all() {
			s += d.Email + " " + string(d.Role) + ";"
		}
		return s
	}
	admins := func(list ...string) func(*fromflask.Config) {
		return func(c *fromflask.Config) { c.Admins = list }
	}
	p := newPlace(t)
	totals := p.copy(source, admins("eve@example.org", "bob@example.org"))
	if got := roles(p); got != "ada@example.org member;eve@example.org admin;" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"eve@example.org"}, totals.Admins); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bob@example.org"}, totals.NotFound); diff != "" {
		t.Error(diff)
	}
	p.copy(source, nil) // without being asked for nobody loses anything
	if got := roles(p); got != "ada@example.org member;eve@example.org admin;" {
		t.Error(got)
	}
	p.copy(source, func(c *fromflask.Config) {
		c.Admins = []string{"ada@example.org"}
		*c = fromflask.Rehearse(*c)
	})
	if got := roles(p); got != "ada@example.org member;eve@example.org admin;" {
		t.Error("a dry run: ", got)
	}
	totals = p.copy(source, admins("ada@example.org"))
	if len(totals.Admins) != 1 || len(totals.NotFound) != 0 {
		t.Errorf("%+v", totals)
	}
	if got := roles(p); got != "ada@example.org admin;eve@example.org admin;" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"admin " + hexID(1)}, p.outcome(fromflask.Promoted)); diff != "" {
		t.Error(diff)
	}
	p.copy(source, admins("ada@example.org"))
	if got := p.outcome(fromflask.Promoted); got != nil {
		t.Error("promoted twice:", got)
	}
}

// TestChangedDevelopers: what is there is left alone, and told if it is not the same.
func TestChangedDevelopers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	first := (&installation{}).developer(ada(1, nil), ada(2, bson.M{"email": "eve@example.org"}))
	p.copy(first, nil)
	rehashed := "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$a2V5"
	if _, err := p.accounts.Update(t.Context(), account.Actor{}, hexID(2), account.Change{PasswordHash: &rehashed}, time.Now()); err != nil {
		t.Fatal(err)
	}
	before := p.all()
	later := (&installation{}).developer(
		ada(1, bson.M{"name": "Ada King", "skills": "go", "password": "a$b$c"}), ada(2, bson.M{"email": "eve@example.org"}),
	)
	totals := p.copy(later, nil)
	if diff := cmp.Diff(fromflask.Tally{Read: 2, There: 1, Differs: 1}, totals.Developers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"changed " + hexID(1) + " name, skills, password"}, p.outcome(fromflask.Differs)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, p.all()); diff != "" {
		t.Error(diff)
	}
}
