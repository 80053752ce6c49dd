package door

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// A device cookie is a nonce and its signature: what our keys have not signed costs no look-up. The
// repository has a row under the hash of the nonce, which says whose the device is.
const (
	deviceNonce = 18
	deviceMAC   = 24
)

// newNonce returns what a new device's cookie is to hold.
func newNonce() ([]byte, error) {
	nonce := make([]byte, deviceNonce)
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, fault.Wrap(fault.Internal, "Something went wrong on our side.", err)
	}
	return nonce, nil
}

// signDevice returns the cookie that holds a nonce, signed by the newest key.
func (d *Door) signDevice(nonce []byte) (cookie string) {
	mac := d.device.Sum(nonce)
	return base64.RawURLEncoding.EncodeToString(append(nonce[:deviceNonce:deviceNonce], mac[:deviceMAC]...))
}

// parseDevice returns what a cookie holds, nil when our keys did not sign the cookie.
func (d *Door) parseDevice(cookie string) (nonce []byte) {
	if len(cookie) != (deviceNonce+deviceMAC)/3*4 || strings.ContainsAny(cookie, "\r\n") {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return nil
	}
	if _, ok := d.device.Verify(raw[:deviceNonce], raw[deviceNonce:]); !ok {
		return nil
	}
	return raw[:deviceNonce]
}

// deviceID returns the id of the row of the device whose cookie holds the nonce.
func deviceID(nonce []byte) string {
	sum := sha256.Sum256(nonce)
	return hex.EncodeToString(sum[:16])
}

// knownDevice finds the row of the visitor's device cookie, if it is a device that is known to the
// account that has the key now; the zero Device otherwise.
func (d *Door) knownDevice(ctx context.Context, v *Visit, key string) (account.Device, error) {
	none, nonce := account.Device{}, d.parseDevice(v.Device)
	if nonce == nil {
		return none, nil
	}
	row, err := d.devices.Find(ctx, deviceID(nonce))
	if errors.Is(err, account.ErrNotFound) {
		return none, nil
	}
	if err != nil {
		return none, unavailable(err)
	}
	dev, err := d.accounts.ByID(ctx, row.Account)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return none, nil
	case err != nil:
		return none, unavailable(err)
	case dev.EmailKey != key || !row.KnownTo(dev, d.now(), d.guessing.DeviceAge):
		return none, nil
	}
	return row, nil
}

// keepDevice makes the browser that has just signed in a known one, and gives the cookie that says
// so. The session that the same device has begun earlier ends. A failure costs nobody the sign-in:
// the browser is a new one the next time.
func (d *Door) keepDevice(ctx context.Context, v *Visit, in arrival) (string, error) {
	ctx = context.WithoutCancel(ctx)
	now, row := d.now(), in.device
	nonce, earlier := d.parseDevice(v.Device), row.Session
	if row.ID == "" {
		var err error
		if nonce, err = newNonce(); err != nil {
			return "", err
		}
		row.ID, row.Account, row.FirstSeen = deviceID(nonce), v.Developer.ID, now
	}
	row.Epoch, row.LastSeen, row.Session = v.Developer.Epoch, now, recordID(v.Session)
	if err := d.devices.Keep(ctx, row, d.guessing.MostDevices, d.begun(v, in, row)); err != nil {
		d.log.Warn("a browser that has signed in is not known", "error", err)
		return "", nil
	}
	d.endEarlier(ctx, v, earlier, row.Session)
	return d.signDevice(nonce), nil
}

// recordID names the record of a session, "" when it has none.
func recordID(s *session.Session) string {
	id, ok := s.ID()
	if !ok {
		return ""
	}
	return id.String()
}

// endEarlier ends the session that a device had before it signed in anew. One that cannot be ended
// now ends by itself.
func (d *Door) endEarlier(ctx context.Context, v *Visit, earlier, now string) {
	if earlier == "" || earlier == now {
		return
	}
	id, err := session.ParseID(earlier)
	if err == nil {
		err = d.sessions.End(ctx, v.Developer.ID, id)
	}
	if err == nil {
		d.noteEnds(ctx, v, v.Developer.ID, account.SignedInAgain, account.SignIn{Session: earlier})
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, session.ErrUnsupported) {
		d.log.Warn("the session before this one was not ended", "error", err)
	}
}

// moveDevice takes the visitor's own device, if it was known to the account as it was, along to
// what the account is now, and ends all others.
func (d *Door) moveDevice(ctx context.Context, v *Visit, was, is account.Developer) {
	ctx = context.WithoutCancel(ctx)
	var (
		row account.Device
		err error
	)
	if nonce := d.parseDevice(v.Device); nonce != nil {
		row, err = d.devices.Find(ctx, deviceID(nonce))
	}
	if err == nil && row.ID != "" && row.KnownTo(was, d.now(), d.guessing.DeviceAge) {
		row.Epoch, row.LastSeen, row.Session = is.Epoch, d.now(), recordID(v.Session)
		err = d.devices.Keep(ctx, row, d.guessing.MostDevices)
	}
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		d.log.Warn("the browser of a new password is not known", "error", err)
	}
	d.endDevices(ctx, is.ID, row.ID)
}
