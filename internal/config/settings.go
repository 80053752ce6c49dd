package config

import (
	"fmt"
	"slices"
	"strings"
)

// A Setting is something that whoever runs the program may decide. Here stands all that is said of
// it: --help, the tables of docs/settings.md, what is refused and which names are known are made
// from it. The field that holds a flag's value has nothing but the flag's name beside it.
type Setting struct {
	Env     string   // DOORBOOK_…; "" for what only a flag says
	Flag    string   // without its dashes; "" for what no flag says
	Value   string   // what the value is, in one word of capitals; "" for a switch
	Default string   // holds when nothing is said
	Unset   string   // where no Default is: what holds then, in words
	Meaning string   // a text with `code` in it
	Choices []string // all values there are; nil when there are more than can be told

	// Secret is what nobody else may see. It may be in a file, which Env+"_FILE" names, and an empty
	// one is refused, because it is a mistake in whatever was to fill it in.
	Secret bool
	Verbs  []string // those that have it, as they are typed; the first one's table shows it
}

// The verbs that have settings.
const (
	VerbServe       = "serve"
	VerbHealth      = "healthcheck"
	VerbUserAdd     = "user add"
	VerbPassword    = "user password"
	VerbUsers       = "user list"
	VerbInvite      = "user invite"
	VerbLink        = "user password-link"
	VerbDisable     = "user disable"
	VerbEnable      = "user enable"
	VerbRole        = "user role"
	VerbGroups      = "user groups"
	VerbDelete      = "user delete"
	VerbSessions    = "session list"
	VerbEnd         = "session end"
	VerbEndAll      = "session end-all"
	VerbTokens      = "token list"
	VerbTokenAdd    = "token add"
	VerbTokenEnd    = "token end"
	VerbKeys        = "keys list"
	VerbRotate      = "keys rotate"
	VerbGateCheck   = "gate check"
	VerbImportFlask = "import flask"
	VerbDecode      = "flask decode"
	VerbEncode      = "flask encode"
)

// Settings lists all there are, in the order in which they are shown.
func Settings() []Setting {
	return slices.Concat(serveSettings(), issueSettings(), secretSettings(), importSettings())
}

// onData lists the verbs that open an installation.
func onData() []string {
	return slices.Concat([]string{
		VerbServe, VerbUserAdd, VerbPassword, VerbImportFlask, VerbSessions, VerbEnd, VerbEndAll,
		VerbTokens, VerbTokenAdd, VerbTokenEnd, VerbKeys, VerbRotate,
	}, onLinks(), []string{VerbUsers, VerbDisable, VerbEnable, VerbRole, VerbGroups, VerbDelete, VerbGateCheck})
}

// onLinks lists the verbs that print a link to the site.
func onLinks() []string { return []string{VerbInvite, VerbLink} }

