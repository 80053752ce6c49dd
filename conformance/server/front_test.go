package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/doorbook/doorbook/conformance/server"
)

var servers server.Rack

func TestMain(m *testing.M) {
	code := m.Run()
	servers.Close()
	os.Exit(code)
}

const adders, addsEach = 16, 25

// count lets many add one to a number at once, over connections of their own, and gives the sum.
// Every second addition of the mute ones wants no answer.
func count(t *testing.T, address, name string, mute bool) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(address).SetHeartbeatInterval(500 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	numbers := client.Database("front_" + name).Collection("numbers")
	defer func() { _ = numbers.Database().Drop(context.Background()) }()
	if _, err := numbers.InsertOne(ctx, bson.M{"_id": 1, "n": 0}); err != nil {
		t.Fatal(err)
	}
	unheard := numbers.Clone(options.Collection().SetWriteConcern(writeconcern.Unacknowledged()))
	var all sync.WaitGroup
	for range adders {
		all.Go(func() {
			for i := range addsEach {
				into := numbers
				if mute && i%2 == 0 {
					into = unheard
				}
				_, err := into.UpdateOne(ctx, bson.M{"_id": 1}, bson.M{"$inc": bson.M{"n": 1}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var got struct{ N int }
	for range 100 { // what nobody waited for may be on its way yet
		if err := numbers.FindOne(ctx, bson.M{"_id": 1}).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if !mute || got.N == adders*addsEach {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return got.N
}

// behindFront gives the address of FerretDB behind its front, unless tests run over a server that
// needs none.
func behindFront(t *testing.T) string {
	t.Helper()
	address := servers.Mongo(t)
	if server.RealMongo() {
		t.Log("a real MongoDB has no front")
		return ""
	}
	return address
}

// TestFront: nothing that many write at once is lost, also where the writer wants no answer.
func TestFront(t *testing.T) {
	address := behindFront(t)
	if address == "" {
		return
	}
	for name, mute := range map[string]bool{"heard": false, "unheard": true} {
		t.Run(name, func(t *testing.T) {
			if n := count(t, address, name, mute); n != adders*addsEach {
				t.Errorf("%d updates are left of %d", n, adders*addsEach)
			}
		})
	}
	t.Logf("without the front %d updates are left of %d", count(t, servers.MongoDirect(t), "direct", false), adders*addsEach)
}

// TestFrontDatabases: whoever works in one database waits for nobody in another. The server behind
// this front answers for the first only when it was asked for the second.
func TestFrontDatabases(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	asked, two := make(chan struct{}, 2), make(chan struct{})
	go func() {
		<-asked
		<-asked
		close(two)
	}()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				message, err := server.ReadMessage(conn)
				if err != nil {
					return
				}
				asked <- struct{}{}
				<-two
				_, _ = conn.Write(message)
			}()
		}
	}()
	address, stop, err := server.StartFront(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	var all sync.WaitGroup
	for _, name := range []string{"first", "second"} {
		all.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			message := about(t, name)
			if _, err := conn.Write(message); err != nil {
				t.Error(err)
			}
			if answer, err := server.ReadMessage(conn); err != nil || !bytes.Equal(answer, message) {
				t.Errorf("%s: %q, %v", name, answer, err)
			}
		})
	}
	all.Wait()
}

// about gives a message about a database, behind whose command's documents the command itself
// stands.
func about(t *testing.T, database string) []byte {
	t.Helper()
	command, err := bson.Marshal(bson.D{{Key: "insert", Value: "numbers"}, {Key: "$db", Value: database}})
	if err != nil {
		t.Error(err)
	}
	documents := []byte("documents\x00\x05\x00\x00\x00\x00")
	message := binary.LittleEndian.AppendUint32(nil, uint32(16+4+1+4+len(documents)+1+len(command)))
	message = append(message, "\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x01"...)
	message = binary.LittleEndian.AppendUint32(message, uint32(4+len(documents)))
	message = append(message, documents...)
	return append(append(message, 0), command...)
}

// TestFrontClients: a client that stops in the middle of a message, goes away, or sends what is
// none, holds nobody up.
func TestFrontClients(t *testing.T) {
	address := behindFront(t)
	if address == "" {
		return
	}
	for name, sent := range map[string]string{
		"half a length":   "\x00\x01",
		"half a message":  "\x00\x01\x00\x00\x01\x00\x00\x00",
		"too short":       "\x04\x00\x00\x00",
		"too long":        "\xff\xff\xff\x7f\x01\x00\x00\x00",
		"no operation":    "\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00",
		"an empty OP_MSG": "\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(address, "mongodb://"), "/"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // late, so that others come by while it waits
			if _, err := conn.Write([]byte(sent)); err != nil {
				t.Fatal(err)
			}
			if n := count(t, address, "clients", false); n != adders*addsEach {
				t.Errorf("%d updates are left of %d", n, adders*addsEach)
			}
		})
	}
}
