package place

import "context"

// renamed is the place of today for sessions that come in the cookie of before: under another name
// or in another form, but kept where they are kept today.
type renamed struct {
	Place
	from Place
}

// Renamed returns to, but with what browsers hold read by from.
func Renamed(to, from Place) Place { return &renamed{to, from} }

func (p *renamed) Open(ctx context.Context, value string, by Visitor) (Found, error) {
	f, err := p.from.Open(ctx, value, by)
	if f.State.Lives() {
		f.Urgency = max(f.Urgency, Aging)
	}
	return f, err
}

// Refuse does nothing: the place of today does.
func (p *renamed) Refuse(context.Context, string) error { return nil }
