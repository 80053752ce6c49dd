package mongo

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/book"
)

// The longest texts that are read of an entry which another program wrote, in bytes: those of
// Doorbook's own.
const (
	maxName = 256
	maxURL  = 2048
	maxText = 1024
)

// entryDoc writes an entry. The fields of the original application are always there, ours when they
// hold something. seq puts entries of the same millisecond in order, and marks the document as one
// of Doorbook's.
func entryDoc(id bson.ObjectID, seq int64, e *book.Entry) bson.D {
	doc := make(bson.D, 0, 27)
	doc = append(doc,
		bson.E{Key: "_id", Value: id},
		bson.E{Key: "type", Value: text(string(e.Type))},
		bson.E{Key: "client_addr", Value: text(e.ClientAddr)},
		bson.E{Key: "url", Value: text(e.URL)},
		bson.E{Key: "http_method", Value: text(e.Method)},
		bson.E{Key: "body", Value: text(e.Body)},
		bson.E{Key: "created_at", Value: e.CreatedAt},
		bson.E{Key: "deleted", Value: false},
		bson.E{Key: "seq", Value: seq},
	)
	if e.Status != 0 {
		doc = append(doc, bson.E{Key: "status", Value: int64(e.Status)})
	}
	if us := e.Duration.Microseconds(); us != 0 {
		doc = append(doc, bson.E{Key: "duration", Value: us})
	}
	if e.Bytes != 0 {
		doc = append(doc, bson.E{Key: "bytes", Value: e.Bytes})
	}
	for _, f := range []struct{ name, value string }{
		{"route", e.Route},
		{"user", e.User},
		{"user_name", e.UserName},
		{"session", e.Session},
		{"request_id", e.RequestID},
		{"token", e.Token},
		{"token_name", e.TokenName},
		{"application", e.Application},
		{"host", e.Host},
		{"rule", e.Rule},
		{"action", e.Action},
		{"target", e.Target},
		{"target_name", e.TargetName},
		{"text", e.Text},
	} {
		if f.value != "" {
			doc = append(doc, bson.E{Key: f.name, Value: text(f.value)})
		}
	}
	return doc
}

// readEntry reads an entry, and its place in the order of the book.
func readEntry(doc bson.Raw) (e book.Entry, at place) {
	body := bson.RawValue{Type: bson.TypeNull}
	each(doc, func(name string, v bson.RawValue) {
		switch name {
		case "_id":
			at.id, _ = v.ObjectIDOK()
			e.ID = at.id.Hex()
		case "type":
			e.Type = book.Type(readText(v))
		case "body":
			body = v
		case "created_at":
			e.CreatedAt = readTime(v)
			at.ms, at.dated = v.DateTimeOK()
			at.dated = at.dated && at.ms >= firstDate
		case "seq":
			at.seq, at.ours = v.Int64OK()
		case "status":
			e.Status = int(readInt(v))
		case "duration":
			e.Duration = time.Duration(readInt(v)) * time.Microsecond
		case "bytes":
			e.Bytes = readInt(v)
		default:
			if text := textField(&e, name); text != nil {
				*text = readText(v)
			}
		}
	})
	if at.ours {
		e.Body = readText(body)
	} else {
		foreign(&e, body)
	}
	return e, at
}

// textField returns where a field of that name belongs that is a text and nothing else, nil for any
// other.
func textField(e *book.Entry, name string) *string {
	switch name {
	case "client_addr":
		return &e.ClientAddr
	case "url":
		return &e.URL
	case "http_method":
		return &e.Method
	case "route":
		return &e.Route
	case "user":
		return &e.User
	case "user_name":
		return &e.UserName
	case "session":
		return &e.Session
	case "token":
		return &e.Token
	case "token_name":
		return &e.TokenName
	case "request_id":
		return &e.RequestID
	case "action":
		return &e.Action
	case "target":
		return &e.Target
	case "target_name":
		return &e.TargetName
	case "text":
		return &e.Text
	}
	return applicationField(e, name)
}

// applicationField is textField of what only requests to applications have.
func applicationField(e *book.Entry, name string) *string {
	switch name {
	case "application":
		return &e.Application
	case "host":
		return &e.Host
	case "rule":
		return &e.Rule
	}
	return nil
}

// foreign makes an entry that another program wrote safe to show. The original application kept
// queries and bodies as they were sent, with passwords in them: of those only the kind and the size
// are told. The other texts become bounded and inert, as our own are before they are stored.
func foreign(e *book.Entry, body bson.RawValue) {
	path, query, _ := strings.Cut(e.URL, "?")
	e.URL = book.Inert(book.RedactURL(path, query, "", book.Keep{}), maxURL)
	switch {
	case body.Type == bson.TypeEmbeddedDocument && len(body.Value) <= most:
		if json, err := bson.MarshalExtJSON(bson.Raw(body.Value), false, false); err == nil {
			e.Body = book.RedactBody("application/json", json, false, book.Keep{})
			break
		}
		fallthrough
	default:
		e.Body = book.RedactBody("text/plain", []byte(readText(body)), false, book.Keep{})
	}
	e.Text = book.Inert(e.Text, maxText)
	for _, s := range []*string{
		(*string)(&e.Type), &e.ClientAddr, &e.Method, &e.Route, &e.User, &e.UserName, &e.Session, &e.RequestID, &e.Action, &e.Target,
		&e.TargetName, &e.Token, &e.TokenName, &e.Application, &e.Host, &e.Rule,
	} {
		*s = book.Inert(*s, maxName)
	}
}
