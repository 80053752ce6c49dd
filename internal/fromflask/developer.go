package fromflask

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
)

// maxHash is longer than any hash that is checked, in bytes.
const maxHash = 512

// person is a developer as it is copied, and what was not copied as it was.
type person struct {
	account.Developer
	deleted bool
	odd     []Reason
}

// readDeveloper makes an account of a document. What a person needs to sign in must survive: a name
// or skills that break a rule are mended, not refused.
func readDeveloper(doc bson.Raw, checkHash func(string) error) (p person, why *refusal) {
	if p.ID, p.CreatedAt, why = open(doc); why != nil {
		return p, why
	}
	p.deleted = truth(doc.Lookup("deleted"))
	if t, ok := instant(doc.Lookup("created_at")); ok {
		p.CreatedAt = t
	}
	p.UpdatedAt = p.CreatedAt
	if t, ok := instant(doc.Lookup("updated_at")); ok && t.After(p.CreatedAt) {
		p.UpdatedAt = t
	}

	email, _ := text(doc.Lookup("email"))
	key, err := account.CanonicalEmail(email)
	if err != nil {
		return p, &refusal{reason: WrongEmail}
	}
	p.Email, p.EmailKey = strings.Trim(email, " \t\r\n\v\f"), key

	hash, _ := text(doc.Lookup("password"))
	if !isHash(hash) || checkHash != nil && checkHash(hash) != nil {
		return p, &refusal{reason: WrongPassword}
	}
	p.PasswordHash = hash

	p.Role = account.Member
	var odd bool
	if p.Name, odd = readName(doc.Lookup("name"), p.Email); odd {
		p.odd = append(p.odd, OddName)
	}
	if p.Skills, odd = readSkills(doc.Lookup("skills")); odd {
		p.odd = append(p.odd, OddSkills)
	}
	return p, nil
}

// isHash reports whether a text has the shape of a hash: method$salt$hash, of printable ASCII. A
// password that somebody has stored as it is must not get into another database, and neither must
// the method that Werkzeug once had for just that.
func isHash(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= maxHash && strings.Count(s, "$") >= 2 && !strings.HasPrefix(s, "plain$")
}

// readName gives a name that follows the rules; if there is nothing to make one of, the local part
// of the address.
func readName(v bson.RawValue, email string) (name string, odd bool) {
	s, _ := text(v)
	if name, err := account.CheckName(s); err == nil {
		return name, false
	}
	if name, err := account.CheckName(oneLine(s, account.MaxName)); err == nil {
		return name, true
	}
	local, _, _ := strings.Cut(email, "@")
	return local, true
}

// readSkills gives the skills of a list or of a comma list that follow the rules.
func readSkills(v bson.RawValue) (skills []string, odd bool) {
	const most = 1000 // a list is looked at no further
	var list []string
	if s, ok := text(v); ok {
		list = strings.SplitN(s, ",", most+1)
	} else if array, ok := v.ArrayOK(); ok {
		values, err := array.Values()
		odd = err != nil || len(values) > most
		for _, value := range values[:min(len(values), most)] {
			s, ok := text(value)
			odd = odd || !ok && value.Type != bson.TypeNull
			list = append(list, strings.SplitN(s, ",", most+1)...)
		}
	} else {
		odd = v.Type != 0 && v.Type != bson.TypeNull
	}
	for i, s := range list {
		if i == most {
			return skills, true
		}
		one, err := account.ParseSkills(s)
		if err != nil {
			odd = true
			if one, err = account.ParseSkills(oneLine(s, account.MaxSkill)); err != nil {
				continue
			}
		}
		if more, err := account.CleanSkills(append(skills[:len(skills):len(skills)], one...)); err == nil {
			skills = more
		} else {
			odd = true
		}
	}
	return skills, odd
}
