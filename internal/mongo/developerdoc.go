package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
)

// developerDoc writes a developer. The first six fields are those of the original application.
func developerDoc(id bson.ObjectID, d account.Developer) bson.D {
	return bson.D{
		{Key: "_id", Value: id},
		{Key: "name", Value: text(d.Name)},
		{Key: "email", Value: text(d.Email)},
		{Key: "password", Value: text(d.PasswordHash)},
		{Key: "skills", Value: skills(d.Skills)},
		{Key: "created_at", Value: d.CreatedAt},
		{Key: "email_key", Value: text(d.EmailKey)},
		{Key: "email_seen", Value: digestOf(d.Email)},
		{Key: "role", Value: string(d.Role)},
		{Key: "disabled", Value: d.Disabled},
		{Key: "epoch", Value: d.Epoch},
		{Key: "updated_at", Value: d.UpdatedAt},
	}
}

func skills(list []string) bson.A {
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
		"updated_at", "admin_next", "admin_seen",
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
		case "_id":
			if v.Type == bson.TypeObjectID {
				d.ID = readText(v)
			}
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
		case "email_key":
			if v.Type != bson.TypeObjectID { // that of one who has none
				d.EmailKey = capped(readText(v), maxPerson)
			}
		}
	})
	if id, ok := doc.Lookup("_id").ObjectIDOK(); ok && d.CreatedAt.IsZero() {
		d.CreatedAt = id.Timestamp().UTC()
	}
	readRights(doc, &d)
	return d
}

// readRights reads what somebody may do.
func readRights(doc bson.Raw, d *account.Developer) {
	each(doc, func(name string, v bson.RawValue) {
		switch name {
		case "role":
			if v.Type != bson.TypeNull {
				d.Role = account.Role(capped(readText(v), maxPerson))
			}
		case "disabled", "deleted":
			d.Disabled = readFlag(v, true) || d.Disabled
		case "epoch":
			d.Epoch = readInt(v)
		}
	})
	if d.Role == rolePending {
		d.Role, d.Disabled = account.Member, true
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
		set = append(set, bson.E{Key: "skills", Value: skills(*c.Skills)})
	}
	if c.Role != nil {
		set = append(set, bson.E{Key: "role", Value: string(*c.Role)})
	}
	if c.Disabled != nil {
		set = append(set, bson.E{Key: "disabled", Value: *c.Disabled})
		if !*c.Disabled { // the original application's flag would say otherwise
			set = append(set, bson.E{Key: "deleted", Value: false})
		}
	}
	update := bson.D{{Key: "$set", Value: set}}
	if c.EndSignIns {
		update = append(update, bson.E{Key: "$inc", Value: bson.D{{Key: "epoch", Value: int64(1)}}})
	}
	return update
}
