package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/doorbook/doorbook/bench/program"
)

var errTooLong = errors.New("the answer is too long")

// answer is one HTTP/1.1 answer as the load generator needs it. Its memory is used again for the
// next.
type answer struct {
	status int
	close  bool // the server closes the connection after it
	body   []byte
}

// read takes the next answer to a GET off a connection. It does what http.ReadResponse does for a
// tenth of the work, so that the generator leaves the processor to the servers.
func (a *answer) read(r *bufio.Reader) error {
	a.body, a.close = a.body[:0], false
	line, err := readLine(r)
	if err != nil {
		return err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return fmt.Errorf("not an HTTP/1 answer: %.40q", line)
	}
	a.close = line[7] == '0'
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return fmt.Errorf("not a status line: %.40q", line)
	}
	length, chunked, err := a.readHeader(r)
	if err != nil {
		return err
	}
	switch {
	case chunked:
		return a.readChunks(r)
	case length >= 0:
		return a.readBody(r, length)
	}
	a.close = true
	rest, err := io.ReadAll(io.LimitReader(r, program.MaxAnswer))
	a.body = append(a.body, rest...)
	return err
}

// readHeader reads to the end of the header, and returns how its body comes: so many bytes, or in
// chunks; -1 and false for up to the end of the connection.
func (a *answer) readHeader(r *bufio.Reader) (length int, chunked bool, err error) {
	length = -1
	for {
		line, err := readLine(r)
		if err != nil {
			return 0, false, err
		}
		if len(line) == 0 {
			return length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return 0, false, fmt.Errorf("bad length: %.40q", value)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			a.close = a.close || bytes.EqualFold(value, []byte("close"))
		}
	}
}

func (a *answer) readChunks(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("bad chunk: %.40q", line)
		}
		if err := a.readBody(r, int(n)); err != nil {
			return err
		}
		if line, err = readLine(r); err != nil {
			return err
		}
		if len(line) != 0 {
			return errors.New("a chunk is longer than it says")
		}
		if n == 0 {
			return nil
		}
	}
}

func (a *answer) readBody(r *bufio.Reader, n int) error {
	have := len(a.body)
	if have+n > program.MaxAnswer {
		return errTooLong
	}
	if need := have + n; cap(a.body) < need {
		a.body = append(a.body, make([]byte, n)...)
	} else {
		a.body = a.body[:need]
	}
	_, err := io.ReadFull(r, a.body[have:])
	return err
}

// readLine gives a line without its end. It is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
