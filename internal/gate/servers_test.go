package gate_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// server is how one program reads the path of a request line: what its application serves. "" is
// for what it refuses.
type server struct {
	name string
	read func(raw string) string
}

// servers are models of what is in use, written from what each is known to do, none of them with the
// code under test.
func servers() []server {
	once := func(s string) string { out, err := url.PathUnescape(s); return okOr(out, err) }
	lenient := regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	keepBad := func(s string) string { // Python, PHP and Node's querystring leave what is no escape
		return lenient.ReplaceAllStringFunc(s, func(e string) string { return once(e) })
	}
	segments := func(s, cut string) string { // what follows a character goes from each segment
		parts := strings.Split(s, "/")
		for i := range parts {
			parts[i], _, _ = strings.Cut(parts[i], cut)
		}
		return strings.Join(parts, "/")
	}
	backslashes := strings.NewReplacer(`\`, "/").Replace
	return []server{
		{"as it is sent (Node, Express)", func(s string) string { return s }},
		{"decoded once (Flask, Go's URL.Path)", once},
		{"decoded twice (behind a proxy that decodes)", func(s string) string { return keepBad(once(s)) }},
		{"decoded three times", func(s string) string { return keepBad(keepBad(once(s))) }},
		{"nginx", func(s string) string { return path.Clean(mergedSlashes(once(strings.Split(s, "#")[0]))) }},
		{"nginx without merge_slashes", func(s string) string { return dots(once(s)) }},
		{"nginx before a program that decodes", func(s string) string { return keepBad(path.Clean(once(s))) }},
		{"net/http's ServeMux", mux},
		{"Rack, Rails", func(s string) string { return strings.TrimSuffix(mergedSlashes(once(s)), "/") }},
		{"Tomcat", func(s string) string { return path.Clean(backslashesOf(once(segments(s, ";")))) }},
		{"Tomcat, careless", func(s string) string { return path.Clean(segments(once(s), ";")) }},
		{"Jetty, parameters of the whole", func(s string) string { return dots(once(strings.Split(s, ";")[0])) }},
		{"urlsplit of a decoded path (Python)", func(s string) string {
			s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(once(s))
			if rest, ok := strings.CutPrefix(s, "//"); ok {
				s = "/"
				if i := strings.IndexByte(rest, '/'); i >= 0 {
					s = rest[i:]
				}
			}
			s, _, _ = strings.Cut(s, "?")
			s, _, _ = strings.Cut(s, "#")
			return s
		}},
		{"new URL (Node)", func(s string) string {
			s = backslashes(s)
			if rest, ok := strings.CutPrefix(s, "//"); ok {
				_, s, _ = strings.Cut(rest, "/")
				s = "/" + s
			}
			return once(dots(regexp.MustCompile(`(?i)%2e`).ReplaceAllString(s, ".")))
		}},
		{"IIS, ASP.NET", func(s string) string {
			parts := strings.Split(path.Clean(backslashes(once(s))), "/")
			for i := range parts {
				parts[i] = strings.TrimRight(parts[i], ". ")
			}
			return strings.ToLower(strings.Join(parts, "/"))
		}},
		{"IIS, decoding twice", func(s string) string { return strings.ToLower(path.Clean(backslashes(keepBad(once(s))))) }},
		{"Express, whose routes have no case", func(s string) string { return strings.ToLower(once(s)) }},
		{"PHP with a file system", func(s string) string { return path.Clean(once(s)) }},
		{"a decoder of overlong UTF-8", func(s string) string {
			return path.Clean(regexp.MustCompile(`\xc0[\x80-\xbf]|\xc1[\x80-\xbf]|\xe0\x80[\x80-\xbf]|\xe0\x81[\x80-\xbf]`).ReplaceAllStringFunc(once(s), func(o string) string {
				return string(rune(o[len(o)-2]&1)<<6 | rune(o[len(o)-1]&0x3f))
			}))
		}},
		{"a decoder that drops what is no UTF-8", func(s string) string { return strings.ToValidUTF8(once(s), "") }},
	}
}

func okOr(s string, err error) string {
	if err != nil {
		return ""
	}
	return s
}

func backslashesOf(s string) string { return strings.ReplaceAll(s, `\`, "/") }

func mergedSlashes(s string) string { return regexp.MustCompile(`/+`).ReplaceAllString(s, "/") }

// dots takes dot segments away as RFC 3986 says it, by its own words: the input buffer and the output
// buffer.
func dots(in string) string {
	out := ""
	for in != "" {
		switch {
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"), in == "/..":
			in = "/" + strings.TrimPrefix(strings.TrimPrefix(in, "/.."), "/")
			out = out[:max(0, strings.LastIndexByte(out, '/'))]
		default:
			end := strings.IndexByte(in[1:], '/') + 1
			if end == 0 {
				end = len(in)
			}
			out, in = out+in[:end], in[end:]
		}
	}
	return out
}

// mux is what a handler of net/http gets, after one redirect of the ServeMux if it sends one.
func mux(raw string) string {
	served := ""
	m := http.NewServeMux()
	m.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { served = r.URL.Path })
	for range 2 {
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			return ""
		}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: u, RequestURI: raw, Host: "a.test"})
		to := w.Header().Get("Location")
		if to == "" {
			break
		}
		raw = to
	}
	return served
}
