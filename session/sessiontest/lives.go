package sessiontest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/session/store"
)

// judgement is a history by what happened to each record.
type judgement struct {
	h      *history
	broken []string
	opens  map[string]*event        // by cookie: the event that gave it
	lives  map[store.ID]*recordLife // by record
}

// recordLife is what happened to one record.
type recordLife struct {
	id       store.ID
	events   []*event            // that saw it, or left it
	writes   map[string][]*event // by register: those that may have written to it
	subjects map[string]*event
	threats  []*event // that were to end or renew it, whether they did or not
	ended    int64    // when its end was first acknowledged, or math.MaxInt64
	endedBy  *event
}

func (j *judgement) breaks(rule, format string, args ...any) {
	j.broken = append(j.broken, rule+": "+fmt.Sprintf(format, args...))
}

func (j *judgement) life(id store.ID) *recordLife {
	if j.lives[id] == nil {
		j.lives[id] = &recordLife{id: id, subjects: map[string]*event{}, writes: map[string][]*event{}, ended: math.MaxInt64}
	}
	return j.lives[id]
}

// target is the record that an event's cookie names, as far as it is known.
func (j *judgement) target(e *event) (store.ID, bool) {
	if e.saw.found {
		return e.saw.id, true
	}
	if from := j.opens[e.sent]; from != nil {
		return from.after.id, true
	}
	return store.ID{}, false
}

// collect sorts what happened by record.
func (j *judgement) collect() {
	for _, e := range j.h.events {
		j.place(e)
	}
	for _, life := range j.lives {
		life.inOrder()
	}
	for _, e := range j.h.events {
		j.threats(e)
	}
}

// place notes an event at the records that it saw and left.
func (j *judgement) place(e *event) {
	if e.got != "" && e.after.found && e.acknowledged() {
		j.opens[e.got] = e
	}
	if e.saw.found {
		life := j.life(e.saw.id)
		life.events = append(life.events, e)
	}
	if e.after.found && (!e.saw.found || e.saw.id != e.after.id) {
		life := j.life(e.after.id)
		life.events = append(life.events, e)
	}
}

// inOrder sorts the events of a record, and what they wrote by register.
func (l *recordLife) inOrder() {
	slices.SortFunc(l.events, func(a, b *event) int { return int(a.start - b.start) })
	for _, e := range l.events {
		if !l.wrote(e) {
			continue
		}
		for key := range e.writes {
			l.writes[key] = append(l.writes[key], e)
		}
	}
}

// threats notes an event at the records that it was to end or renew.
func (j *judgement) threats(e *event) {
	if e.ends || e.renews {
		if id, ok := j.target(e); ok {
			j.life(id).threat(e, e.ends && e.acknowledged())
		}
	}
	if e.endsID != (store.ID{}) {
		j.life(e.endsID).threat(e, e.err == nil)
	}
	if e.endsSubject == "" && !e.expires {
		return
	}
	for _, life := range j.lives {
		theirs := e.endsSubject != "" && e.err == nil && life.was(e.endsSubject, e.start)
		life.threat(e, theirs || e.expires && life.old(e.start))
	}
}

// threat notes an event that was to end or renew the record, and that it did for sure if ended.
func (l *recordLife) threat(e *event, ended bool) {
	l.threats = append(l.threats, e)
	if ended && e.end < l.ended {
		l.ended, l.endedBy = e.end, e
	}
}

// was reports whether it was known before a moment that the record is of a subject.
func (l *recordLife) was(subject string, before int64) bool {
	return slices.ContainsFunc(l.events, func(e *event) bool {
		return e.end < before && (e.saw.found && e.saw.id == l.id && e.saw.subject == subject ||
			e.acknowledged() && e.after.found && e.after.id == l.id && e.after.subject == subject)
	})
}

// old reports whether everything that can lengthen the record's life was over before a moment.
func (l *recordLife) old(before int64) bool {
	return !slices.ContainsFunc(l.events, func(e *event) bool { return e.end > before && e.lengthens() })
}

// lengthens reports whether the event may begin a lifetime.
func (e *event) lengthens() bool { return strings.HasPrefix(e.name, "sign in") || !e.saw.found }

// threatened reports whether something may have ended or renewed the record between two moments,
// but for one event.
func (l *recordLife) threatened(from, to int64, but *event) bool {
	return slices.ContainsFunc(l.threats, func(e *event) bool { return e != but && e.start < to && e.end > from })
}
