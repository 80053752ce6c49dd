package fromflask_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/fromflask"
)

// secret is in every URL here that has a password; %41 is its A.
const secret, written = "hunterA2", "hunter%412"

// quiet fails if an error holds a part of the secret.
func quiet(t *testing.T, err error) {
	t.Helper()
	if text := strings.ToLower(err.Error()); strings.Contains(text, "hunter") {
		t.Errorf("%v", err)
	}
}

func TestWrongURLs(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "flask", "localhost:27017", "http://" + secret + "@localhost/flask", "postgres://ada:" + secret + "@localhost/flask",
		"mongodb://", "mongodb://localhost:port/flask", "mongodb://localhost:99999/flask",
		"mongodb://ada:" + secret + "@/flask", "mongodb://ada:" + secret + "@localhost:port/flask",
		"mongodb://ada:hunter:2@localhost/flask", "mongodb://ada:hunter/2@localhost/flask", "mongodb://ada:hunter@2@localhost/flask",
		"mongodb://ada:hunter%zz@localhost/flask", "mongodb://hunter%zz@localhost/flask", "mongodb://ada:%zz@localhost/hunter",
		"mongodb://localhost/shop?appName=hunter@2", "mongodb://ada:%hunter@localhost", "mongodb://\x1b[2J:x", "mongodb://localhost:\x1b[2J",
		"mongodb://localhost/flask?authMechanism=" + secret, "mongodb://localhost/flask?connectTimeoutMS=" + secret,
		"mongodb://localhost/fla.sk" + secret + "?x", "mongodb://ada:" + secret + "@localhost/flask?tlsCertificateKeyFile=/" + secret,
		"mongodb://localhost/hunter%zz",
	} {
		source, err := fromflask.Open(address)
		if !errors.Is(err, fromflask.ErrURL) {
			t.Errorf("%s: %v", address, err)
			if err == nil {
				_ = source.Close(t.Context())
			}
			continue
		}
		quiet(t, err)
		if strings.ContainsAny(err.Error(), "\x1b") {
			t.Errorf("a terminal would obey %q", err)
		}
	}
}

// TestSecretOptions: whatever the server repeats of a URL's options that hold secrets, nobody reads
// it.
func TestSecretOptions(t *testing.T) {
	t.Parallel()
	for _, option := range []string{
		// Names that lower and upper case lengthen or shorten are no reason to stumble.
		"\u0130\u0130=x&\u212a=y&authMechanismProperties=AWS_SESSION_TOKEN:" + written,
		"AUTHMECHANISMPROPERTIES=AWS_SESSION_TOKEN:" + written,
	} {
		host := locked(t, bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 59}, {Key: "errmsg", Value: "no: " + written + " and " + secret}})
		source, err := fromflask.Open("mongodb://key:pass@" + host + "/shop?authMechanism=MONGODB-AWS&" + option)
		if err != nil {
			t.Errorf("%s: %v", option, err)
			continue
		}
		if _, err = source.Count(t.Context(), fromflask.Logs); err == nil {
			t.Error("no error")
		} else {
			quiet(t, err)
		}
		_ = source.Close(t.Context())
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"mongodb://localhost":  "flask on localhost",
		"mongodb://localhost/": "flask on localhost",
		"mongodb://ada:" + written + "@a,b:27018/shop?appName=x": "shop on a,b:27018",
		"mongodb://localhost/my%2Ddata?retryReads=false":         "my-data on localhost",
		"mongodb://%2Ftmp%2Fmongodb.sock/x":                      "x on /tmp/mongodb.sock",
		"mongodb://ada%2Flove:" + written + "@localhost/?w=1":    "flask on localhost",
	} {
		source, err := fromflask.Open(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := source.Name(); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
		_ = source.Close(t.Context())
	}
}

func TestSameDatabase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"mongodb://localhost/flask", "mongodb://localhost", true},
		{"mongodb://ada:x@a,b/flask", "mongodb://b,c/flask?replicaSet=r", true},
		{"mongodb://localhost/flask", "mongodb://localhost/door", false},
		{"mongodb://a/flask", "mongodb://b/flask", false},
		{"mongodb://localhost/flask", "sqlite", false},
		{"mongodb://localhost/flask", "", false},
	} {
		if got := fromflask.SameDatabase(tt.a, tt.b); got != tt.want {
			t.Errorf("%s, %s: %v", tt.a, tt.b, got)
		}
	}
}

// TestAway: nobody listens, somebody listens and hangs up, somebody listens and says nothing.
func TestAway(t *testing.T) {
	listen := func(answer func(net.Conn)) string {
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
				answer(c)
			}
		}()
		return l.Addr().String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, host := range map[string]string{
		"nobody": closed.Addr().String(),
		"closes": listen(func(c net.Conn) { _ = c.Close() }),
		"silent": listen(func(net.Conn) {}),
		"HTTP":   listen(func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")); _ = c.Close() }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := fromflask.Open("mongodb://ada:" + written + "@" + host + "/shop?serverSelectionTimeoutMS=50")
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close(context.Background())
			_, err = source.Count(t.Context(), fromflask.Logs)
			if !errors.Is(err, fromflask.ErrAway) || !strings.Contains(err.Error(), "shop on "+host) {
				t.Errorf("%v", err)
			}
			if err != nil {
				quiet(t, err)
			}
			for _, err := range source.Documents(t.Context(), fromflask.Logs) {
				if !errors.Is(err, fromflask.ErrAway) {
					t.Errorf("%v", err)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := source.Count(ctx, fromflask.Logs); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			t.Log(err)
		})
	}
}
