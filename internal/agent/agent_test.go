package agent_test

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/agent"
)

func TestOf(t *testing.T) {
	t.Parallel()
	const webkit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	names := agent.New()
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0":                                                                         "Firefox on Linux",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                          "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":        "Safari on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":                 "Safari on iPad",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webkit + "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0":                                            "Edge on Windows",
		"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko":                                                                          "Internet Explorer on Windows",
		"Mozilla/5.0 (Linux; Android 10; K)" + webkit + "Chrome/131.0.0.0 Mobile Safari/537.36":                                                          "Chrome on Android",
		"curl/8.5.0":                   "Program curl",
		"Go-http-client/1.1":           "Program Go-http-client",
		"python-requests/2.31 (x)":     "Program python-requests",
		"":                             agent.Unknown,
		"Mozilla/5.0":                  agent.Unknown,
		"<script>alert(1)</script>":    agent.Unknown,
		"\u202etxt/1":                  agent.Unknown,
		strings.Repeat("x", 10_000):    agent.Unknown,
		strings.Repeat("x", 33) + "/1": agent.Unknown,
	} {
		if got := names.Of(header); got != want {
			t.Errorf("%.90q: %q, want %q", header, got, want)
		}
	}
}

// Whatever is sent, the words are few, and none of the sender's but a program's name.
func FuzzOf(f *testing.F) {
	names := agent.New()
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0")
	f.Add("curl/8.5.0")
	f.Fuzz(func(t *testing.T, header string) {
		got := names.Of(header)
		if got == "" || len(got) > 60 || strings.ContainsAny(got, "<>&\"'\n\r\t") {
			t.Errorf("%q: %q", header, got)
		}
	})
}
