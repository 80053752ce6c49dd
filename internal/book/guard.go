package book

import (
	"cmp"
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// guard runs do and turns a panic into an error: the loops of this package serve everybody, and a
// repository that panics must not end the program.
func guard(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
	}()
	return do()
}

// panicError names what was thrown by its type only, except for the runtime's own errors: a value
// may hold an entry.
func panicError(v any) error {
	if e, ok := v.(runtime.Error); ok {
		return fmt.Errorf("book: the repository panicked: %w", e)
	}
	return fmt.Errorf("book: the repository panicked with a %T", v)
}

// plain is an error's text for the operator's log, one line and bounded.
func plain(err error) string { return Inert(err.Error(), 500) }

func clockOr(clock func() time.Time) func() time.Time {
	if clock == nil {
		return time.Now
	}
	return clock
}

func logOr(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// positiveOr is v, or the default when v is not above zero.
func positiveOr[T cmp.Ordered](v, def T) T {
	var zero T
	if v > zero {
		return v
	}
	return def
}
