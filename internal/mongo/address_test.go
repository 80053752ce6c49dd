package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/internal/mongo"
)

// Whatever is wrong with the URL, nobody reads its password in an error.
func TestOpenTellsNoSecrets(t *testing.T) {
	t.Parallel()
	const canary, escaped = "s3cr3t/p@ss", "s3cr3t%2Fp%40ss"
	nobody := closedPort(t)
	for name, url := range map[string]string{
		"another scheme":      "postgres://ada:" + escaped + "@db/flask",
		"no scheme":           "ada:" + escaped + "@db/flask",
		"not escaped":         "mongodb://ada:" + canary + "@db/flask",
		"no host":             "mongodb://ada:" + escaped + "@/flask",
		"a bad port":          "mongodb://ada:" + escaped + "@db:port/flask",
		"a bad name":          "mongodb://ada:" + escaped + "@db/fl$ask",
		"an escaped bad name": "mongodb://ada:" + escaped + "@db/fl%24ask",
		"a long name":         "mongodb://ada:" + escaped + "@db/" + strings.Repeat("x", 64),
		"a bad setting":       "mongodb://ada:" + escaped + "@db/flask?connectTimeoutMS=soon",
		"a bad mechanism":     "mongodb://ada:" + escaped + "@db/flask?authMechanism=NONE",
		"a bad property":      "mongodb://ada@db/flask?authMechanism=MONGODB-OIDC&authMechanismProperties=TOKEN:" + escaped,
		"a certificate":       "mongodb://db/flask?tls=true&tlsCertificateKeyFile=/nowhere&tlsCertificateKeyFilePassword=" + escaped,
		"an odd certificate":  "mongodb://db/flask?serverSelectionTimeoutMS=200&tlsCertificateKeyFilePassword=" + canary + strings.Repeat("Ⱥ", 40),
		"nobody there":        "mongodb://ada:" + escaped + "@" + nobody + "/flask?serverSelectionTimeoutMS=200",
	} {
		db, err := mongo.Open(t.Context(), url, mongo.Options{})
		if err == nil {
			_ = db.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		for _, secret := range []string{canary, escaped, "s3cr3t"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// A server that is away, or that takes connections and says nothing, holds nobody up, and is named.
func TestOpenIsBounded(t *testing.T) {
	t.Parallel()
	if got, err := mongo.Limits("mongodb://db"); err != nil || got != [3]time.Duration{3 * time.Second, 3 * time.Second, 5 * time.Second} {
		t.Errorf("limits %v, %v; want 3 s for a connection, 3 s for a server, 5 s for a command", got, err)
	}
	// Either of the limits ends it alone, where the others are too long to.
	const long = "3600000"
	for name, limit := range map[string]string{
		"for a server":  "serverSelectionTimeoutMS=20&timeoutMS=" + long,
		"for a command": "timeoutMS=20&serverSelectionTimeoutMS=" + long,
	} {
		for what, host := range map[string]string{"nobody there": closedPort(t), "silence": silentPort(t)} {
			_, err := mongo.Open(t.Context(), "mongodb://"+host+"/?connectTimeoutMS="+long+"&"+limit, mongo.Options{})
			if err == nil || !strings.Contains(err.Error(), "no answer from the MongoDB at "+host) ||
				!strings.Contains(err.Error(), "context deadline exceeded") {
				t.Errorf("%s, the limit %s: %v", what, name, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	url := "mongodb://" + silentPort(t) + "/?connectTimeoutMS=" + long + "&serverSelectionTimeoutMS=" + long + "&timeoutMS=" + long
	if _, err := mongo.Open(ctx, url, mongo.Options{}); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("%v, want the end of the context", err)
	}
}

func TestOpenExplains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{driver.CommandError{Code: 18, Message: "no"}, "the MongoDB at db1:27017,db2:27017 refuses the user name or the password"},
		{driver.CommandError{Code: 8000, Message: "bad auth"}, "refuses the user name or the password"},
		{errors.New("auth error: sasl conversation error"), "refuses the user name or the password"},
		{driver.CommandError{Code: 13, Message: "no"}, "wants a user with the role readWrite on the database flask"},
		{fmt.Errorf("ping: %w", context.DeadlineExceeded), "no answer from the MongoDB at db1:27017,db2:27017"},
		{driver.CommandError{Code: 11600, Message: "shutting down"}, "the MongoDB at db1:27017,db2:27017: "},
	} {
		if got := mongo.Explain(c.err); !strings.Contains(got, c.want) {
			t.Errorf("%v is told as %q, want %q", c.err, got, c.want)
		}
	}
}

// closedPort gives an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// silentPort gives an address that takes connections, and no more.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