func serveSettings() []Setting {
	data := onData()
	serve := data[:1]
	where := slices.Concat([]string{VerbServe, VerbHealth, VerbGateCheck}, onLinks()) // what says where the server answers
	return []Setting{
		{
			Env: "DOORBOOK_ADDR", Flag: "addr", Value: "HOST:PORT", Default: defaultAddr, Verbs: where,
			Meaning: "where the server listens",
		},
		{
			Env: "DOORBOOK_DATA", Flag: "data", Value: "DIR", Unset: "`$XDG_DATA_HOME/doorbook`, else `~/.local/share/doorbook`", Verbs: data,
			Meaning: "the data directory, made with mode 0700",
		},
		{
			Env: "DOORBOOK_PUBLIC_URL", Flag: "public-url", Value: "URL", Unset: "the address listened on", Verbs: where,
			Meaning: "the address that people use; decides how cookies are protected and what links say. With a path " +
				"(`https://example.org/door`) the whole site is below it, `/healthz` too; requests must come with it, so a proxy passes them on as " +
				"they are",
		},
		{
			Env: "DOORBOOK_TRUSTED_PROXIES", Flag: "trusted-proxies", Value: "LIST", Unset: "none", Verbs: serve,
			Meaning: "addresses and networks (CIDR), comma separated, whose word about a visitor's address is believed",
		},
		{
			Env: "DOORBOOK_CLIENT_ADDR_HEADER", Flag: "client-addr-header", Value: "NAME", Default: "X-Forwarded-For", Verbs: serve,
			Meaning: "the one header in which they name it, such as `Forwarded` (RFC 7239), `X-Real-IP` or `CF-Connecting-IP`; no other is ever read",
		},
		{
			Env: "DOORBOOK_HOSTS", Flag: "hosts", Value: "LIST", Unset: "none", Verbs: serve,
			Meaning: "names under which the site is also served, comma separated, besides the public URL's. This machine's name, `localhost`, " +
				"addresses in digits, names without a dot, and `.local`, `.lan`, `.home.arpa`, `.internal` always are; under any other it " +
				"answers 421",
		},
		{
			Env: "DOORBOOK_TLS_CERT", Flag: "tls-cert", Value: "FILE", Unset: "none", Verbs: where,
			Meaning: "a certificate with its chain (PEM): the program itself speaks TLS and HTTP/2, without a proxy. Changed files are taken anew " +
				"within a second or so of the next connection",
		},
		{
			Env: "DOORBOOK_TLS_KEY", Flag: "tls-key", Value: "FILE", Unset: "none", Verbs: serve,
			Meaning: "the certificate's private key (PEM)",
		},
		{
			Env: "DOORBOOK_COOKIE_PREFIX", Flag: "cookie-prefix", Value: "WORD", Unset: "none", Verbs: serve,
			Meaning: "stands before the names of our cookies (`__Host-WORD-session`), where another Doorbook, or a program with a cookie " +
				"`session`, is on the same host",
		},
		{
			Env: "DOORBOOK_REGISTRATION", Flag: "registration", Value: "WHO", Unset: "what administrators say on the page Registration; at first `open`, with an application behind the door `invite`",
			Choices: []string{"open", "invite", "closed"}, Verbs: serve,
			Meaning: "who may make an account by themselves; `invite`: nobody, administrators invite people. What is said here is fixed",
		},
		{
			Env: "DOORBOOK_REGISTRATION_DOMAINS", Flag: "registration-domains", Value: "LIST", Unset: "what administrators say; all at first", Verbs: serve,
			Meaning: "domains of e-mail addresses, comma separated, that may register (`example.org`; not those below it); `*` for all",
		},
		{
			Env: "DOORBOOK_REGISTRATION_APPROVAL", Flag: "registration-approval", Value: "WHETHER", Unset: "what administrators say; `no` at first",
			Choices: []string{"yes", "no"}, Verbs: serve,
			Meaning: "whether an administrator has to approve who registers, before they can sign in",
		},
		{
			Env: "DOORBOOK_APP", Flag: "app", Value: "[HOST=]URL", Unset: "none", Verbs: where,
			Meaning: "an application behind the door, which everybody must sign in for: `http://127.0.0.1:3000`, or `unix:/run/app.sock`; several " +
				"as `wiki.example.org=http://10.0.0.5:8000`, comma separated in the environment, where the flag may be repeated. `wiki.example.org` " +
				"alone is one that a proxy before Doorbook reaches itself. Our own pages then stand below `/.doorbook`, or the path of the public URL",
		},
		{
			Env: "DOORBOOK_GATE", Flag: "gate", Value: "FILE", Unset: "none", Verbs: where,
			Meaning: "applications with rules, in TOML ([the gate](gate.md)); what no rule names is denied. Taken anew at SIGHUP",
		},
		{
			Env: "DOORBOOK_SESSION_IDLE", Flag: "session-idle", Value: "TIME", Default: "2h", Verbs: serve,
			Meaning: "how long somebody may do nothing and stay signed in, from `5m` to `24h`; with `--sessions flask` Flask's 31 days hold",
		},
		{
			Env: "DOORBOOK_REMEMBER", Flag: "remember", Value: "TIME", Default: "30d", Verbs: serve,
			Meaning: "how long somebody stays signed in who ticks \"Keep me signed in\", used or not, from `1d` to `400d`; `0` takes the box away",
		},
		{
			Env: "DOORBOOK_COOKIE_SECURE", Flag: "cookie-secure", Value: "WHEN", Default: "auto", Choices: []string{"auto", "never"}, Verbs: serve,
			Meaning: "`never` for a browser that takes no Secure cookie from localhost",
		},
		{
			Env: "DOORBOOK_HSTS", Flag: "hsts", Value: "FOR", Default: "host", Choices: []string{"host", "subdomains", "none"}, Verbs: serve,
			Meaning: "with an https address, for which hosts browsers are told to use TLS, for a year: this one, all domains below it, too, or " +
				"none. It is said by our own pages; applications say it for themselves",
		},
		{
			Env: "DOORBOOK_HSTS_SUBDOMAINS", Flag: "hsts-subdomains", Unset: "off", Verbs: serve,
			Meaning: "`true`: the same as `--hsts subdomains`",
		},
		{
			Env: "DOORBOOK_SESSIONS", Flag: "sessions", Value: "WHERE", Default: "store", Choices: []string{"store", SharedWithFlask}, Verbs: serve,
			Meaning: "`flask`: sessions travel in the cookie of a Flask application, which reads and writes it too ([from Flask](from-flask.md))",
		},
		{
			Env: "DOORBOOK_FLASK_COOKIE", Flag: "flask-cookie", Value: "NAME", Default: "session", Verbs: serve,
			Meaning: "the name of that cookie",
		},
		{
			Env: "DOORBOOK_PASSWORDS", Flag: "passwords", Value: "FORM", Unset: "`argon2id`; `pbkdf2` with `--sessions flask`",
			Choices: []string{"argon2id", "scrypt", "pbkdf2"}, Verbs: data[:3],
			Meaning: "what new password hashes look like; `scrypt` (Werkzeug 2.3 and later) or `pbkdf2` (any Werkzeug) while a Flask application " +
				"reads them too, which cannot read argon2id",
		},
	}
}

