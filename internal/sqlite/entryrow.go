package sqlite

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

const (
	entryColumns = `seq, id, type, created_at, status, duration, user, client_addr, method, url, route, user_name, session, request_id, action, target, text, body, target_name, token, token_name, application, host, rule, bytes`

	insertEntry = `INSERT INTO entries (id, type, created_at, status, duration, user, client_addr, method, url, route, user_name, session, request_id, action, target, text, body, target_name, token, token_name, application, host, rule, bytes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// entryRow is what insertEntry wants.
type entryRow [24]driver.NamedValue

// of returns the row of e. It is good until the next call.
func (r *entryRow) of(e *book.Entry) []driver.NamedValue {
	for i, v := range [len(r)]driver.Value{
		e.ID, string(e.Type), e.CreatedAt.UnixMilli(), int64(e.Status), e.Duration.Microseconds(),
		orNull(e.User), orNull(e.ClientAddr), orNull(e.Method), orNull(e.URL), orNull(e.Route), orNull(e.UserName),
		orNull(e.Session), orNull(e.RequestID), orNull(e.Action), orNull(e.Target), orNull(e.Text), orNull(e.Body),
		orNull(e.TargetName), orNull(e.Token), orNull(e.TokenName), orNull(e.Application), orNull(e.Host), orNull(e.Rule),
		absent(e.Bytes),
	} {
		r[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return r[:]
}

// orNull stores the empty text as NULL, which costs nothing to bind, to store or to read.
func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

// absent is orNull of a number.
func absent(n int64) driver.Value {
	if n == 0 {
		return nil
	}
	return n
}

// number reads what absent stored.
type number int64

// Scan implements sql.Scanner.
func (n *number) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*n = 0
	case int64:
		*n = number(v)
	default:
		return fmt.Errorf("a column of numbers holds %T", v)
	}
	return nil
}

// text reads what orNull stored.
type text string

// Scan implements sql.Scanner. The driver's strings are its reader's own.
func (t *text) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t = ""
	case string:
		*t = text(v)
	default:
		return fmt.Errorf("a text column holds %T", v)
	}
	return nil
}

// scanEntry reads entryColumns from a row.
func scanEntry(row interface{ Scan(...any) error }) (seq int64, _ *book.Entry, err error) {
	e := &book.Entry{}
	var created, micros int64
	err = row.Scan(&seq, &e.ID, (*text)(&e.Type), &created, &e.Status, &micros,
		(*text)(&e.User), (*text)(&e.ClientAddr), (*text)(&e.Method), (*text)(&e.URL), (*text)(&e.Route), (*text)(&e.UserName),
		(*text)(&e.Session), (*text)(&e.RequestID), (*text)(&e.Action), (*text)(&e.Target), (*text)(&e.Text), (*text)(&e.Body),
		(*text)(&e.TargetName), (*text)(&e.Token), (*text)(&e.TokenName),
		(*text)(&e.Application), (*text)(&e.Host), (*text)(&e.Rule), (*number)(&e.Bytes))
	e.CreatedAt = fromMillis(created)
	e.Duration = time.Duration(micros) * time.Microsecond
	return seq, e, err
}

// asStored is the entry as scanEntry would read it back.
func asStored(e book.Entry) *book.Entry {
	e.CreatedAt = fromMillis(e.CreatedAt.UnixMilli())
	e.Duration = e.Duration.Truncate(time.Microsecond)
	return &e
}

// footprint is about how many bytes of memory an entry takes.
func footprint(e *book.Entry) int {
	const fixed = 384 // the struct and what points to it
	return fixed + len(e.ID) + len(e.ClientAddr) + len(e.URL) + len(e.Method) + len(e.Body) + len(e.Route) + len(e.User) +
		len(e.UserName) + len(e.Session) + len(e.RequestID) + len(e.Action) + len(e.Target) + len(e.TargetName) +
		len(e.Text) + len(e.Token) + len(e.TokenName) +
		len(e.Application) + len(e.Host) + len(e.Rule)
}
