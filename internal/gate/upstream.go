package gate

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
)

// Upstream is where an application listens: at a URL of scheme and host, or at a unix socket.
type Upstream struct {
	URL    *url.URL // scheme and host; of a socket http://localhost
	Socket string   // the path of the socket; "" for none
}

// String returns the upstream as settings write it.
func (u *Upstream) String() string {
	if u.Socket != "" {
		return "unix:" + u.Socket
	}
	return u.URL.String()
}

// ParseUpstream reads an upstream as settings write it: http://HOST:PORT, https://HOST or unix:/PATH.
func ParseUpstream(text string) (*Upstream, error) {
	if socket, ok := strings.CutPrefix(text, "unix:"); ok {
		if !path.IsAbs(socket) || path.Clean(socket) != socket || socket == "/" || strings.Contains(socket, "\x00") {
			return nil, fmt.Errorf("%q is no socket: write unix: and its whole path, as in unix:/run/wiki.sock", text)
		}
		return &Upstream{URL: &url.URL{Scheme: "http", Host: "localhost"}, Socket: socket}, nil
	}
	u, err := siteURL(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no address of an application (http://HOST:PORT, https://HOST or unix:/PATH): %w", shown(text), err)
	}
	return &Upstream{URL: u}, nil
}

// siteURL reads an address of a scheme, a host and a port, and no more.
func siteURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read")
	case u.User != nil:
		return nil, errors.New("there is a name or password in it, which everybody would see")
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "":
		return nil, errors.New("it begins with neither http:// nor https://")
	case u.Path != "" && u.Path != "/":
		return nil, errors.New("there is a path in it; what people ask for is passed on as it is")
	case strings.ContainsAny(text, "?#"):
		return nil, errors.New("there is more in it than a host and a port")
	}
	origin, _, err := network.Origin(u)
	if err != nil {
		return nil, err
	}
	return url.Parse(origin)
}

// shown is an address for an error, without the name and password that may stand in it.
func shown(text string) string {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		if i := strings.LastIndexByte(rest, '@'); i >= 0 {
			return fmt.Sprintf("%q", scheme+"://…"+rest[i:])
		}
	}
	return fmt.Sprintf("%q", text)
}

// keepsHost reports whether an application is told the host that the browser asked for, unless it is
// said otherwise. Most hold it against the Origin header and make links of it; over https it is the
// name that the upstream's own server knows it by.
func (u *Upstream) keepsHost() bool { return u != nil && u.URL.Scheme != "https" }

// short is what an upstream without a name is called: where it listens.
func (u *Upstream) short() string {
	if u.Socket != "" {
		return path.Base(u.Socket)
	}
	return u.URL.Host
}
