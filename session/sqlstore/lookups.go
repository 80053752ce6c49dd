package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/doorbook/doorbook/session/internal/together"
	"github.com/doorbook/doorbook/session/store"
)

// lookups finds rows by their ids in a database that is a file. There a row is found in less time
// than the way to it takes: the connection, the statement, the locks of the file, and a goroutine,
// without which nobody could leave what is stuck. So one statement serves all who asked before it
// was begun.
type lookups struct {
	sized [5]statement // for 1, 2, 4, 8 and 16 ids
	line  together.Line[lookup]
}

// lookup is a question for one id. Several may share its answer.
type lookup struct {
	id  string
	row *row
	err error // sql.ErrNoRows: there is none
}

func (l *lookups) prepare(read *sql.DB, d *dialect, table string) {
	for i := range l.sized {
		text := "SELECT id, {columns}, data FROM {table} WHERE id IN (?" + strings.Repeat(", ?", 1<<i-1) + ")"
		l.sized[i].db, l.sized[i].text, l.sized[i].unkept = read, d.statement(text, table), d.unkept
	}
	l.line.Most, l.line.AtOnce, l.line.Go = 1<<(len(l.sized)-1), 4, l.answer
}

// find returns a row, live or not, as it was stored when find was called, or later. It returns when
// its context ends, whatever the database does.
func (l *lookups) find(ctx context.Context, id store.ID) (*row, error) {
	q := &lookup{id: id.String(), err: sql.ErrNoRows}
	q, err := l.line.Ask(ctx, q, func(other *lookup) bool { return other.id == q.id })
	if err != nil {
		return nil, err
	}
	return q.row, q.err
}

// answer runs one statement for a batch. An error is that of all whose row was not read before.
func (l *lookups) answer(batch []*lookup) {
	err := l.read(batch)
	if cutOff(err) {
		err = l.read(batch)
	}
	for _, q := range batch {
		if err != nil && q.err == sql.ErrNoRows {
			q.err = err
		}
	}
}

// read notes the rows of a batch. It goes without a context, which would cost two goroutines more,
// in database/sql and in the driver: who asks waits no longer than their own.
func (l *lookups) read(batch []*lookup) error {
	size := 0
	for 1<<size < len(batch) {
		size++
	}
	args := make([]any, 1<<size)
	for i := range args {
		args[i] = batch[min(i, len(batch)-1)].id // the last once more, where there are fewer
	}
	run, err := l.sized[size].on(context.Background(), nil)
	if err != nil {
		return err
	}
	rows, err := run.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		found := &row{}
		err := rows.Scan(append(append([]any{&id}, found.targets()...), &found.data)...)
		for _, q := range batch {
			if q.id == id { // which is read before what may be broken
				q.row, q.err = found, err
			}
		}
	}
	return rows.Err()
}
