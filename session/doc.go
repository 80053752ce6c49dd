// Package session is sessions for net/http: what a browser may remember of a person between two
// requests, kept on the server, opened by a signed cookie.
//
// # Start
//
//	sessions, err := session.New(session.Config{})
//	http.ListenAndServe("localhost:8080", sessions.Handler(mux))
//
//	const name session.Key[string] = "name"
//
//	func hello(w http.ResponseWriter, r *http.Request) {
//		s := session.From(r.Context())
//		who, _ := name.Get(s)
//		name.Set(s, r.FormValue("name"))
//		fmt.Fprintf(w, "Last time you were %q", who)
//	}
//
// So they live in the memory of the process, and end with it. To keep them, say where, and under
// which key:
//
//	keys, err := session.KeyFile("data/session.key")
//	home := session.Home{Store: sqlstore.SQLite(write, read)}
//	sessions, err := session.New(session.Config{Keys: keys, Home: home})
//
// [Session.SignIn] says who is there, [Session.Subject] asks, [Session.SignOut] ends it;
// [Session.Flash] leaves a message for the next page; [Key] names values and their types;
// [Manager.List], [Manager.End] and [Manager.EndAll] show and end the sessions of a person.
// [Manager.RequireSignedIn] keeps everybody else out of a page. Who signs in keeps what they held
// as a stranger, but nothing that another subject held, nor what the same request has set for that
// one before.
//
// The cookie is Secure. Browsers, and curl, send it to http://localhost nevertheless, but Safari
// does not: on your own machine set Cookie.PlainHTTP for it. Any other address takes TLS, and so
// does the cookie jar of a test (httptest.NewTLSServer). Tests of handlers need neither: package
// sessiontest signs a request in with one line. In templates the session is a value as any other;
// functions of html/template that need one at parse time take the empty one of
// From(context.Background()). A template writes as it goes, so a page whose first use of the
// session is in its middle must be rendered to a buffer first.
//
// # Homes of the data
//
// [Home] says where the data lives, with the same API on top:
//
//   - in a [store.Store], opened by a signed key in the cookie: package memstore for one process,
//     package sqlstore for SQLite, PostgreSQL, MariaDB and MySQL, package redisstore for Redis and
//     Valkey, package mongostore for MongoDB, or one of your own, which package sessiontest proves.
//     This is the only home that keeps every promise below.
//   - sealed in the cookie itself, for services without a store: package sealed, which says what it
//     cannot promise.
//   - in the cookie of a Flask application, which reads and writes it too: package flask.
//
// With a Format and a Store together the data travels in the cookie and the store says whether the
// session lives.
//
// A program that moves from one store to another makes one of the two with package movestore. One
// that moves out of a cookie, or to another cookie name, names the home of before in [Config].Old.
// Neither logs anybody out.
//
// # What is saved when
//
// A session is loaded at its first use in a request, and saved when the answer begins: at the final
// WriteHeader, the first Write, Flush or ReadFrom, a Hijack, or when the handler returns. Then the
// cookie is set, if one is due. A change after that is [ErrCommitted]: change first, write then. An
// informational answer (1xx) begins nothing.
//
// What is saved are the changes of this request, not the session as it saw it. So requests at the
// same time do not undo each other's work; where a change depends on what is there, as a counter
// does, use [Key.Update].
//
// The status of the answer does not matter: one of 500 saves like any other. So a value that was
// popped stays used up and a sign-out stands, whatever went wrong after it. A handler that gives up
// and wants nothing kept calls [Session.Discard] before it answers.
//
// Some calls do not wait for the answer: messages are removed from the store when [Session.Flashes]
// gives them, [Session.Save] and [Session.Issue] save what was changed so far, and [Manager.End],
// [Manager.EndAll] and [Manager.EndEverything] act at once.
//
// Nothing is saved when the handler panics before its answer begins, nor when a
// [http.TimeoutHandler] inside of [Manager.Handler] gives up on it. Recovery middleware belongs
// outside of it; one inside is noticed if it answers 5xx in its deferred function. With a
// TimeoutHandler outside a session may be saved whose cookie is then lost with the answer.
//
// # Errors
//
// Errors are sticky, as in [bufio.Writer]. After the first one the session does nothing more,
// [Session.Err] tells it, and in place of the handler's answer, of which not a byte or header is
// sent, comes that of [Config].ErrorHandler, with the status of [ErrorStatus]: 503 when the store
// is away, 500 for a mistake of the program, 413 for too much data, 303 to the same page or 401
// when the session was ended or renewed meanwhile, 409 when another request popped the same value.
// So a handler need not check anything; one that can do better looks at Err and calls
// [Session.Discard]. After an error nobody counts as signed in: what the handler does then is not
// sent anyway. Why something went wrong is told to ErrorHandler, of which the default logs the
// cause of every 5xx, and to Observe with Event.Err; neither puts it into the answer.
//
// What nobody would notice is told in the log (log/slog), each kind once: a session that is first
// used, or changed, after the answer has begun, and a request that did not pass through
// [Manager.Handler]. To change a session there panics. A page that asks for the session must be
// rendered to a buffer, or ask before its first byte.
//
// Reading is never the cause of an error page, unless the record cannot be loaded. A cookie or
// value that cannot be read is absent; the use of a session that cannot be written down is passed
// over.
//
// # Promises
//
//	P1   No update is lost       requests that write different keys both survive; Update is safe for counters
//	P2   Logout is final         no request in flight brings a session back, reading or writing
//	P3   Reading never writes    but for a note of the use, at most once a minute
//	P4   The first byte commits  whatever it is sent by; streaming, sendfile and upgrades work
//	P5   Fail closed             no save, no answer
//	P6   Strangers cost nothing  no record, no cookie; a forged cookie costs no visit to the store
//	P7   Broken is empty         never an error page
//	P8   A stolen database       signs nobody in: it holds hashes of the keys
//	P9   Safe by default         __Host- cookie, Secure, HttpOnly, SameSite=Lax; weak settings are refused
//	P10  Caches                  Vary: Cookie whenever the session was read; no-store when it identified somebody
//	P11  Size                    is an error at the write, not a silent loss
//	P12  Patience                a client that hangs up does not cancel the save
//	P13  See and end sessions    by id, by person, all but this one; obeyed at the next request
//	P14  Identity changes        the key changes
//
// All of them hold with a store that passes package sessiontest; in a cookie alone P1, P2 and P13
// do not, and the calls that need them answer [ErrUnsupported]; with a store beside the cookie only
// P1 does not. They end where other parts begin: a cookie taken from a browser opens the session
// for as long as that lives, whoever carries it; and cross-site requests carry the cookie within
// the rules of SameSite, so forms need [http.CrossOriginProtection] or tokens.
//
// # Limits and defaults
//
//	ordinary session               2 hours without use, 24 hours in all; the cookie goes with the browser
//	remembered session             7 days without use, 30 days in all; the cookie outlives the browser
//	a use is written down          once in 1 minute, or in a quarter of the idle limit if that is less
//	a visit to the store           5 seconds
//	keys and values                64 KiB together, encoded
//	name of a key                  1 to 128 bytes of UTF-8, not beginning with "_flash."
//	keys that one request changes  1024
//	waiting messages               64, then the oldest go
//	subject                        1 to 255 bytes of UTF-8
//	sessions of a subject          100, then a sign-in ends the longest unused
//	address and browser            cut to 64 and 256 bytes
//	tries after a conflict         128
//	an answer that lasts           learns within 5 seconds that its session ended, by a look every 2 seconds
//	sweeper                        batches of 100, every 1 minute
//	secret keys                    32 bytes or more
//	session key                    96 bits of id, 192 bits of secret, 192 bits of HMAC-SHA256
//	cookie                         4096 bytes with name and attributes
//
// # Keys
//
// A secret is 32 random bytes or more: [KeyFile] reads them from a file, or makes it; [NewKeyRing]
// takes them from elsewhere (openssl rand -hex 32, as it is or decoded). The first key of a
// [KeyRing] signs, all verify. To change keys without ending anybody's session, put the new one in
// front and keep the old one behind it for as long as the longest session may live; cookies are
// signed anew with the next note of their use. [Manager.SetKeys] does so without a restart, and
// [Manager.OldKeys] counts the sessions that still need the old key. Where several nodes change one
// after the other, let the new key first join behind the old one everywhere. Other parts of a
// program can sign and encrypt with the same ring, each for its own purpose: [KeyRing.Signer],
// [KeyRing.Sealer].
//
// # Programs that are no browsers
//
// With [Config].Header set, say to "X-Session-Key", a program sends that header empty with its
// sign-in, finds its key in the same header of the answer, and sends it from then on.
// [Session.Issue] makes such a key for somebody who is signed in with a browser. Without the
// setting no header, parameter or form field opens a session.
//
// # Concurrency
//
// A Manager, a KeyRing, a Signer, a Sealer and every Store are safe for concurrent use. A Session
// is safe for the goroutines of its request. The function given to Update runs with the session
// locked and must not use it. Callbacks of Config and stores get a context from which the session
// cannot be reached.
//
// # Cost
//
// A request that does not use its session, or comes from a stranger who has none: two allocations,
// and no visit to the store. One that reads: one Load, an HMAC and a hash (two Loads for a session
// that another has issued). One that writes: one Patch more; one that signs out, one Delete; one
// that signs in, a Patch or Create and a BySubject for the cap. Nothing reachable from a request is
// pooled. Records that are over cost nothing but room: [Manager.RunSweeper] frees it.
package session
