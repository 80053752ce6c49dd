package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// maxTries bounds how often a change that depends on the stored value is tried: each conflict means
// that another request got its own through, so a hundred at once all succeed.
const maxTries = 128

// again prepares the next try after a conflict: it waits a little, longer each time and never the
// same, loads the record anew, and rebases this request's changes on it. It gives the error that
// ends the trying.
func (s *Session) again(ctx context.Context, err error, try int) error {
	switch {
	case gone(err):
		s.observe(EventRevived, s.rec.ID, err)
		return ErrEnded
	case !errors.Is(err, ErrConflict):
		return err
	case try >= maxTries:
		return fmt.Errorf("%w after %d tries", ErrConflict, try)
	}
	s.observe(EventConflict, s.rec.ID, err)
	if try > 1 {
		longest := min(time.Duration(try)*100*time.Microsecond, 5*time.Millisecond)
		pause := time.NewTimer(time.Duration(random()) % longest)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	rec, err := s.store().Load(ctx, s.rec.ID, s.m.now())
	switch {
	case gone(err), err == nil && rec.Digest != s.rec.Digest:
		s.observe(EventRevived, s.rec.ID, err)
		return ErrEnded
	case err != nil:
		return err
	}
	if s.beside() {
		rec.Values = s.rec.Values
	}
	s.rec = rec
	if err := s.rebase(); err != nil {
		return fmt.Errorf("%w: %w", errRebase, err)
	}
	return nil
}

// errRebase: the changes of this request do not fit the record as it is now.
var errRebase = errors.New("changed by another request")

// random is for what must differ and need not be secret.
func random() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return binary.NativeEndian.Uint32(b[:])
}
