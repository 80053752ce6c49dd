package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// ReadEntry and ReadDeveloper read documents as they are stored, whoever wrote them.
func ReadEntry(doc bson.Raw) book.Entry {
	e, _ := readEntry(doc)
	return e
}

func ReadDeveloper(doc bson.Raw) account.Developer { return readDeveloper(doc) }

// CursorOf gives the cursor of a document's entry, and the same again after reading it.
func CursorOf(doc bson.Raw) (cursor, again string, err error) {
	_, at := readEntry(doc)
	p, err := parseCursor(at.cursor())
	return at.cursor(), p.cursor(), err
}

// Limits gives how long a database of that URL may take for a connection, to be found, and for a
// command.
func Limits(url string) ([3]time.Duration, error) {
	a, err := parse(url)
	if err != nil {
		return [3]time.Duration{}, err
	}
	o := settings(a.options, Options{})
	return [3]time.Duration{*o.ConnectTimeout, *o.ServerSelectionTimeout, *o.Timeout}, nil
}

// Explain gives an operator's sentence for an error of Open.
func Explain(err error) string {
	return explain(err, []string{"db1:27017", "db2:27017"}, "flask").Error()
}
