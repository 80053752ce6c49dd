package server

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// front stands before a server of MongoDB's protocol and hands it one message at a time for each
// database, over all connections: the next one when the answer to the last has come. FerretDB needs
// it, whose updates read, change and write back without a lock; but no message changes two
// databases.
//
// Beyond the order nothing is changed but two flags, so that every message has one answer: a writer
// that wants none does not get it, and a monitor that would take many in a row (a streaming
// heartbeat) asks again for each.
type front struct {
	listener net.Listener
	dial     func() (net.Conn, error)

	mu     sync.Mutex
	turns  map[string]*sync.Mutex // by database: held from a message to its answer
	open   map[net.Conn]bool      // nil: closed
	served sync.WaitGroup
}

// The parts of a message that matter here:
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#standard-message-header
const (
	headerSize     = 16 // length, id, id of the request, operation: four little-endian 32-bit numbers
	maxMessage     = 48_000_000
	opMsg          = 2013
	moreToCome     = 1 << 1
	exhaustAllowed = 1 << 16

	answerTime = 60 * time.Second // for the server to answer one message
)

// newFront begins to listen at a free port of this machine.
func newFront(dial func() (net.Conn, error)) (*front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{listener: listener, dial: dial, turns: make(map[string]*sync.Mutex), open: make(map[net.Conn]bool)}
	f.served.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			f.served.Go(func() { f.serve(client) })
		}
	})
	return f, nil
}

func (f *front) address() string { return f.listener.Addr().String() }

// close ends all connections and waits until nothing of the front runs any more.
func (f *front) close() {
	_ = f.listener.Close()
	f.mu.Lock()
	for conn := range f.open {
		_ = conn.Close()
	}
	f.open = nil
	f.mu.Unlock()
	f.served.Wait()
}

// keep notes a connection, so that close can end it. It gives what forgets it.
func (f *front) keep(conn net.Conn) (forget func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil {
		_ = conn.Close()
		return func() {}
	}
	f.open[conn] = true
	return func() {
		_ = conn.Close()
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.open, conn)
	}
}

// serve carries messages of one client until either side ends the connection. What the client has
// sent in part never reaches the server, and what the server answers is read whole before the next
// message may pass: so nobody waits for a client that went away, or that is slow.
func (f *front) serve(client net.Conn) {
	defer f.keep(client)()
	server, err := f.dial()
	if err != nil {
		_ = client.Close()
		return
	}
	defer f.keep(server)()
	for {
		message, err := readMessage(client)
		if err != nil {
			return
		}
		mute := calm(message)
		answer, err := f.ask(server, message)
		if err != nil {
			return
		}
		if mute {
			continue
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// ask sends the server a message and gives its answer, while nobody else does so for the same
// database.
func (f *front) ask(server net.Conn, message []byte) ([]byte, error) {
	turn := f.turn(database(message))
	turn.Lock()
	defer turn.Unlock()
	if err := server.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	if _, err := server.Write(message); err != nil {
		return nil, err
	}
	return readMessage(server)
}

func (f *front) turn(database string) *sync.Mutex {
	f.mu.Lock()
	defer f.mu.Unlock()
	turn := f.turns[database]
	if turn == nil {
		turn = new(sync.Mutex)
		f.turns[database] = turn
	}
	return turn
}

// database gives the one that a message is about, "" for a message that names none.
func database(message []byte) string {
	if binary.LittleEndian.Uint32(message[12:]) != opMsg {
		return ""
	}
	const flags, kind, length = 4, 1, 4
	for sections := message[min(headerSize+flags, len(message)):]; len(sections) > kind+length; {
		size := kind + int64(binary.LittleEndian.Uint32(sections[kind:]))
		if size < kind+length || size > int64(len(sections)) {
			break
		}
		if sections[0] == 0 { // the command itself; others are lists of documents that belong to it
			name, _ := bson.Raw(sections[kind:size]).Lookup("$db").StringValueOK()
			return name
		}
		sections = sections[size:]
	}
	return ""
}

// calm takes the flags off a message that would have it answered never or often. It reports whether
// the client wants no answer.
func calm(message []byte) (mute bool) {
	if binary.LittleEndian.Uint32(message[12:]) != opMsg || len(message) < headerSize+4 {
		return false
	}
	flags := binary.LittleEndian.Uint32(message[headerSize:])
	binary.LittleEndian.PutUint32(message[headerSize:], flags&^(moreToCome|exhaustAllowed))
	return flags&moreToCome != 0
}

// readMessage reads one whole message.
func readMessage(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n < headerSize || n > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", n)
	}
	message := make([]byte, n)
	copy(message, size[:])
	_, err := io.ReadFull(r, message[len(size):])
	return message, err
}
