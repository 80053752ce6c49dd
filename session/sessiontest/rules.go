package sessiontest

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/session/store"
)

// check returns the rules that the history breaks, in words.
func (h *history) check() []string {
	j := &judgement{h: h, opens: map[string]*event{}, lives: map[store.ID]*recordLife{}}
	j.collect()
	for _, e := range h.events {
		j.answers(e)
		j.refusals(e)
		j.recognised(e)
	}
	j.renewals()
	for _, life := range j.lives {
		j.final(life)
		j.oneSubject(life)
		j.values(life)
		j.flashes(life)
		j.stored(life)
	}
	j.strangeFlashes()
	slices.Sort(j.broken)
	return j.broken
}

// answers: what nobody should be answered.
func (j *judgement) answers(e *event) {
	switch {
	case e.err != nil && !errors.Is(e.err, store.ErrNotFound):
		j.breaks("answers", "%v", e)
	case e.status == 0, e.status == accepted:
	case e.status == unauthorized && e.name != "load":
	case e.status == conflict && e.name == "pop":
	default:
		j.breaks("answers", "the answer is %d: %v", e.status, e)
	}
}

// refusals: a request is told that its session ended, or that another popped its value, only if
// that may be.
func (j *judgement) refusals(e *event) {
	switch {
	case e.status == unauthorized && e.saw.found && !j.life(e.saw.id).threatened(e.start, e.end, e):
		j.breaks("answers", "refused though nothing ended or renewed the session meanwhile: %v", e)
	case e.status == conflict && !slices.ContainsFunc(j.life(e.saw.id).events, func(other *event) bool {
		_, writes := other.writes[ticket]
		return other != e && writes && other.start < e.end && other.end > e.start
	}):
		j.breaks("answers", "a conflict though no other request changed the value meanwhile: %v", e)
	}
}

// recognised: the latest key of a session that nobody ended or renewed opens it.
func (j *judgement) recognised(e *event) {
	from := j.opens[e.sent]
	if e.sent == "" || from == nil || from.end > e.start || e.saw.found && e.saw.id == from.after.id {
		return
	}
	if !j.life(from.after.id).threatened(from.start, e.end, from) {
		j.breaks("vanished", "the key that was given by\n  %v\nopens nothing for\n  %v", from, e)
	}
}

// standsAlone reports whether the event is a sign-in that began with a stranger's session and did
// not end in it: that was renewed or ended meanwhile, so the sign-in made one of its own.
func (e *event) standsAlone() bool {
	return e.renews && e.saw.found && e.saw.subject == "" && e.after.found && e.after.subject != "" && e.after.id != e.saw.id
}

// renewals: a key is replaced once, by another. After that it opens nothing, and what still comes
// with it is refused.
func (j *judgement) renewals() {
	by := j.renewedBy()
	for _, e := range j.h.events {
		renewal := by[e.sent]
		if renewal == nil || renewal == e || !e.saw.found {
			continue
		}
		if e.start > renewal.end || e.changes() && e.acknowledged() && e.commits > renewal.end {
			j.breaks("final", "the key was replaced by\n  %v\nand still served\n  %v", renewal, e)
		}
	}
}

// renewedBy returns the renewal of each key, and breaks where there is more than one.
func (j *judgement) renewedBy() map[string]*event {
	by := map[string]*event{}
	for _, e := range j.h.events {
		if !e.renews || !e.acknowledged() || e.standsAlone() {
			continue
		}
		if e.got == "" || e.got == e.sent {
			j.breaks("once", "no new key came with\n  %v", e)
		}
		if first := by[e.sent]; first != nil {
			j.breaks("once", "one key was renewed twice, by\n  %v\nand by\n  %v", first, e)
		}
		by[e.sent] = e
	}
	return by
}

// changes reports whether the event changes the session that it saw, when it begins its answer.
func (e *event) changes() bool {
	return !e.ends && !e.standsAlone() && (len(e.writes) > 0 || e.counts || e.added != "" || e.renews)
}

// final: nobody sees a session after its end was acknowledged.
func (j *judgement) final(l *recordLife) {
	for _, e := range j.h.events {
		if e.start > l.ended && (e.saw.found && e.saw.id == l.id || slices.Contains(e.listed, l.id)) {
			j.breaks("final", "the session was ended by\n  %v\nand was seen by\n  %v", l.endedBy, e)
		}
		if !e.saw.found || e.saw.id != l.id {
			continue
		}
		if e.commits > l.ended && e.changes() && e.acknowledged() || e.acts > l.ended && len(e.showed) > 0 {
			j.breaks("final", "the session was ended by\n  %v\nand changed by\n  %v", l.endedBy, e)
		}
		j.stays(e, l)
	}
}

// stays: a request ends in the session that it saw. Only a sign-in may end in one of its own, when
// a stranger's session that it saw was ended or renewed meanwhile.
func (j *judgement) stays(e *event, l *recordLife) {
	if !e.acknowledged() || e.ends || e.after.id == l.id || e.standsAlone() && l.threatened(e.start, e.end, e) {
		return
	}
	j.breaks("final", "another session took the place of the one that was seen by\n  %v", e)
}

// oneSubject: a record answers for one subject.
func (j *judgement) oneSubject(l *recordLife) {
	for _, e := range l.events {
		for _, s := range []sight{e.saw, e.after} {
			if s.found && s.id == l.id && s.subject != "" {
				l.subjects[s.subject] = e
			}
		}
		if !e.saw.found || e.saw.id != l.id {
			continue
		}
		for key, value := range e.saw.values {
			if owner, _, _ := strings.Cut(value, "|"); owner != "" && owner != e.saw.subject {
				j.breaks("subjects", "%q holds what %.3q wrote: %v", key, owner, e)
			}
		}
	}
	if len(l.subjects) > 1 {
		j.breaks("subjects", "record %s answers for several:\n  %v", short(l.id), slices.Collect(maps.Values(l.subjects)))
	}
}

// flashes: a message is shown once, where it was left, and waits until then.
func (j *judgement) flashes(l *recordLife) {
	r, found, err := j.h.stored(l.id)
	if err != nil {
		j.breaks("answers", "the store gives record %s not: %v", short(l.id), err)
	}
	for _, added := range l.events {
		if added.added == "" || !added.acknowledged() || added.after.id != l.id {
			continue
		}
		shown := 0
		for _, e := range j.h.events {
			if !slices.Contains(e.showed, added.added) {
				continue
			}
			if shown++; shown > 1 {
				j.breaks("once", "%s was shown again by\n  %v", added.added, e)
			}
			if e.saw.id != l.id {
				j.breaks("subjects", "%s of record %s was shown by\n  %v", added.added, short(l.id), e)
			}
		}
		n := len(waiting(r, []string{added.added}))
		switch {
		case found && shown == 0 && n == 0:
			j.breaks("swallowed", "%s was never shown, and does not wait", added.added)
		case found && shown+n > 1:
			j.breaks("once", "%s was shown, and waits still", added.added)
		}
	}
}

// strangeFlashes: what is shown was added, and not refused.
func (j *judgement) strangeFlashes() {
	added := map[string]*event{}
	for _, e := range j.h.events {
		if e.added != "" && !e.refused() {
			added[e.added] = e
		}
	}
	for _, e := range j.h.events {
		for _, text := range e.showed {
			if from := added[text]; from == nil || from.start > e.end {
				j.breaks("once", "%s was not left by anybody, but shown by\n  %v", text, e)
			}
		}
	}
}
