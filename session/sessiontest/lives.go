package sessiontest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/session"
)

// judgement is a history by what happened to each record.
type judgement struct {
	h      *history
	broken []string
	opens  map[string]*event          // by cookie: the event that gave it
	lives  map[session.ID]*recordLife // by record
}

// recordLife is what happened to one record.
type recordLife struct {
	id       session.ID
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

func (j *judgement) life(id session.ID) *recordLife {
	if j.lives[id] == nil {
		j.lives[id] = &recordLife{id: id, subjects: map[string]*event{}, writes: map[string][]*event{}, ended: math.MaxInt64}
	}
	return j.lives[id]
}

// target is the record that an event's cookie names, as far as it is known.
func (j *judgement) target(e *event) (session.ID, bool) {
	if e.saw.found {
		return e.saw.id, true
	}
	if from := j.opens[e.sent]; from != nil {
		return from.after.id, true
	}
	return session.ID{}, false
}

func (j *judgement) collect() {
	for _, e := range j.h.events {
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
	for _, life := range j.lives {
		slices.SortFunc(life.events, func(a, b *event) int { return int(a.start - b.start) })
		for _, e := range life.events {
			for key := range e.writes {
				if life.wrote(e) {
					life.writes[key] = append(life.writes[key], e)
				}
			}
		}
	}
	for _, e := range j.h.events {
		if e.ends || e.renews {
			if id, ok := j.target(e); ok {
				life := j.life(id)
				life.threats = append(life.threats, e)
				if e.ends && e.acknowledged() {
					life.end(e)
				}
			}
		}
		if e.endsID != (session.ID{}) {
			life := j.life(e.endsID)
			life.threats = append(life.threats, e)
			if e.err == nil {
				life.end(e)
			}
		}
		if e.endsSubject == "" && !e.expires {
			continue
		}
		for _, life := range j.lives {
			life.threats = append(life.threats, e)
			if e.endsSubject != "" && e.err == nil && life.was(e.endsSubject, e.start) || e.expires && life.old(e.start) {
				life.end(e)
			}
		}
	}
}

// end notes an end that was acknowledged.
func (l *recordLife) end(e *event) {
	if e.end < l.ended {
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
