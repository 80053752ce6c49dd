package server

import (
	"net/url"
	"strings"
)

// ReadMessage reads one whole message.
var ReadMessage = readMessage

// StartFront puts a front before the server at a unix socket, and gives where it listens.
func StartFront(socket string) (address string, stop func(), err error) {
	address, stop, err = startFront(mongoScheme + url.PathEscape(socket) + "/")
	return strings.Trim(strings.TrimPrefix(address, mongoScheme), "/"), stop, err
}
