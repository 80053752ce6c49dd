package redisstore

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/doorbook/doorbook/session/store"
)

// errReply: what came back is not what the script returns. The client changes replies, or something
// else answered.
var errReply = errors.New("not a reply of this script")

// words returns an array of strings in whatever form a client has for it.
func words(reply any) ([]string, error) {
	switch reply := reply.(type) {
	case []string:
		return reply, nil
	case [][]byte:
		return converted(reply, func(b []byte) (string, bool) { return string(b), true })
	case []any:
		return converted(reply, func(element any) (string, bool) {
			switch element := element.(type) {
			case string:
				return element, true
			case []byte:
				return string(element), true
			}
			return "", false
		})
	}
	return nil, fmt.Errorf("%w: %T", errReply, reply)
}

func converted[T any](list []T, text func(T) (string, bool)) ([]string, error) {
	out := make([]string, len(list))
	for i, element := range list {
		var ok bool
		if out[i], ok = text(element); !ok {
			return nil, fmt.Errorf("%w: it holds a %T", errReply, element)
		}
	}
	return out, nil
}

// outcome reads the first word of a reply, and returns the rest.
func outcome(reply []string) ([]string, error) {
	if len(reply) > 0 {
		switch rest := reply[1:]; reply[0] {
		case "ok":
			return rest, nil
		case "missing":
			return nil, store.ErrNotFound
		case "conflict":
			return nil, store.ErrConflict
		case "exists":
			return nil, store.ErrExists
		case "unreadable":
			return nil, store.ErrUnreadable
		}
	}
	return nil, errReply
}

// number reads a reply whose only word is a number of at least 0.
func number(reply []string) (int64, error) {
	if len(reply) != 1 {
		return 0, errReply
	}
	n, err := strconv.ParseInt(reply[0], 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: want a number", errReply)
	}
	return n, nil
}

// ids reads record ids. Words that are none are passed over: whoever put them there, they name no
// record.
func ids(reply []string) []store.ID {
	list := make([]store.ID, 0, len(reply))
	for _, text := range reply {
		if id, err := store.ParseID(text); err == nil {
			list = append(list, id)
		}
	}
	return list
}
