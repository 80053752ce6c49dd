// Package agent says in words which browser and system a User-Agent header names, for people to
// recognise their devices. What it says is no proof of anything: whoever sends the header chooses
// it.
package agent

import (
	"regexp"
	"sync"

	useragent "github.com/medama-io/go-useragent"
	"github.com/medama-io/go-useragent/agents"
)

// Names reads headers. What it knows of browsers is read at the first use: that takes a tenth of a
// second and 5 MB, and most processes (a command, a node that nobody asks) need none of it. It is
// safe for concurrent use.
type Names struct {
	parser func() *useragent.Parser
}

// New gives Names.
func New() *Names { return &Names{parser: sync.OnceValue(useragent.NewParser)} }

// Unknown stands for what names no browser.
const Unknown = "Unknown browser"

// program is the header of a program that is no browser: its name and a version. Nothing else of
// what a client may write gets into the words.
var program = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_.-]{0,31})/[0-9]`)

// Of gives the words: "Firefox on Linux", "Safari on iPhone", "Program curl"; Unknown if there are
// none.
func (n *Names) Of(header string) string {
	ua := n.parser().Parse(header)
	name, system := browser(ua), system(ua)
	switch {
	case name != "" && system != "":
		return name + " on " + system
	case name != "":
		return name
	case system != "":
		return Unknown + " on " + system
	}
	if m := program.FindStringSubmatch(header); m != nil && m[1] != "Mozilla" {
		return "Program " + m[1]
	}
	return Unknown
}

func browser(ua useragent.UserAgent) string {
	if ua.Browser() == agents.BrowserIE {
		return "Internet Explorer"
	}
	return string(ua.Browser())
}

// system names what people call the thing in their hands.
func system(ua useragent.UserAgent) string {
	switch {
	case ua.OS() == agents.OSIOS && ua.Device() == agents.DeviceTablet:
		return "iPad"
	case ua.OS() == agents.OSIOS:
		return "iPhone"
	case ua.OS() == agents.OSMacOS:
		return "macOS"
	}
	return string(ua.OS())
}
