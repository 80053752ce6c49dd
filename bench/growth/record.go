package main

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// maxSessions is how many distinct ids there are.
const maxSessions = 1 << 28

// expiredFrom is the number of the first expired session; live ones count from 0.
const expiredFrom = maxSessions

// idOf gives the id of session number n. Ids are spread as random ones are; and SQLite can compute
// them, too (see idInSQL).
func idOf(n int) (id session.ID) {
	binary.BigEndian.PutUint32(id[0:], uint32(n)*2654435761)
	binary.BigEndian.PutUint32(id[4:], uint32(n)*2246822519)
	binary.BigEndian.PutUint32(id[8:], uint32(n))
	return id
}

// idInSQL is idOf for the column n.
const idInSQL = "printf('%08x%08x%08x', (n * 2654435761) % 4294967296, (n * 2246822519) % 4294967296, n)"

// digest is that of every session here. Nothing looks a session up by it.
var digest = store.Digest{1}

const valueKey, value = "name", `"Ada Lovelace"`

// recordOf makes session number n as a sign-in with a browser would: every text has its own memory.
func recordOf(n int, now time.Time, signedIn bool) store.Record {
	r := store.Record{
		ID: idOf(n), Digest: digest, Version: 1, KeyID: "0a1b2c3d",
		Created: now, LastSeen: now, Expires: now.Add(12 * time.Hour), Deadline: now.Add(24 * time.Hour), Idle: 12 * time.Hour,
		Addr:      strings.Clone("192.0.2.123"),
		UserAgent: strings.Clone("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
		Values: store.Values{
			valueKey: []byte(value), "language": []byte(`"en-GB"`), "last_page": []byte(`"/developers?sort=name"`),
		},
	}
	if signedIn {
		r.Subject, r.SignedIn = "user-"+strconv.Itoa(n), now
	}
	if n >= expiredFrom {
		r.Expires = now.Add(-time.Hour + time.Duration(n%1000)*time.Second)
	}
	return r
}
