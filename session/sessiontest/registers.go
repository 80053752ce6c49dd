package sessiontest

import (
	"encoding/json"
	"math"
	"slices"
)

// values: registers and the counter, as every request saw them.
func (j *judgement) values(l *recordLife) {
	pops := map[string]*event{}
	for _, e := range l.events {
		if e.saw.found && e.saw.id == l.id {
			j.sees(l, e.saw, e.start, e.end, e)
		}
		if e.popped == "" || !e.acknowledged() {
			continue
		}
		if first := pops[e.popped]; first != nil {
			j.breaks("once", "%q was popped by\n  %v\nand by\n  %v", e.popped, first, e)
		}
		pops[e.popped] = e
	}
}

// sees: what is seen between two moments was written by then, and is not what was overwritten for
// sure.
func (j *judgement) sees(l *recordLife, s sight, start, end int64, e *event) {
	for _, key := range registers {
		if !l.mayHold(key, s.values[key], start, end) {
			j.breaks("lost", "%q of record %s is %q, which it cannot be: %v", key, short(l.id), s.values[key], e)
		}
	}
	if least, most := l.counted(start, end, e); s.count < least || s.count > most {
		j.breaks("lost", "the counter of record %s is at %d, want %d to %d: %v", short(l.id), s.count, least, most, e)
	}
}

// counted returns the least and the most that the counter may be at for e, which looks between two
// moments.
func (l *recordLife) counted(start, end int64, e *event) (least, most int) {
	for _, other := range l.events {
		if !other.counts || !l.wrote(other) {
			continue
		}
		if other.acknowledged() && other.end < start {
			least++
		}
		if other.start < end && other != e {
			most++
		}
	}
	return least, most
}

// mayHold reports whether a register may hold a value for one who looks between two moments:
// whether it was written by then, and not overwritten by another write that began after it and was
// acknowledged before the look.
func (l *recordLife) mayHold(key, value string, start, end int64) bool {
	latest := func(at int64) bool {
		return !slices.ContainsFunc(l.writes[key], func(e *event) bool { return e.acknowledged() && at < e.start && e.end < start })
	}
	if value == "" && latest(0) { // never written
		return true
	}
	return slices.ContainsFunc(l.writes[key], func(e *event) bool {
		return e.writes[key] == value && e.start < end && latest(e.over())
	})
}

// wrote reports whether the event may have written to the record.
func (l *recordLife) wrote(e *event) bool {
	if e.acknowledged() {
		return e.after.found && e.after.id == l.id
	}
	return !e.refused()
}

// over is when the event took place at the latest: never, if nobody knows whether it did.
func (e *event) over() int64 {
	if !e.acknowledged() {
		return math.MaxInt64
	}
	return e.end
}

// stored: what the store holds at the end of the round.
func (j *judgement) stored(l *recordLife) {
	r, found, err := j.h.stored(l.id)
	if err != nil {
		return // said already
	}
	if !found {
		if len(l.threats) == 0 {
			j.breaks("vanished", "record %s is gone, though nobody ended it", short(l.id))
		}
		return
	}
	if l.ended != math.MaxInt64 {
		j.breaks("final", "record %s is stored, though it was ended by\n  %v", short(l.id), l.endedBy)
		return
	}
	s := sight{found: true, id: l.id, subject: r.Subject, values: map[string]string{}}
	for _, key := range registers {
		var value string
		if json.Unmarshal(r.Values[key], &value) == nil {
			s.values[key] = value
		}
	}
	_ = json.Unmarshal(r.Values[string(count)], &s.count)
	j.sees(l, s, math.MaxInt64-1, math.MaxInt64, &event{name: "at the end", saw: s})
}
