package redisstore

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"strings"
)

// Call is one command for the server: EVALSHA or EVAL. Strings are bytes, of any value.
type Call struct {
	Name   string   // "EVALSHA" or "EVAL"
	Script string   // the SHA-1 of the script, or the script
	Keys   []string // all of one slot, never none
	Args   []string
}

// NumKeys is the argument that stands between the script and the keys.
func (c Call) NumKeys() string { return strconv.Itoa(len(c.Keys)) }

// Command returns the whole command, word by word: for clients that take it as a list.
func (c Call) Command() []any {
	words := make([]any, 0, 3+len(c.Keys)+len(c.Args))
	words = append(words, c.Name, c.Script, c.NumKeys())
	for _, key := range c.Keys {
		words = append(words, key)
	}
	for _, arg := range c.Args {
		words = append(words, arg)
	}
	return words
}

// Eval sends one command to the primary that holds its keys, and returns the reply or the error. It
// is called by many goroutines at once, returns when ctx is done, and does not send a command again
// whose answer was lost.
//
// The reply is always an array of strings: a []any whose elements are string or []byte, a []string,
// or a [][]byte. An error that the server answered keeps the server's text, which begins with a
// word such as NOSCRIPT or OOM.
type Eval func(ctx context.Context, c Call) (any, error)

// script is a Lua script and its name in the server's cache.
type script struct{ source, sha1 string }

func newScript(source string) script {
	sum := sha1.Sum([]byte(source)) // a name and no secret: Redis knows scripts by it
	return script{source, hex.EncodeToString(sum[:])}
}

// run runs a script. A server that does not know it (it was restarted, or took over) did nothing,
// so it is sent in full.
func (s *Store) run(ctx context.Context, script script, keys, args []string) ([]string, error) {
	if err := ctx.Err(); err != nil { // not every client asks
		return nil, err
	}
	reply, err := s.eval(ctx, Call{"EVALSHA", script.sha1, keys, args})
	if err != nil && strings.Contains(err.Error(), "NOSCRIPT") {
		reply, err = s.eval(ctx, Call{"EVAL", script.source, keys, args})
	}
	if err != nil {
		return nil, err
	}
	return words(reply)
}

// full reports whether the server refused a command because its memory is used up. Redis 6 puts
// words before it.
func full(err error) bool { return strings.Contains(err.Error(), "OOM command not allowed") }
