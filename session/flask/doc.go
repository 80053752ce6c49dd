// Package flask reads and writes the session cookie of Flask, so that a Go program and a Flask
// application beside it can share one: the signature of ItsDangerous, the compression, and Flask's
// tagged JSON, which knows tuples, bytes, dates, UUIDs and safe HTML. It was written from a
// description of the format and checked against cookies of Flask 2.2 to 3.1.
//
// # Sessions
//
// As the home of sessions of package session, with the records of who is signed in beside it in a
// store:
//
//	app := flask.Config{SecretKey: key, Subject: whoIsSignedIn}
//	config, err := app.Sessions(session.Config{Keys: keys, Home: session.Home{Store: store}})
//	sessions, err := session.New(config)
//
// [Config] has what must be known of the Flask application; [Config.Home] is for the time after it.
// A secret key is taken as it is, however short: whoever can guess it signs in as anybody, so ask
// for 16 bytes at least, and see Published.
//
// # Cookies
//
//	signer, err := flask.NewSigner(flask.Keys{Secret: secret, Fallbacks: old})
//	text, at, old, err := signer.Verify(cookie, time.Now(), flask.DefaultMaxAge) // the session as JSON text
//	values, err := flask.Split(text)                                              // a text for each key
//	err = flask.Codec{}.Unmarshal(values["user"], &user)
//
//	values["user"], err = flask.Codec{}.Marshal(user)
//	text, err = flask.Join(values)
//	cookie := signer.Sign(text, time.Now())
//
// What is signed can be read by everybody who has the cookie. It cannot be forged without the key,
// but it can be copied, and an older one put back: Flask alone cannot tell.
//
// # What is refused
//
// The reader takes what Flask writes, with any JSON spacing and order (some servers do not sort, or
// write UTF-8), and no other spelling. Flask's own reader takes more, and answers some signed
// cookies with an error page; here each is an error that says nothing of the cookie's contents.
//
//   - A signature, timestamp or payload in any base64 but the canonical one: no padding, spare bits
//     zero.
//   - A signature by no key; an age over the greatest one, or below zero.
//   - zlib data that is cut short, fails its checksum or has something behind it.
//   - Text that is not JSON, with Python's additions NaN, Infinity and -Infinity. Of equal keys the
//     last one counts.
//   - A tag that does not hold what Flask writes into it: a date must be an HTTP date with the
//     right weekday, a UUID 32 lower case digits, bytes in padded standard base64.
//   - A session that is no dict.
//
// The limits:
//
//	a cookie's value        32 KiB        Limits.Cookie, before anything else is done
//	its text, inflated      1 MiB         Limits.JSON
//	depth                   256           lists and dicts in each other, tags counted; Flask reads 490, writes 300
//	digits of an integer    4300          as Python since 3.11
//	age                     the caller's  DefaultMaxAge, 31 days, is Flask's; for sessions that are not permanent, too
//	clocks                  equal         Limits.Leeway; Flask refuses a cookie from one second ahead
//
// The writer compresses where that saves 4 bytes or more (Flask: 2). What compress/zlib writes
// differs from zlib's bytes, as that of any other deflate does, and reads the same.
//
// # How values map
//
//	Python            JSON                 Go, read into any      Go types that are written so
//	None              null                 nil                    nil pointers, maps and slices, the zero time.Time
//	bool              true                 bool                   bool
//	int               42                   int64, else *big.Int   all integers, big.Int
//	float             1.0, 1e+16, NaN      float64                float64, float32
//	str               "text"               string                 string, encoding.TextMarshaler
//	bytes             {" b":"aGk="}        []byte                 []byte
//	list              […]                  []any                  slices, arrays
//	tuple             {" t":[…]}           Tuple                  Tuple
//	dict              {…}                  map[string]any         maps (keys: text or integers), structs
//	Markup            {" m":"<b>"}         template.HTML          template.HTML
//	UUID              {" u":"…"}           UUID                   UUID
//	datetime          {" d":"…GMT"}        time.Time, UTC         time.Time, cut to seconds
//	dict {" t": 1}    {" di":{" t__":1}}   map[string]any         a dict of one entry whose key is a tag
//
// Structs follow the rules of encoding/json: names, "-", omitempty, omitzero and embedded structs;
// "string" has no effect. json.Number and json.RawMessage are written as the JSON they are, and so
// is what a json.Marshaler returns; objects in it are dicts and never tags. Such types are read
// from plain JSON in turn: a date is a text as in RFC 3339, bytes are base64, a UUID has dashes, a
// tuple is an array. A text is never read into template.HTML, for nobody said that it is safe;
// markup is read into a string.
//
// Two things are lost between Python and Python, and so here: fractions of a second, and years
// below 100, which are read as 1969 to 2068. Half of a surrogate pair, which a Python text can
// hold, is held in its three-byte form (WTF-8); anything else that is not UTF-8 is refused when it
// is written.
package flask
