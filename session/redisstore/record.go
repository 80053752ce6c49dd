package redisstore

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// The fields of a record's hash have names of one letter, each of which takes room in every
// session:
//
//	d  digest, 32 bytes              u  subject (absent: none)
//	v  version                       a  address
//	k  key id                        b  browser (user agent)
//	c  created                       p  parent, 24 hexadecimal digits (absent: none)
//	s  last seen                     l  life: signed in, deadline, idle, and 1 if it persists; with spaces between
//	e  expires                       t  state (absent: none)
//
// and g, the mark of the shard under which the scripts entered the record (see there).
//
// Times are milliseconds since 1970 in UTC (the year 1, of a stranger's sign-in, is
// -62135596800000), durations are milliseconds. A value's field is "=" and its key.
const (
	names       = "dvkcseluabpt"
	valuePrefix = "="
)

// namesInLua is names as they stand in a script.
func namesInLua() string { return "'" + strings.Join(strings.Split(names, ""), "', '") + "'" }

// meta is the fields of a record but for its values, in the order of names. What a record lacks is
// "".
type meta [len(names)]string

func (m *meta) get(name byte) string { return m[strings.IndexByte(names, name)] }

// encoded returns the fields of a new record and their values in turn.
func encoded(r store.Record) []string {
	out := make([]string, 0, 2*(len(names)+len(r.Values)))
	out = append(out, "d", string(r.Digest[:]), "v", strconv.FormatInt(r.Version, 10), "k", r.KeyID,
		"c", millis(r.Created), "s", millis(r.LastSeen), "e", millis(r.Expires),
		"l", life(r.SignedIn, r.Deadline, r.Idle, r.Persist))
	for _, optional := range []struct{ name, value string }{{"u", r.Subject}, {"a", r.Addr}, {"b", r.UserAgent}, {"t", string(r.State)}} {
		if optional.value != "" {
			out = append(out, optional.name, optional.value)
		}
	}
	if r.Parent != (store.ID{}) {
		out = append(out, "p", r.Parent.String())
	}
	return appendValues(out, r.Values)
}

// appendValues appends the fields of values. Their order does not matter; a steady one is easier to
// look at.
func appendValues(out []string, values store.Values) []string {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		out = append(out, valuePrefix+key, string(values[key]))
	}
	return out
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// moment is the opposite of millis. The zero time comes back as itself.
func moment(text string) (time.Time, error) {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(ms).UTC(), nil
}

func life(signedIn, deadline time.Time, idle time.Duration, persist bool) string {
	flag := " 0"
	if persist {
		flag = " 1"
	}
	return millis(signedIn) + " " + millis(deadline) + " " + strconv.FormatInt(idle.Milliseconds(), 10) + flag
}

// maxMillis is the longest time.Duration, in milliseconds.
const maxMillis = int64((1<<63 - 1) / time.Millisecond)

// record returns the record of these fields, without Values. Where a field is missing or damaged,
// the record has what could be read, and the error wraps store.ErrUnreadable; a digest that is no
// SHA-256 stays zero, which opens nothing.
func (m *meta) record(id store.ID) (store.Record, error) {
	r := store.Record{
		ID: id, KeyID: m.get('k'), State: store.State(m.get('t')), Subject: m.get('u'), Addr: m.get('a'), UserAgent: m.get('b'),
	}
	var bad []byte
	check := func(name byte, ok bool) {
		if !ok {
			bad = append(bad, name)
		}
	}
	var err error
	if digest := m.get('d'); len(digest) == len(r.Digest) {
		copy(r.Digest[:], digest)
	} else {
		check('d', false)
	}
	r.Version, err = strconv.ParseInt(m.get('v'), 10, 64)
	check('v', err == nil && r.Version > 0)
	for _, field := range []struct {
		name byte
		into *time.Time
	}{{'c', &r.Created}, {'s', &r.LastSeen}, {'e', &r.Expires}} {
		*field.into, err = moment(m.get(field.name))
		check(field.name, err == nil)
	}
	if parent := m.get('p'); parent != "" {
		r.Parent, err = store.ParseID(parent)
		check('p', err == nil)
	}
	check('l', m.life(&r))
	if bad != nil {
		return r, fmt.Errorf("%w: fields %q", store.ErrUnreadable, bad)
	}
	return r, nil
}

// life reads the field of that name, whole or not at all.
func (m *meta) life(r *store.Record) bool {
	parts := strings.Split(m.get('l'), " ")
	if len(parts) != 4 || (parts[3] != "0" && parts[3] != "1") {
		return false
	}
	signedIn, err1 := moment(parts[0])
	deadline, err2 := moment(parts[1])
	idle, err3 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || idle < 0 || idle > maxMillis {
		return false
	}
	r.SignedIn, r.Deadline, r.Idle, r.Persist = signedIn, deadline, time.Duration(idle)*time.Millisecond, parts[3] == "1"
	return true
}

// decoded reads the reply of the load script. A reply without any fields is store.ErrNotFound,
// and so is a record that does not live, or of which that cannot be known.
func decoded(id store.ID, reply []string, now time.Time) (store.Record, error) {
	if len(reply)%2 != 0 {
		return store.Record{}, errReply
	}
	var m meta
	values := make(store.Values)
	for i := 0; i < len(reply); i += 2 {
		name, value := reply[i], reply[i+1]
		if key, ok := strings.CutPrefix(name, valuePrefix); ok {
			values[key] = []byte(value)
		} else if at := strings.Index(names, name); at >= 0 && len(name) == 1 {
			m[at] = value
		}
	}
	expires, err := moment(m.get('e'))
	if err != nil || !expires.After(now) {
		return store.Record{}, store.ErrNotFound
	}
	r, err := m.record(id)
	if err == nil {
		r.Values = values
	}
	return r, err
}

// live reads the reply of the read script for these ids, and returns those that live. A record of
// which some is damaged is given with the rest, so that it can be seen and ended.
func live(ids []store.ID, reply []string, now time.Time) ([]store.Record, error) {
	if len(reply) != len(ids)*len(names) {
		return nil, errReply
	}
	var found []store.Record
	for i, id := range ids {
		m := meta(reply[i*len(names) : (i+1)*len(names)])
		if expires, err := moment(m.get('e')); err != nil || !expires.After(now) {
			continue
		}
		r, _ := m.record(id)
		found = append(found, r)
	}
	return found, nil
}
