package mongo

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// defaultName is the database of the original application.
const defaultName = "flask"

// maxDatabase is the longest name of a database, in bytes.
const maxDatabase = 63

// address is what a URL says.
type address struct {
	options *options.ClientOptions
	name    string // of the database
	secrets secrets
}

// parse reads a URL. Its errors do not hold the URL, which may hold a password.
func parse(text string) (a address, err error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme != "mongodb" && scheme != "mongodb+srv" {
		return address{}, errors.New("the URL of the database begins with mongodb:// or mongodb+srv://")
	}
	a.secrets = secretsOf(text, rest)
	a.options = options.Client().ApplyURI(text)
	if err := a.options.Validate(); err != nil {
		if strings.Contains(err.Error(), "URL escape") { // and goes on with a piece of it
			return address{}, errors.New("the URL of the database cannot be read: special characters of a name or password are percent-encoded, % as %25")
		}
		return address{}, a.secrets.hide(fmt.Errorf("the URL of the database cannot be used: %w", err))
	}
	a.name = defaultName
	rest, _, _ = strings.Cut(rest, "?")
	if _, path, _ := strings.Cut(rest, "/"); path != "" {
		if a.name, err = url.PathUnescape(path); err != nil {
			return address{}, errors.New("the name of the database in the URL cannot be read")
		}
	}
	if len(a.name) > maxDatabase || strings.ContainsAny(a.name, "/\\. \"$*<>:|?\x00") {
		return address{}, fmt.Errorf("the URL ends in a name that no database may have: at most %d bytes, none of /\\. \"$*<>:|?",
			maxDatabase)
	}
	return a, nil
}

// secretsOf finds in a URL what must not be told: the password, in every form in which it may come
// back, and the URL.
func secretsOf(text, rest string) secrets {
	s := secrets{text}
	rest, query, _ := strings.Cut(rest, "?")
	end := strings.LastIndex(rest, "@") // the last one: an @ that should have been escaped is the password's
	if end < 0 {
		end = 0
	}
	add := func(secret string) {
		if plain, err := url.PathUnescape(secret); err == nil && plain != secret && plain != "" {
			s = append(s, plain)
		}
		if secret != "" {
			s = append(s, secret)
		}
	}
	if _, password, ok := strings.Cut(rest[:end], ":"); ok {
		add(password)
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		// As tlsCertificateKeyFilePassword, and tokens among the properties of a mechanism.
		if strings.Contains(strings.ToLower(name), "password") || strings.EqualFold(name, "authMechanismProperties") {
			add(value)
		}
	}
	return s
}
