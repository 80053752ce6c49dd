package sqlstore

// SQLiteSchema makes the table that SQLite keeps its records in, with the name that it has by default. It changes nothing
// when the table is there. A program with migrations of its own takes it as one of them; others call Store.CreateSchema.
const SQLiteSchema = `CREATE TABLE IF NOT EXISTS "sessions" (
	id         TEXT    NOT NULL PRIMARY KEY, -- 24 hexadecimal digits
	digest     BLOB    NOT NULL,             -- SHA-256 of the secret half of the session key
	version    INTEGER NOT NULL,
	key_id     TEXT    NOT NULL,
	subject    TEXT    NOT NULL,             -- '' for a stranger
	created    INTEGER NOT NULL,             -- this and the other times: milliseconds since 1970 in UTC
	signed_in  INTEGER NOT NULL,             -- -62135596800000 (the year 1) for a stranger
	last_seen  INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	deadline   INTEGER NOT NULL,
	idle       INTEGER NOT NULL,             -- milliseconds
	persist    INTEGER NOT NULL,             -- 0 or 1
	addr       TEXT    NOT NULL,
	user_agent TEXT    NOT NULL,
	data       BLOB    NOT NULL              -- session.Values.AppendBinary
) STRICT;
CREATE INDEX IF NOT EXISTS "sessions_subject" ON "sessions" (subject) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS "sessions_expires" ON "sessions" (expires);
`
