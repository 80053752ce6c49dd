package session

import (
	"net/http"
	"runtime"
	"time"
)

// cutShort reports whether the answer is not that of the handler that used the session, so that
// what was done to the session is not what it was meant to become. That is so
//
//   - when a handler with a time limit inside of us, such as http.TimeoutHandler, answers 5xx
//     because the limit of the context through which the session was reached has passed, or the
//     client hung up: the handler proper may still be at work;
//   - when a recovery middleware inside of us answers 5xx for a handler that panicked.
func (s *Session) cutShort(status int) bool {
	if status < http.StatusInternalServerError {
		return false
	}
	if s.deadline != 0 && (time.Since(s.m.made) >= s.deadline || s.r.Context().Err() != nil) {
		return true
	}
	return s.changed() && panicking()
}

// panicking reports whether the caller is a deferred function that runs because of a panic,
// recovered or not.
func panicking() bool {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" {
			return true
		}
		if !more {
			return false
		}
	}
}
