package main

import (
	"testing"
	"time"
)

func TestWaves(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	got := waves([]command{
		{name: "session", began: at(0), ended: at(10)},
		{name: "developer", began: at(1), ended: at(12)},
		{name: "entries", began: at(12), ended: at(20)},
		{name: "endless", began: at(13)},
		{name: "write", began: at(20), ended: at(21)},
	})
	if len(got) != 3 || len(got[0]) != 2 || len(got[1]) != 2 || len(got[2]) != 1 || got[2][0].name != "write" {
		t.Errorf("%+v", got)
	}
}
