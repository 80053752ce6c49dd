package door

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/passhash"
)

// WrongCredentials is the one answer to an unknown e-mail address, a wrong password and a disabled
// account, so that nobody learns who has an account here (ASVS 6.3.8).
const WrongCredentials = "The e-mail address or the password is not right."

// Credentials are what a person types to sign in.
type Credentials struct {
	Email, Password string
}

// SignIn checks the credentials and makes their owner the session's subject. It gives the device
// cookie that the browser should keep. Whatever is wrong costs one count, one look-up and one hash,
// and is answered alike.
//
// Faults: Invalid with WrongCredentials, Throttled, Busy.
func (d *Door) SignIn(ctx context.Context, v *Visit, in Credentials) (device string, err error) {
	leave, err := d.queue()
	if err != nil {
		return "", err
	}
	defer leave()
	key, err := account.CanonicalEmail(in.Email)
	if err != nil {
		key = "\x00" + in.Email // no account has it; it is counted and hashed for like any other
	}
	counters, known := d.signInCounters(v, key)
	if err := d.take(ctx, v, book.ActionSignInThrottled, counters); err != nil {
		return "", err
	}
	dev, match, err := d.check(ctx, v, key, in.Password)
	if err != nil {
		d.refund(ctx, counters) // nothing was guessed
		return "", err
	}
	if !match {
		d.noteOf(ctx, v, book.ActionSignInFailed, dev, "")
		return "", fault.New(fault.Invalid, WrongCredentials)
	}
	failures := d.failuresBefore(ctx, counters)
	d.forgive(ctx, counters)

	v.Session.SignIn(dev.ID)
	epoch.Set(v.Session, dev.Epoch)
	LoggedInUser.Set(v.Session, Profile{ID: dev.ID, Name: dev.Name, Email: dev.Email, Skills: dev.Skills})
	if err := v.Session.Err(); err != nil {
		return "", unavailable(err)
	}
	v.Developer = dev
	d.noteSignIn(ctx, v, failures)
	if known {
		return v.Device, nil
	}
	return d.newDevice(key)
}

// check finds the developer and compares the password, at the same cost whether there is one or
// not.
func (d *Door) check(ctx context.Context, v *Visit, key, password string) (dev account.Developer, match bool, err error) {
	dev, err = d.accounts.ByEmail(ctx, key)
	if errors.Is(err, account.ErrNotFound) {
		if err := d.passwords.Decoy(ctx, password); err != nil {
			return dev, false, busy(err)
		}
		return account.Developer{}, false, nil
	}
	if err != nil {
		return dev, false, unavailable(err)
	}
	match, stale, err := d.verify(ctx, dev, password)
	if err != nil {
		return dev, false, busy(err)
	}
	if !match || dev.Disabled {
		return dev, false, nil
	}
	if stale {
		d.rehash(ctx, v, dev, password)
	}
	return dev, true, nil
}

// verify compares a password with the stored hash. A hash that cannot be read matches nothing, at
// the cost of one that can: which accounts have such a one is nobody's business.
func (d *Door) verify(ctx context.Context, dev account.Developer, password string) (match, stale bool, err error) {
	match, stale, err = d.passwords.Verify(ctx, dev.PasswordHash, password)
	if errors.Is(err, passhash.ErrMalformed) {
		d.log.Error("a stored password hash cannot be read", "developer", dev.ID)
		err = d.passwords.Decoy(ctx, password)
	}
	return match, stale, err
}

// rehash replaces a hash of another form or cost than new ones have, unless the password was
// changed meanwhile. If that fails the old one stays good, and the next sign-in tries again.
func (d *Door) rehash(ctx context.Context, v *Visit, dev account.Developer, password string) {
	hash, err := d.passwords.Hash(ctx, password)
	if err == nil {
		_, err = d.accounts.Update(ctx, account.Actor{}, dev.ID, account.Change{PasswordHash: &hash, IfEpoch: &dev.Epoch}, d.now())
	}
	if err == nil {
		d.noteOf(ctx, v, book.ActionPasswordRehashed, dev, "")
		return
	}
	if !errors.Is(err, account.ErrChanged) {
		d.log.Warn("a password hash was not renewed", "developer", dev.ID, "error", err)
	}
}

// SignOut ends the session. Signing out twice is no error.
func (d *Door) SignOut(ctx context.Context, v *Visit) {
	if v.SignedIn() {
		d.note(ctx, v, book.ActionSignOut, v.Developer.ID, "")
	}
	v.Session.SignOut()
}

