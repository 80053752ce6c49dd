package mongo

import (
	"bytes"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
)

// developerDoc writes a developer. The first six fields are those of the original application.
func developerDoc(id bson.ObjectID, d account.Developer) bson.D {
	doc := bson.D{
		{Key: "_id", Value: id},
		{Key: "name", Value: text(d.Name)},
		{Key: "email", Value: text(d.Email)},
		{Key: "password", Value: text(d.PasswordHash)},
		{Key: "skills", Value: texts(d.Skills)},
		{Key: "created_at", Value: d.CreatedAt},
		{Key: "email_key", Value: text(d.EmailKey)},
		{Key: "email_seen", Value: digestOf(d.Email)},
		{Key: "role", Value: string(d.Role)},
		{Key: "disabled", Value: d.State != account.Active},
		{Key: "epoch", Value: d.Epoch},
		{Key: "updated_at", Value: d.UpdatedAt},
	}
	if d.State != account.Active {
		doc = append(doc, el("state", d.State.String()))
	}
	if d.ShortName != "" {
		doc = append(doc, el("short_name", text(d.ShortName)))
	}
	if len(d.Groups) > 0 {
		doc = append(doc, el("groups", texts(d.Groups)))
	}
	if d.Link.Hash != nil {
		doc = append(doc, el("link", linkDoc(d.Link)))
	}
	return append(doc, wordsOf(d)...)
}

func linkDoc(l account.Link) bson.D {
	return bson.D{el("hash", l.Hash), el("expires", l.Expires), el("by", text(l.By))}
}

func texts(list []string) bson.A {
	a := make(bson.A, len(list))
	for i, s := range list {
		a[i] = text(s)
	}
	return a
}

// The longest texts that are read of a developer, in bytes: more than Doorbook itself writes.
const (
	maxPerson = 1 << 10 // a name, an address
	maxHash   = 4 << 10
)

// developerFields are those that are read, beside the _id.
func developerFields() bson.D {
	var fields bson.D
	for _, name := range []string{
		"name", "email", "password", "skills", "created_at", "deleted", "email_key", "email_seen", "role", "disabled", "epoch",
		"updated_at", "admin_next", "admin_seen", "state", "short_name", "groups", "link", "words_seen",
	} {
		fields = append(fields, key(name, 1))
	}
	return fields
}

// readDeveloper reads a developer. One that the original application wrote has none of our fields:
// a member, not disabled, in epoch 0, made in the second with which the ObjectID begins. Whom it
// has marked as deleted counts as disabled, and so does an admin who is being made. What should say
// whether somebody may sign in, and cannot be read, says no.
func readDeveloper(doc bson.Raw) account.Developer {
	d := account.Developer{Role: account.Member}
	each(doc, func(name string, v bson.RawValue) {
		switch name {
		case "name":
			d.Name = capped(readText(v), maxPerson)
		case "email":
			d.Email = capped(readText(v), maxPerson)
		case "password":
			d.PasswordHash = capped(readText(v), maxHash)
		case "skills":
			d.Skills = readList(v)
		case "created_at":
			d.CreatedAt = readTime(v)
		case "updated_at":
			d.UpdatedAt = readTime(v)
		case "short_name":
			d.ShortName = capped(readText(v), maxPerson)
		case "groups":
			d.Groups = readList(v)
		case "link":
			d.Link = readLink(v)
		case "email_key":
			if v.Type != bson.TypeObjectID { // that of one who has none
				d.EmailKey = capped(readText(v), maxPerson)
			}
		}
	})
	if id, ok := doc.Lookup("_id").ObjectIDOK(); ok {
		d.ID = id.Hex()
		if d.CreatedAt.IsZero() {
			d.CreatedAt = id.Timestamp().UTC()
		}
	}
	readRights(doc, &d)
	return d
}

// readLink reads a link. What cannot be read is none.
func readLink(v bson.RawValue) (l account.Link) {
	doc, ok := v.DocumentOK()
	if !ok {
		return l
	}
	if _, hash, ok := doc.Lookup("hash").BinaryOK(); ok && len(hash) <= maxPerson {
		l = account.Link{Hash: bytes.Clone(hash), Expires: readTime(doc.Lookup("expires"))}
		l.By = capped(readText(doc.Lookup("by")), maxPerson)
	}
	return l
}

// readRights reads what somebody may do. The word for a state counts only of who may not sign in:
// the flag alone decides that, as the list of admins knows no other.
func readRights(doc bson.Raw, d *account.Developer) {
	disabled, state := false, account.Disabled
	each(doc, func(name string, v bson.RawValue) {
		switch name {
		case "role":
			if v.Type != bson.TypeNull {
				d.Role = account.Role(capped(readText(v), maxPerson))
			}
		case "disabled", "deleted":
			disabled = readFlag(v, true) || disabled
		case "state":
			state = account.ParseState(capped(readText(v), maxPerson))
		case "epoch":
			d.Epoch = readInt(v)
		}
	})
	if d.Role == rolePending {
		d.Role, disabled, state = account.Member, true, account.Disabled
	}
	switch {
	case disabled && state == account.Active:
		d.State = account.Disabled
	case disabled:
		d.State = state
	}
}

// changes writes a change as MongoDB's update.
func changes(c account.Change, now time.Time) bson.D {
	set := bson.D{{Key: "updated_at", Value: now}}
	add := func(name string, s *string) {
		if s != nil {
			set = append(set, bson.E{Key: name, Value: text(*s)})
		}
	}
	add("name", c.Name)
	add("email", c.Email)
	add("email_key", c.EmailKey)
	add("password", c.PasswordHash)
	if c.Email != nil {
		set = append(set, bson.E{Key: "email_seen", Value: digestOf(*c.Email)})
	}
	if c.Skills != nil {
		set = append(set, bson.E{Key: "skills", Value: texts(*c.Skills)})
	}
	if c.Role != nil {
		set = append(set, bson.E{Key: "role", Value: string(*c.Role)})
	}
	more, unset := presence(c)
	set = append(set, more...)
	update := bson.D{el("$set", set)}
	if unset != nil {
		update = append(update, el("$unset", unset))
	}
	if c.EndSignIns {
		update = append(update, bson.E{Key: "$inc", Value: bson.D{{Key: "epoch", Value: int64(1)}}})
	}
	return update
}

// presence is what a change sets, and takes away, of what is absent where it holds nothing.
func presence(c account.Change) (set, unset bson.D) {
	if c.Name != nil || c.Email != nil || c.ShortName != nil {
		unset = append(unset, key("words_seen", 1)) // whoever looks for people next makes them anew
	}
	keep := func(name string, has bool, value any) {
		if has {
			set = append(set, el(name, value))
		} else {
			unset = append(unset, key(name, 1))
		}
	}
	if c.State != nil {
		set = append(set, el("disabled", *c.State != account.Active))
		keep("state", *c.State != account.Active, c.State.String())
		if *c.State == account.Active { // the original application's flag would say otherwise
			set = append(set, el("deleted", false))
		}
	}
	if c.ShortName != nil {
		keep("short_name", *c.ShortName != "", text(*c.ShortName))
	}
	if c.Groups != nil {
		keep("groups", len(*c.Groups) > 0, texts(*c.Groups))
	}
	if link := c.NewLink(); link != nil {
		keep("link", link.Hash != nil, linkDoc(*link))
	}
	return set, unset
}
