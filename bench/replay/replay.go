// Package replay is a front before a server of MongoDB's protocol that knows the answers: what was
// asked before in the same words is answered from memory, at once, with what the server said then.
// So a client can be measured at the pace of a server that is quick, on a machine where it would
// share the processors with one that is slow.
//
// Only questions whose answer does not matter for the time are answered so: find, insert and
// update. Writes after the first of their kind never reach the server. It is for measuring and for
// nothing else.
package replay

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Front is a front that listens on a port of this machine.
type Front struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	answers  sync.Map // by question, of []byte
	passing  atomic.Bool
	asked    atomic.Int64
	replayed atomic.Int64
}

// Listen begins to hand questions on to the server that dial reaches. After Replay it answers in
// its name.
func Listen(dial func() (net.Conn, error)) (*Front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Front{listener: listener, dial: dial}
	f.Pass()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	return f, nil
}

// URL names a database behind the front.
func (f *Front) URL(database string) string {
	return "mongodb://" + f.listener.Addr().String() + "/" + database
}

// Pass hands every question on, as at the start.
func (f *Front) Pass() {
	f.passing.Store(true)
}

// Replay begins to remember answers, and to give them again, also those from before Pass was
// called.
func (f *Front) Replay() { f.passing.Store(false) }

// Share is how many of the questions were answered from memory, from 0 to 1.
func (f *Front) Share() float64 { return float64(f.replayed.Load()) / float64(max(f.asked.Load(), 1)) }

// Close takes no more connections. Those there are end with their clients.
func (f *Front) Close() { _ = f.listener.Close() }

// The parts of a message that matter here:
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	header         = 16 // length, id, id of the request, operation: four little-endian 32-bit numbers
	longest        = 48_000_000
	opMsg          = 2013
	moreToCome     = 1 << 1
	exhaustAllowed = 1 << 16
)

func (f *Front) serve(client net.Conn) {
	defer client.Close()
	server, err := f.dial()
	if err != nil {
		return
	}
	defer server.Close()
	for {
		message, err := read(client)
		if err != nil {
			return
		}
		f.asked.Add(1)
		key := question(message)
		answer, ok := f.answers.Load(key)
		if passing := f.passing.Load(); key == "" || !ok || passing {
			fresh, err := ask(server, message)
			if err != nil {
				return
			}
			if answer = fresh; key != "" && !passing && fine(fresh) {
				f.answers.Store(key, answer)
			}
		} else {
			f.replayed.Add(1)
		}
		reply := append([]byte(nil), answer.([]byte)...)
		copy(reply[8:12], message[4:8]) // it is the answer to this request
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

func ask(server io.ReadWriter, message []byte) ([]byte, error) {
	if binary.LittleEndian.Uint32(message[12:]) == opMsg && len(message) >= header+4 { // one answer to each message
		flags := binary.LittleEndian.Uint32(message[header:])
		binary.LittleEndian.PutUint32(message[header:], flags&^(moreToCome|exhaustAllowed))
	}
	if _, err := server.Write(message); err != nil {
		return nil, err
	}
	return read(server)
}

// question gives what makes two questions the same, "" for those that are always asked: the command
// and its collection, of a find what it looks for, of a write how many documents it has.
func question(message []byte) string {
	command, documents := body(message)
	elements, err := command.Elements()
	if err != nil || len(elements) == 0 {
		return ""
	}
	name, collection := elements[0].Key(), elements[0].Value().String()
	database := command.Lookup("$db").String()
	switch name {
	case "find":
		return fmt.Sprint(name, database, collection, command.Lookup("filter"), command.Lookup("sort"), command.Lookup("limit"))
	case "insert", "update":
		for _, list := range []string{"documents", "updates"} {
			if array, ok := command.Lookup(list).ArrayOK(); ok {
				values, _ := array.Values()
				documents += len(values)
			}
		}
		return fmt.Sprint(name, database, collection, documents)
	}
	return ""
}

// body gives the command of an OP_MSG and how many documents come beside it.
func body(message []byte) (command bson.Raw, documents int) {
	if len(message) < header+5 || binary.LittleEndian.Uint32(message[12:]) != opMsg {
		return nil, 0
	}
	for rest := message[header+4:]; len(rest) >= 5; {
		kind := rest[0]
		size := int(binary.LittleEndian.Uint32(rest[1:]))
		if size < 5 || size > len(rest)-1 {
			break // the checksum at the end
		}
		part := rest[1 : 1+size]
		rest = rest[1+size:]
		if kind == 0 {
			command = bson.Raw(part)
			continue
		}
		for at := 4 + 1 + len(cString(part[4:])); at+4 <= len(part); documents++ {
			at += max(int(binary.LittleEndian.Uint32(part[at:])), 5)
		}
	}
	return command, documents
}

// cString gives what stands before the first zero.
func cString(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// fine reports whether an answer is one that may be given again: without an error, and whole.
func fine(answer []byte) bool {
	command, _ := body(answer)
	if command == nil {
		return false
	}
	if id, ok := command.Lookup("cursor", "id").AsInt64OK(); ok && id != 0 {
		return false // there is more, to be fetched from the server
	}
	ok, _ := command.Lookup("ok").AsFloat64OK()
	_, failed := command.Lookup("writeErrors").ArrayOK()
	return ok == 1 && !failed
}

// read reads one whole message.
func read(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n < header || n > longest {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	message := make([]byte, n)
	copy(message, size[:])
	_, err := io.ReadFull(r, message[len(size):])
	return message, err
}
