package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
)

// command is one round trip.
type command struct {
	id           int64
	name         string // with its collection
	began, ended time.Time
}

// trace notes commands in the order in which they began, and holds them up.
type trace struct {
	hold atomic.Int64

	mu       sync.Mutex
	commands []command
}

func (t *trace) delay(d time.Duration) { t.hold.Store(int64(d)) }

func (t *trace) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{
		Started: func(_ context.Context, e *event.CommandStartedEvent) {
			name := e.CommandName
			if collection, ok := e.Command.Lookup(name).StringValueOK(); ok {
				name += " " + collection
			}
			t.mu.Lock()
			t.commands = append(t.commands, command{id: e.RequestID, name: name, began: time.Now()})
			t.mu.Unlock()
			time.Sleep(time.Duration(t.hold.Load()))
		},
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { t.end(e.RequestID) },
		Failed:    func(_ context.Context, e *event.CommandFailedEvent) { t.end(e.RequestID) },
	}
}

func (t *trace) end(id int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.commands {
		if t.commands[i].id == id {
			t.commands[i].ended = time.Now()
		}
	}
}

// take gives what was noted since the last call.
func (t *trace) take() []command {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.commands
	t.commands = nil
	return list
}

// waves puts commands that are under way at the same time together: one belongs to the wave after
// the last one of which a command had ended when it began. A command that has not ended ends after
// all others.
func waves(commands []command) (list [][]command) {
	of := make([]int, len(commands))
	for i, c := range commands {
		for j, before := range commands[:i] {
			if !before.ended.IsZero() && !before.ended.After(c.began) {
				of[i] = max(of[i], of[j]+1)
			}
		}
		for len(list) <= of[i] {
			list = append(list, nil)
		}
		list[of[i]] = append(list[of[i]], c)
	}
	return list
}
