package door

import (
	"context"
	"encoding/binary"
	"log/slog"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/session"
)

// mixAge is how long the mix of stored hashes is taken for what it was.
const mixAge = time.Hour

// decoys gives unknown addresses the work of hashes that others have. Accounts from elsewhere have
// hashes of other costs than ours, and the time of an answer must not tell them from no account
// (ASVS 6.3.8). It is safe for concurrent use.
type decoys struct {
	hashes account.Hashes // nil: all hashes are as new ones
	signer *session.Signer

	reading sync.Mutex // held by who asks for the mix
	mu      sync.Mutex
	at      time.Time // when the mix was asked for; the zero time for never
	mix     []portion
}

// portion is a form of hashes, and the part of all hashes, from 0 to 1, at which the next one
// begins.
type portion struct {
	form  string
	until float64
}

// refresh asks what hashes there are, unless that was done lately or somebody is just doing it. It
// is called whatever the address is, for it takes its time.
func (d *decoys) refresh(ctx context.Context, now time.Time, log *slog.Logger) {
	d.mu.Lock()
	fresh := !d.at.IsZero() && now.Sub(d.at) < mixAge
	d.mu.Unlock()
	if fresh || d.hashes == nil || !d.reading.TryLock() {
		return
	}
	defer d.reading.Unlock()
	forms, err := d.hashes.HashForms(context.WithoutCancel(ctx))
	if err != nil {
		log.Warn("the forms of password hashes are not known", "error", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = now
	if err == nil {
		d.mix = portions(forms)
	}
}

// portions puts the forms into an order that stays, with the room that each has.
func portions(forms map[string]int) (mix []portion) {
	total, sum := 0, 0
	for _, n := range forms {
		total += n
	}
	for _, form := range slices.Sorted(maps.Keys(forms)) {
		sum += forms[form]
		mix = append(mix, portion{form, float64(sum) / float64(total)})
	}
	return mix
}

// form returns the form of the hash that an address without an account might have: always the same,
// as long as the mix is, and over all addresses in the mix that there is. It is "" for that of new
// hashes.
func (d *decoys) form(key string) string {
	sum := d.signer.Sum([]byte(key))
	place := float64(binary.BigEndian.Uint64(sum[:8])) / math.MaxUint64
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.mix {
		if place < p.until {
			return p.form
		}
	}
	return ""
}
