package view

import (
	"context"
	"strings"
)

// Drawn is the plot's section of the dashboard as HTML. Only Draw makes one.
type Drawn string

// Draw draws a plot once for many pages: it is the most work of a dashboard, and the same for
// everybody.
func Draw(ctx context.Context, p Plot) (Drawn, error) {
	if len(p.Bars) == 0 {
		return "", nil
	}
	var b strings.Builder
	err := plot(p).Render(ctx, &b)
	return Drawn(b.String()), err
}
