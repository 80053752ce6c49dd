package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/session/flask"
)

type flaskVerb struct {
	Decode        flaskDecodeVerb        `cmd:"" help:"Read Flask session cookies, one a line, and print what is in them."`
	Encode        flaskEncodeVerb        `cmd:"" help:"Sign Flask sessions, one JSON object {\"session\":…,\"timestamp\":N} a line, and print the cookies."`
	CheckPassword flaskCheckPasswordVerb `cmd:"" help:"Compare passwords with Werkzeug's hashes, one JSON object {\"hash\":…,\"password\":…} a line."`
}

// maxLine is how long a line may be. A longer one gets its answer, too.
const maxLine = 4 << 20

var errLong = fmt.Errorf("longer than %d bytes", maxLine)

// flaskKeys is how the verbs get the application's keys: never as an argument, which everybody on
// the machine can see.
type flaskKeys struct {
	SecretKeyFile string   `placeholder:"FILE" help:"File with the application's SECRET_KEY, taken byte for byte but for a line end after it; - for the first line of standard input. Else DOORBOOK_FLASK_SECRET_KEY, or the file that DOORBOOK_FLASK_SECRET_KEY_FILE names."`
	FallbackFile  []string `placeholder:"FILE" sep:"none" help:"File with a key of SECRET_KEY_FALLBACKS. May be given several times. Else DOORBOOK_FLASK_SECRET_KEY_FALLBACKS."`
}

// signer makes the signer of the keys, however weak they are: it only reads and writes cookies.
func (k flaskKeys) signer(c *command, in *bufio.Reader) (*flask.Signer, error) {
	keys, err := k.read(c, in)
	if err != nil {
		return nil, usage(err)
	}
	if len(keys.Key) == 0 {
		return nil, usage(errors.New("no secret key: name its file with --secret-key-file, or set DOORBOOK_FLASK_SECRET_KEY"))
	}
	for _, name := range k.FallbackFile {
		key, err := config.ReadFlaskKey("--fallback-file", name)
		if err != nil {
			return nil, usage(err)
		}
		keys.Fallbacks = append(keys.Fallbacks, key)
	}
	s, err := flask.NewSigner(flask.Keys{Secret: keys.Key, Fallbacks: keys.Fallbacks})
	if err != nil {
		return nil, usage(err)
	}
	return s.Limit(flask.Limits{Cookie: maxLine}), nil
}

// read reads the keys that an option names, else those of the environment.
func (k flaskKeys) read(c *command, in *bufio.Reader) (keys config.Flask, err error) {
	switch k.SecretKeyFile {
	case "":
		return config.AnyFlaskKeys(c.env)
	case "-":
		line, err := readLine(in, nil)
		if err != nil {
			return keys, errors.New("--secret-key-file: standard input has no first line")
		}
		keys.Key, err = config.FlaskKey("--secret-key-file", string(bytes.TrimSuffix(line, []byte("\r"))))
		return keys, err
	}
	keys.Key, err = config.ReadFlaskKey("--secret-key-file", k.SecretKeyFile)
	return keys, err
}

type flaskDecodeVerb struct {
	flaskKeys
	MaxAge int64  `default:"2678400" placeholder:"SECONDS" help:"How old a cookie may be (${default}, Flask's 31 days)."`
	Now    *int64 `placeholder:"UNIX" help:"The time to judge by, in seconds since 1970. Default: the present."`
}

// Run answers each cookie. One that is refused is an answer, not a failure.
func (f *flaskDecodeVerb) Run(c *command) error {
	if f.MaxAge < 0 || f.MaxAge > math.MaxInt64/int64(time.Second) {
		return usage(errors.New("--max-age: not a number of seconds that can be counted with"))
	}
	in := bufio.NewReaderSize(c.Stdin, 64<<10)
	signer, err := f.signer(c, in)
	if err != nil {
		return err
	}
	return eachLine(c, in, `{"ok":false,"error":`, func(out, line []byte) ([]byte, error) {
		now := time.Now()
		if f.Now != nil {
			now = time.Unix(*f.Now, 0)
		}
		text, at, _, err := signer.Verify(string(line), now, time.Duration(f.MaxAge)*time.Second)
		if err != nil {
			return out, answer{err}
		}
		values, err := flask.Split(text)
		if err == nil {
			text, err = flask.Join(values)
		}
		if err != nil {
			return out, answer{err}
		}
		out = append(append(out, `{"ok":true,"session":`...), text...)
		return append(strconv.AppendInt(append(out, `,"age":`...), now.Unix()-at.Unix(), 10), '}'), nil
	})
}

type flaskEncodeVerb struct {
	flaskKeys
}

// Run signs each session.
func (f *flaskEncodeVerb) Run(c *command) error {
	in := bufio.NewReaderSize(c.Stdin, 64<<10)
	signer, err := f.signer(c, in)
	if err != nil {
		return err
	}
	return eachLine(c, in, `{"ok":false,"error":`, func(out, line []byte) ([]byte, error) {
		text, at, err := readSession(line)
		if err != nil {
			return out, err
		}
		return append(out, signer.Sign(text, at)...), nil
	})
}

// readSession reads a line for encode. Without a timestamp the time is the present.
func readSession(line []byte) (text []byte, at time.Time, err error) {
	if len(line) > maxLine {
		return nil, at, errLong
	}
	given, err := flask.Split(line)
	if err != nil {
		return nil, at, err
	}
	session, ok := given["session"]
	if !ok {
		return nil, at, errors.New("no \"session\"")
	}
	values, err := flask.Split(session)
	if err != nil {
		return nil, at, fmt.Errorf("\"session\": %w", err)
	}
	at = time.Now()
	if stamp, ok := given["timestamp"]; ok {
		seconds, err := strconv.ParseInt(string(stamp), 10, 64)
		if err != nil || seconds < 0 {
			return nil, at, errors.New("\"timestamp\": not a number of seconds since 1970")
		}
		at = time.Unix(seconds, 0)
	}
	text, err = flask.Join(values)
	return text, at, err
}

// answer is an error that is what was asked for: it does not count as a failure.
type answer struct{ error }

// eachLine gives every line that is left of standard input to f, without its line feed, and writes what f
// appends to out as one line, at once. If f fails, the line is the error behind refused, and the
// rest of the lines have their answers all the same.
func eachLine(c *command, in *bufio.Reader, refused string, f func(out, line []byte) ([]byte, error)) error {
	failed, lines := 0, 0
	var line, out []byte
	for {
		var err error
		line, err = readLine(in, line[:0])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		lines++
		if out, err = f(out[:0], line); err != nil {
			text, _ := json.Marshal(err.Error()) // a text always has its JSON
			out = append(append(append(out[:0], refused...), text...), '}')
			if !errors.As(err, new(answer)) {
				failed++
			}
		}
		if _, err := c.Stdout.Write(append(out, '\n')); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d lines failed", failed, lines)
	}
	return nil
}

// readLine reads up to the next line feed, which it leaves out, and which the last line need not
// have. Of a line that is longer than maxLine it keeps one byte more than that.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for some := false; ; some = true {
		part, err := in.ReadSlice('\n')
		ended := err == nil
		if ended {
			part = part[:len(part)-1]
		}
		line = append(line, part[:min(len(part), maxLine+1-len(line))]...)
		switch {
		case ended, errors.Is(err, io.EOF) && (some || len(part) > 0):
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}
