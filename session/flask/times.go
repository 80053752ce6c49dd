package flask

import (
	"time"

	"github.com/doorbook/doorbook/session/internal/wire"
)

// joinTimes writes values that were set for a time as what they are, and beside them, for our own
// eyes, when they end.
func joinTimes(values map[string][]byte) error {
	var ends map[string]int64
	for key, stored := range values {
		if len(stored) == 0 || stored[0] != 0 {
			continue
		}
		value, at := wire.Unwrap(stored, time.Time{})
		values[key] = value
		if at.IsZero() {
			continue
		}
		if ends == nil {
			ends = make(map[string]int64)
		}
		ends[key] = at.UnixMilli()
	}
	if ends == nil {
		return nil
	}
	text, err := Codec{}.Marshal(ends)
	values[untilKey] = text
	return err
}

// splitTimes is the reverse. What Flask's side has set anew meanwhile keeps the time; it cannot
// know of it.
func splitTimes(values map[string][]byte) {
	text, ok := values[untilKey]
	if !ok {
		return
	}
	delete(values, untilKey)
	var ends map[string]int64
	if (Codec{}).Unmarshal(text, &ends) != nil {
		return
	}
	for key, ms := range ends {
		if value, ok := values[key]; ok && ms > 0 {
			values[key] = wire.Wrap(value, time.UnixMilli(ms).UTC())
		}
	}
}
