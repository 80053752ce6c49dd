package fromflask_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/fromflask"
)

// The messages of MongoDB's protocol that are spoken here:
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	opReply = 1
	opQuery = 2004 // the first message of a client
	opMsg   = 2013
)

// locked is a server that answers everything but the greeting with an error.
func locked(t *testing.T, refusal bson.D) (host string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for answer(c, refusal) == nil {
				}
			}()
		}
	}()
	return l.Addr().String()
}

func answer(c net.Conn, refusal bson.D) error {
	var header [16]byte
	if _, err := io.ReadFull(c, header[:]); err != nil {
		return err
	}
	message := make([]byte, binary.LittleEndian.Uint32(header[:])-16)
	if _, err := io.ReadFull(c, message); err != nil {
		return err
	}
	code := binary.LittleEndian.Uint32(header[12:])
	greeting := code == opQuery || strings.Contains(string(message), "\x10hello\x00") || strings.Contains(string(message), "ismaster")
	doc := raw(refusal)
	if greeting {
		doc = raw(bson.D{
			{Key: "ok", Value: 1},
			{Key: "isWritablePrimary", Value: true},
			{Key: "helloOk", Value: true},
			{Key: "maxWireVersion", Value: 21},
			{Key: "maxBsonObjectSize", Value: 16 << 20},
			{Key: "maxMessageSizeBytes", Value: 48_000_000},
			{Key: "maxWriteBatchSize", Value: 100_000},
			{Key: "saslSupportedMechs", Value: bson.A{"SCRAM-SHA-256"}},
		})
	}
	body, reply := append(make([]byte, 5), doc...), uint32(opMsg)
	if code == opQuery {
		body, reply = append(append(make([]byte, 16), 1, 0, 0, 0), doc...), opReply
	}
	out := make([]byte, 16, 16+len(body))
	binary.LittleEndian.PutUint32(out, uint32(16+len(body)))
	copy(out[8:], header[4:8]) // what it answers
	binary.LittleEndian.PutUint32(out[12:], reply)
	_, err := c.Write(append(out, body...))
	return err
}

// TestLocked: a server that wants to know who asks, one that does not believe it, and one that has
// another reason. Even if it repeats the password, nobody reads it.
func TestLocked(t *testing.T) {
	refusal := func(code int, name string) bson.D {
		return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "codeName", Value: name}, {Key: "errmsg", Value: "no: " + secret + " " + written + "\x1b[2J\n\u202e"}}
	}
	for _, tt := range []struct {
		name, user string
		refusal    bson.D
		want       error
		text       string
	}{
		{"nobody", "", refusal(13, "Unauthorized"), fromflask.ErrAuth, "user name and password"},
		{"somebody else", "ada:" + written + "@", refusal(18, "AuthenticationFailed"), fromflask.ErrAuth, "user name and password"},
		{"another reason", "", refusal(59, "CommandNotFound"), nil, "CommandNotFound"},
		{
			"a question mark in the password", "ada:x?" + written + "@", bson.D{
				{Key: "ok", Value: 0}, {Key: "code", Value: 18}, {Key: "errmsg", Value: "no: x?" + written + " x?" + secret},
			}, fromflask.ErrAuth, "user name and password",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := locked(t, tt.refusal)
			source, err := fromflask.Open("mongodb://" + tt.user + host + "/shop?serverSelectionTimeoutMS=500")
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close(t.Context())
			_, err = source.Count(t.Context(), fromflask.Developers)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), "shop on "+host) {
				t.Fatal(err)
			}
			if tt.want == nil && (errors.Is(err, fromflask.ErrAuth) || errors.Is(err, fromflask.ErrAway)) {
				t.Error(err)
			}
			if tt.user != "" {
				quiet(t, err)
			}
			if strings.ContainsAny(err.Error(), "\x1b\n\u202e") {
				t.Errorf("a terminal would obey %q", err)
			}
		})
	}
}