func secretSettings() []Setting {
	all := onData()
	flask := []string{VerbServe, VerbDecode, VerbEncode}
	return []Setting{
		{
			Env: "DOORBOOK_DATABASE", Secret: true, Default: "sqlite", Verbs: all,
			Meaning: "`mongodb://USER:PASSWORD@HOST/NAME` (or `mongodb+srv://`) keeps everything on MongoDB 6.0 or later; `@:/?#[]%` in a password " +
				"as in a URL (`%40` for `@`); without a name the database is `flask`",
		},
		{
			Env: "DOORBOOK_FLASK_SECRET_KEY", Secret: true, Unset: "none", Verbs: flask,
			Meaning: "the Flask application's `SECRET_KEY`, 16 bytes or more, taken byte for byte (but a line end after it in a file); `hex:…` for " +
				"one that is bytes",
		},
		{
			Env: "DOORBOOK_FLASK_SECRET_KEY_FALLBACKS", Secret: true, Unset: "none", Verbs: flask,
			Meaning: "its `SECRET_KEY_FALLBACKS`, comma separated",
		},
		{
			Env: "DOORBOOK_SECRET_KEY", Secret: true, Unset: "the file `secret.key` in the data directory", Verbs: all,
			Meaning: "signs cookies; 32 bytes or more",
		},
		{
			Env: "DOORBOOK_SECRET_KEY_FALLBACKS", Secret: true, Unset: "none", Verbs: all,
			Meaning: "other keys that still verify, comma separated (so a key should hold no comma)",
		},
	}
}

func importSettings() []Setting {
	verb := []string{VerbImportFlask}
	return []Setting{
		{
			Env: "DOORBOOK_IMPORT_FROM", Flag: "from", Value: "URL", Secret: true, Unset: "required", Verbs: verb,
			Meaning: "the original application's database, `mongodb://HOST/DATABASE`; without a name `flask`. It is only read. With a password in it " +
				"rather use the environment or a file, because everybody on a machine sees the flags of its programs",
		},
		{
			Flag: "dry-run", Unset: "off", Verbs: verb,
			Meaning: "read and check everything, write nothing, report what would be done with an empty database: what is there already is not looked at",
		},
		{
			Flag: "admin", Value: "EMAIL", Unset: "nobody", Verbs: verb,
			Meaning: "makes this one an administrator, also if already copied; may be repeated",
		},
		{
			Flag: "report", Value: "FILE", Unset: "none", Verbs: verb,
			Meaning: "every document that was not simply copied, as JSON lines; the last line has the totals. A new file, mode 0600. The terminal " +
				"shows the first 20 of each reason",
		},
	}
}

// ByFlag finds the setting that a flag of a verb says.
func ByFlag(verb, flag string) (Setting, bool) {
	list := Settings()
	i := slices.IndexFunc(list, func(s Setting) bool { return s.Flag == flag && slices.Contains(s.Verbs, verb) })
	if i < 0 {
		return Setting{}, false
	}
	return list[i], true
}

// oneOf refuses a value of a flag that is none of its choices.
func oneOf(flag, value string) error {
	s, ok := ByFlag(VerbServe, flag)
	if ok && slices.Contains(s.Choices, value) {
		return nil
	}
	return fmt.Errorf("--%s: %q is none of %s", flag, value, strings.Join(s.Choices, ", "))
}
