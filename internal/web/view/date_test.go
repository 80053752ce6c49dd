package view

import (
	"testing"
	"time"
)

func TestDateIsWhatTimeFormats(t *testing.T) {
	t.Parallel()
	layouts := map[form]string{stampForm: "2006-01-02T15:04:05Z", secondForm: "2006-01-02 15:04:05", minuteForm: "2006-01-02 15:04", clockForm: "15:04"}
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2026, 7, 31, 23, 59, 59, 999_999_999, time.FixedZone("x", -3*3600)), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(1, 1, 1, 1, 1, 1, 0, time.UTC), time.Date(2024, 2, 29, 12, 30, 45, 0, time.UTC),
	} {
		d := write(at)
		for f, layout := range layouts {
			if got, want := string(d.in(f)), at.UTC().Format(layout); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	d := write(time.Date(123456, 1, 2, 3, 4, 5, 0, time.UTC))
	if got := string(d.in(stampForm)); got != "9999-01-02T03:04:05Z" {
		t.Errorf("a far year is %q", got)
	}
}