// counter is one throttling counter that an attempt counts in.
type counter struct {
	account.Attempt
	shared bool // others count in it too, so a success takes back one attempt instead of all
}

// signInCounters says where an attempt counts. A browser that has signed in to this account before,
// which its device cookie proves, has a counter of its own, so that nobody else can lock its owner
// out; everybody else counts by account and by address (ASVS 6.1.1).
func (d *Door) signInCounters(v *Visit, key string) (list []counter, known bool) {
	if nonce, ok := d.parseDevice(v.Device, key); ok {
		return []counter{d.counter("device", nonce, account.DevicePolicy(), false)}, true
	}
	return []counter{
		d.counter("account", key, account.AccountPolicy(), false),
		d.counter("address", network(v.Addr), account.AddressPolicy(), true),
	}, false
}

// take counts the attempt everywhere before anything is guessed, so that parallel attempts count
// too. If one counter refuses, none counts it, and the refusal is entered under the action.
func (d *Door) take(ctx context.Context, v *Visit, refused book.Action, counters []counter) error {
	attempts := make([]account.Attempt, len(counters))
	for i, c := range counters {
		attempts[i] = c.Attempt
	}
	wait, err := d.throttle.Take(ctx, attempts, d.now())
	if err != nil {
		return unavailable(err)
	}
	if wait > 0 {
		d.note(ctx, v, refused, "", "too many attempts")
		return &fault.Error{
			Kind:       fault.Throttled,
			Public:     fmt.Sprintf("There were too many attempts. Please wait %s and try again.", inWords(wait)),
			RetryAfter: wait,
		}
	}
	return nil
}

// refund takes an attempt back that was none: nothing was guessed.
func (d *Door) refund(ctx context.Context, counters []counter) {
	var all []string
	for _, c := range counters {
		all = append(all, c.Key)
	}
	d.settle(ctx, nil, all)
}

// forgive clears what an attempt that was right has counted.
func (d *Door) forgive(ctx context.Context, counters []counter) {
	var forgiven, refunded []string
	for _, c := range counters {
		if c.shared {
			refunded = append(refunded, c.Key)
		} else {
			forgiven = append(forgiven, c.Key)
		}
	}
	d.settle(ctx, forgiven, refunded)
}

func (d *Door) settle(ctx context.Context, forgiven, refunded []string) {
	if err := d.throttle.Settle(context.WithoutCancel(ctx), forgiven, refunded); err != nil {
		d.log.Warn("an attempt that was right still counts", "error", err)
	}
}

// counter returns the counter of what is counted, whose key hides it: what people type as an e-mail
// address may be a password.
func (d *Door) counter(kind, what string, p account.Policy, shared bool) counter {
	sum := d.counters.Sum([]byte(kind + "\x00" + what))
	return counter{account.Attempt{Key: kind + ":" + hex.EncodeToString(sum[:16]), Policy: p}, shared}
}

// network is what counts as one address: an IPv4 address, or an IPv6 /64, which one household has.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// A device cookie is a nonce and its signature together with the account's canonical e-mail
// address, so it counts for that account alone and tells nothing of it.
const (
	deviceNonce = 12
	deviceMAC   = 24
)

func (d *Door) newDevice(key string) (string, error) {
	var raw [deviceNonce + deviceMAC]byte
	if _, err := io.ReadFull(rand.Reader, raw[:deviceNonce]); err != nil {
		return "", fault.Wrap(fault.Internal, "Something went wrong on our side.", err)
	}
	mac := d.device.Sum(append(raw[:deviceNonce:deviceNonce], key...))
	copy(raw[deviceNonce:], mac[:])
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

func (d *Door) parseDevice(cookie, key string) (nonce string, ok bool) {
	if len(cookie) != (deviceNonce+deviceMAC)/3*4 || strings.ContainsAny(cookie, "\r\n") {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return "", false
	}
	if _, ok := d.device.Verify(append(raw[:deviceNonce:deviceNonce], key...), raw[deviceNonce:]); !ok {
		return "", false
	}
	return string(raw[:deviceNonce]), true
}

// inWords says how long to wait as a person would.
func inWords(d time.Duration) string {
	if d <= 90*time.Second {
		return plural(int((d+time.Second-1)/time.Second), "second")
	}
	return plural(int((d+time.Minute-1)/time.Minute), "minute")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
