package mongostore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/session/store"
)

// TestExplained: no error tells what was to be stored, although servers do (a refused permission
// comes with the whole command), and all tell what went wrong.
func TestExplained(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	details, err := bson.Marshal(bson.M{"consideredValue": secret})
	if err != nil {
		t.Fatal(err)
	}
	write := mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121, Message: secret, Details: details, Raw: details}}, Raw: details}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		is   error
		text string
	}{
		"command":  {t.Context(), mongo.CommandError{Code: 13, Name: "Unauthorized", Message: secret}, nil, "mongostore: patch: the server answered error 13 (Unauthorized)"},
		"write":    {t.Context(), write, nil, "mongostore: patch: the server answered errors [121]"},
		"bulk":     {t.Context(), mongo.BulkWriteException{WriteErrors: []mongo.BulkWriteError{{WriteError: write.WriteErrors[0]}}}, nil, "errors [121]"},
		"concern":  {t.Context(), mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64, Message: secret}}, nil, "errors [64]"},
		"unfit":    {t.Context(), &serverError{mongo.CommandError{Code: 28, Name: "PathNotViable", Message: secret}, store.ErrUnreadable}, store.ErrUnreadable, "28 (PathNotViable)"},
		"too late": {t.Context(), mongo.CommandError{Code: 50, Name: "MaxTimeMSExpired", Message: secret}, context.DeadlineExceeded, "50 (MaxTimeMSExpired)"},
		"ended":    {ended, mongo.CommandError{Code: 11601, Name: "Interrupted", Message: secret}, context.Canceled, "11601"},
		"network":  {t.Context(), mongo.CommandError{Labels: []string{"NetworkError"}, Message: "EOF"}, nil, "mongostore: patch: the connection to the server broke"},
		"other":    {t.Context(), mongo.ErrClientDisconnected, mongo.ErrClientDisconnected, "mongostore: patch: "},
	} {
		err := explained(c.ctx, "patch", c.err)
		if text := err.Error(); strings.Contains(text, secret) || !strings.Contains(text, c.text) {
			t.Errorf("%s: %q, want %q and no secret", name, text, c.text)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v, want %v", name, err, c.is)
		}
		var server mongo.ServerError
		if errors.As(c.err, &server) != errors.As(err, &server) {
			t.Errorf("%s: the driver's error cannot be found", name)
		}
	}
	for _, answer := range []error{nil, store.ErrNotFound, store.ErrConflict, store.ErrExists} {
		if got := explained(t.Context(), "patch", answer); got != answer {
			t.Errorf("%v became %v", answer, got)
		}
	}
}
