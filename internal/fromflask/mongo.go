package fromflask

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/book"
)

// The errors of a source. Their texts hold nothing of the URL but its hosts and its database, and
// nothing that a terminal would obey, whatever the server says.
var (
	ErrURL  = errors.New("not a MongoDB URL that can be used")
	ErrAuth = errors.New("the database wants a user name and password that may read it")
	ErrAway = errors.New("the database does not answer")
)

const (
	defaultDatabase = "flask"

	selectTime = 10 * time.Second // for a server to be found, unless the URL says otherwise
	answerTime = 2 * time.Minute  // for the server to give the next documents
	pageSize   = 1000             // documents in one answer, which MongoDB bounds at 16 MB besides
	maxText    = 500              // bytes of what the server or the driver says
)

// Mongo is a Source over MongoDB. It only reads. It is safe for concurrent use.
type Mongo struct {
	client  *mongo.Client
	db      *mongo.Database
	hosts   []string
	secrets []string
}

// Open prepares to read the database that the URL names in its path, or "flask"; the first reading
// connects. ErrURL.
func Open(address string) (*Mongo, error) {
	opts, database, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	if opts.ServerSelectionTimeout == nil {
		opts.SetServerSelectionTimeout(selectTime)
	}
	client, err := mongo.Connect(opts.SetAppName("doorbook import"))
	if err != nil {
		return nil, wrongURL(address, err)
	}
	return &Mongo{client: client, db: client.Database(database), hosts: opts.Hosts, secrets: secretsOf(address)}, nil
}

// Close ends the connections.
func (m *Mongo) Close(ctx context.Context) error {
	if err := m.client.Disconnect(ctx); err != nil {
		return m.explain(ctx, err)
	}
	return nil
}

// Name names the database and its servers, for people to read.
func (m *Mongo) Name() string {
	return book.Inert(m.db.Name()+" on "+strings.Join(m.hosts, ","), maxText)
}

// SameDatabase reports whether two URLs name one database, as far as their texts tell.
func SameDatabase(a, b string) bool {
	x, xName, errX := parseURL(a)
	y, yName, errY := parseURL(b)
	return errX == nil && errY == nil && xName == yName && slices.ContainsFunc(x.Hosts, func(host string) bool {
		return slices.Contains(y.Hosts, host)
	})
}

func parseURL(address string) (opts *options.ClientOptions, database string, err error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "mongodb" && scheme != "mongodb+srv" {
		return nil, "", fmt.Errorf("%w: it begins with mongodb:// or mongodb+srv://", ErrURL)
	}
	opts = options.Client().ApplyURI(address)
	if err := opts.Validate(); err != nil {
		return nil, "", wrongURL(address, err)
	}
	_, path, _ := strings.Cut(rest[strings.Index(rest, "@")+1:], "/")
	path, _, _ = strings.Cut(path, "?")
	if database, err = url.PathUnescape(path); err != nil {
		return nil, "", wrongURL(address, err)
	}
	if database == "" {
		database = defaultDatabase
	}
	return opts, database, nil
}

// wrongURL tells what the driver says only if the URL has no place for a secret: the driver quotes
// what it cannot read.
func wrongURL(address string, err error) error {
	if strings.ContainsAny(address, "@?%") {
		return fmt.Errorf("%w: mongodb://USER:PASSWORD@HOST/DATABASE?OPTIONS, with special characters of user name and password as %%40, %%3A, %%2F …", ErrURL)
	}
	return fmt.Errorf("%w: %s", ErrURL, book.Inert(err.Error(), maxText))
}

// Count implements Source.
func (m *Mongo) Count(ctx context.Context, collection string) (int64, error) {
	n, err := m.db.Collection(collection).EstimatedDocumentCount(ctx)
	if err != nil {
		return 0, m.explain(ctx, err)
	}
	return n, nil
}

// Documents implements Source.
func (m *Mongo) Documents(ctx context.Context, collection string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		limited, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		cursor, err := m.db.Collection(collection).Find(limited, bson.D{}, options.Find().
			SetSort(bson.D{{Key: "_id", Value: 1}}).SetBatchSize(pageSize))
		if err != nil {
			yield(nil, m.explain(ctx, err))
			return
		}
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = cursor.Close(closing) // the server ends it too, after ten minutes
		}()
		for m.next(ctx, cursor) {
			if !yield(cursor.Current, nil) {
				return
			}
		}
		if err := cursor.Err(); err != nil {
			yield(nil, m.explain(ctx, err))
		}
	}
}

// next is cursor.Next with a limit of time for each answer of the server.
func (m *Mongo) next(ctx context.Context, cursor *mongo.Cursor) bool {
	if cursor.RemainingBatchLength() > 0 {
		return cursor.Next(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return cursor.Next(ctx)
}

// explain makes an error of the driver one that may be shown. It does not wrap the driver's, so
// that nobody can show that.
func (m *Mongo) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	text := err.Error()
	if before, after, found := strings.Cut(text, ", current topology"); found { // a long description of all servers
		text = before
		if _, last, found := strings.Cut(after, "Last error: "); found {
			text, _, _ = strings.Cut(last, " }")
		}
	}
	for _, secret := range m.secrets {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	text = book.Inert(text, maxText)
	kind := ErrAway
	var answer mongo.ServerError
	switch {
	case isAuth(err):
		kind = ErrAuth
	case errors.As(err, &answer) && !mongo.IsNetworkError(err):
		return fmt.Errorf("%s: %s", m.Name(), text)
	}
	return fmt.Errorf("%s: %w: %s", m.Name(), kind, text)
}

func isAuth(err error) bool {
	const unauthorized, authenticationFailed = 13, 18 // https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
	var answer mongo.ServerError
	if errors.As(err, &answer) && (answer.HasErrorCode(unauthorized) || answer.HasErrorCode(authenticationFailed)) {
		return true
	}
	text := err.Error() // while connecting the driver has other types of errors, which are not its public ones
	return strings.Contains(text, "auth error") || strings.Contains(text, "AuthenticationFailed")
}

// secretsOf lists what of a URL must not be shown, as it is written and as it is meant, longest
// first.
func secretsOf(address string) []string {
	_, rest, _ := strings.Cut(address, "://")
	var secrets []string
	add := func(s string) {
		plain, err := url.PathUnescape(s)
		if err != nil {
			plain = s
		}
		secrets = append(secrets, s, plain)
	}
	if user, after, found := strings.Cut(rest, "@"); found { // the driver, too, takes the first one
		name, password, _ := strings.Cut(user, ":")
		add(name)
		add(password)
		rest = after
	}
	_, query, _ := strings.Cut(rest, "?")
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		for _, secret := range []string{"authMechanismProperties", "tlsCertificateKeyFilePassword", "sslClientCertificateKeyPassword"} {
			if strings.EqualFold(name, secret) {
				add(value)
				for property := range strings.SplitSeq(value, ",") { // as AWS_SESSION_TOKEN:…
					_, token, _ := strings.Cut(property, ":")
					add(token)
				}
			}
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}
