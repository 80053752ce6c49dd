package session

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// maxTries bounds how often a change that depends on the stored value is tried: each conflict means
// that another request got its own through, so a hundred at once all succeed.
const maxTries = 128

// retry prepares the next try after a conflict: it waits a little, longer each time and never the
// same, loads the session anew, and rebases this request's changes on it. It returns the error that
// ends the trying: ErrEnded if the session is no longer this request's.
func (s *Session) retry(ctx context.Context, err error, try int) error {
	switch {
	case place.Gone(err):
		s.observe(EventRevived, s.found.Record.ID, err)
		return ErrEnded
	case !errors.Is(err, store.ErrConflict):
		return err
	case try >= maxTries:
		return fmt.Errorf("%w after %d tries", store.ErrConflict, try)
	}
	s.observe(EventConflict, s.found.Record.ID, err)
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
	f, err := s.in.place.Reload(ctx, s.found)
	switch {
	case place.Gone(err):
		s.observe(EventRevived, s.found.Record.ID, err)
		return ErrEnded
	case err != nil:
		return err
	}
	s.found = f
	if err := s.rebase(s.stored(), s.m.cfg.MaxBytes); err != nil {
		return fmt.Errorf("%w: %w", errRebase, err)
	}
	return nil
}

// errRebase: the changes of this request do not fit the session as it is now.
var errRebase = errors.New("changed by another request")

// random is for what must differ and need not be secret.
func random() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return binary.NativeEndian.Uint32(b[:])
}
