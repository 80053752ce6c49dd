package account

import (
	"encoding/base64"
	"errors"
	"strings"
)

// ErrBadPage says that a page cannot be continued from there.
var ErrBadPage = errors.New("account: not a page to continue from")

// Place is how far a list of people has come: the last one that was looked at.
type Place struct {
	Word string // by which they were found, where they were searched for
	Name string // SortKey
	ID   string
}

const placeMost = 1 << 10

// String writes a place for ParsePlace.
func (p Place) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(p.Word + "\x00" + p.Name + "\x00" + p.ID))
}

// ParsePlace reads what String wrote; "" is the zero Place, the beginning. ErrBadPage.
func ParsePlace(s string) (p Place, err error) {
	if s == "" {
		return p, nil
	}
	if len(s) > placeMost || strings.ContainsAny(s, "\r\n") {
		return p, ErrBadPage
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	word, rest, ok := strings.Cut(string(raw), "\x00")
	id := strings.LastIndexByte(rest, 0) // another program may have put one into a name
	if err != nil || !ok || id < 0 || rest[id+1:] == "" {
		return p, ErrBadPage
	}
	return Place{Word: word, Name: rest[:id], ID: rest[id+1:]}, nil
}
