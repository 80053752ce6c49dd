package cli

import (
	"bufio"
	"errors"

	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session/flask"
)

type flaskCheckPasswordVerb struct {
	Legacy bool `help:"Also compare with the forms that Werkzeug gave up with 3.0: plain, and a digest without iterations."`
}

// Run answers each pair. A hash that cannot be used is an answer, a line that cannot be read is a
// failure.
func (f *flaskCheckPasswordVerb) Run(c *command) error {
	hasher, err := passhash.New(passhash.Config{Legacy: f.Legacy})
	if err != nil {
		return err
	}
	return eachLine(c, bufio.NewReaderSize(c.Stdin, 64<<10), `{"match":false,"error":`, func(out, line []byte) ([]byte, error) {
		if len(line) > maxLine {
			return out, errLong
		}
		var pair struct {
			Hash     *string `json:"hash"`
			Password *string `json:"password"`
		}
		if err := (flask.Codec{}).Unmarshal(line, &pair); err != nil {
			return out, err
		}
		if pair.Hash == nil || pair.Password == nil {
			return out, errors.New("no \"hash\" and \"password\"")
		}
		match, _, err := hasher.Verify(c.ctx, *pair.Hash, *pair.Password)
		switch {
		case errors.Is(err, passhash.ErrMalformed):
			return out, answer{err}
		case err != nil:
			return out, err
		case match:
			return append(out, `{"match":true}`...), nil
		}
		return append(out, `{"match":false}`...), nil
	})
}
