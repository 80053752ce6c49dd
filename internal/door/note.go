package door

import (
	"context"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
)

// note writes down what somebody did or what failed. A book that cannot be written must not stop
// people from signing out, so a failure is left to the recorder's own counts and the log.
func (d *Door) note(ctx context.Context, v *Visit, action book.Action, target, text string) {
	var name string
	if target == v.Developer.ID {
		name = v.Developer.Name
	}
	d.enter(ctx, v, book.Entry{Action: action, Target: target, TargetName: name, Text: text})
}

// noteOf is note of what was done to a developer.
func (d *Door) noteOf(ctx context.Context, v *Visit, action book.Action, dev account.Developer, text string) {
	d.enter(ctx, v, book.Entry{Action: action, Target: dev.ID, TargetName: dev.Name, Text: text})
}

// enter fills in who did it and from where, and enters it: now, or with the visit's request.
func (d *Door) enter(ctx context.Context, v *Visit, e book.Entry) {
	event := d.events[e.Action]
	now := d.now()
	e.ID, e.Type, e.CreatedAt = id.New(now), event.Type, now
	e.ClientAddr, e.RequestID, e.Session = v.Addr, v.RequestID, v.SessionID
	e.User, e.UserName = v.Developer.ID, v.Developer.Name
	e.Token, e.TokenName = v.Token.ID, v.Token.Name
	if v.Collects && !event.AtOnce {
		v.deeds = append(v.deeds, e)
		return
	}
	if err := d.recorder.Append(context.WithoutCancel(ctx), e); err != nil {
		d.log.Warn("an activity was not entered in the book",
			"action", e.Action, "request_id", v.RequestID, "error", err)
	}
}

// Leave returns what the visit gathered, to be entered together with its request once its session
// is saved. What comes after is entered at once.
func (d *Door) Leave(v *Visit) []book.Entry {
	v.Collects = false
	if len(v.deeds) == 0 {
		return nil
	}
	deeds := v.deeds
	v.deeds = nil
	for i := range deeds {
		if e := &deeds[i]; e.Session == "" && e.User != "" && e.User == v.Developer.ID {
			e.Session = v.SessionID // it came into being with the answer
		}
	}
	return deeds
}

// NotKept is told that the visit's session will not be saved. What the visit gathered and would
// have been true only with it, such as a sign-in, is not entered as done; whoever signed in with
// this visit is a stranger as before.
func (d *Door) NotKept(v *Visit) {
	v.deeds = slices.DeleteFunc(v.deeds, func(e book.Entry) bool {
		event := d.events[e.Action]
		return event.Awaits && event.Unkept == ""
	})
	for i := range v.deeds {
		e := &v.deeds[i]
		event := d.events[e.Action]
		if !event.Awaits {
			continue
		}
		e.Action, e.Type, e.Text = event.Unkept, d.events[event.Unkept].Type, ""
		if e.Action == book.ActionSignInNotKept {
			e.User, e.UserName, e.Session = "", "", ""
			v.Developer, v.SessionID = account.Developer{}, ""
		}
	}
}

// Note enters an activity that the edge met: something refused.
func (d *Door) Note(ctx context.Context, v *Visit, action book.Action, text string) {
	d.note(ctx, v, action, "", text)
}

// NoteError enters what failed on our side, in the book and in the log.
func (d *Door) NoteError(ctx context.Context, v *Visit, action book.Action, cause string) {
	d.log.Error("a request failed", "action", action, "request_id", v.RequestID, "cause", cause)
	d.note(ctx, v, action, "", cause)
}
