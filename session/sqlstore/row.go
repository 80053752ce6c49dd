package sqlstore

import (
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// The columns of a record, but for its id and its data, in the order of row.
const columns = "digest, version, key_id, subject, created, signed_in, last_seen, expires, deadline, idle, persist, addr, user_agent, parent, state"

// row is a record on its way into the database (Record and data count) or out of it (see record).
type row struct {
	store.Record
	data []byte

	digest                                         []byte
	created, signedIn, lastSeen, expires, deadline int64
	idle, persist                                  int64
	parent                                         string
}

// targets are where a Scan of columns puts what it finds.
func (r *row) targets() []any {
	return []any{
		&r.digest, &r.Version, &r.KeyID, &r.Subject, &r.created, &r.signedIn, &r.lastSeen, &r.expires, &r.deadline,
		&r.idle, &r.persist, &r.Addr, &r.UserAgent, &r.parent, &r.State,
	}
}

// record returns what was scanned, without Values. A digest that is no SHA-256 stays zero, which
// opens nothing.
func (r *row) record() store.Record {
	out := r.Record
	if len(r.digest) == len(out.Digest) {
		out.Digest = store.Digest(r.digest)
	}
	out.Created, out.SignedIn, out.LastSeen = moment(r.created), moment(r.signedIn), moment(r.lastSeen)
	out.Expires, out.Deadline = moment(r.expires), moment(r.deadline)
	out.Idle, out.Persist = time.Duration(r.idle)*time.Millisecond, r.persist != 0
	out.Parent, _ = store.ParseID(r.parent) // "" is none
	return out
}

// written returns a record as it is to be written, with its values encoded.
func written(r store.Record) (row, error) {
	data, err := r.Values.AppendBinary(nil)
	return row{Record: r, data: data}, err
}

// arguments are the values of columns, and of data, for a statement that writes a row.
func (r *row) arguments(d *dialect) ([]any, error) {
	for _, s := range []string{r.Subject, r.Addr, r.UserAgent} {
		if d.columns > 0 && len(s) > d.columns {
			return nil, fmt.Errorf("a subject, address or user agent of %d bytes: %d are the most", len(s), d.columns)
		}
	}
	persist := 0
	if r.Persist {
		persist = 1
	}
	parent := ""
	if r.Parent != (store.ID{}) {
		parent = r.Parent.String()
	}
	return []any{
		r.Digest[:], r.Version, r.KeyID, d.text(r.Subject), r.Created.UnixMilli(), r.SignedIn.UnixMilli(), r.LastSeen.UnixMilli(),
		r.Expires.UnixMilli(), r.Deadline.UnixMilli(), r.Idle.Milliseconds(), persist, d.text(r.Addr), d.text(r.UserAgent), parent, string(r.State), r.data,
	}, nil
}

// moment is the opposite of time.Time.UnixMilli, in UTC. The zero time comes back as itself.
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
