package sqlstore

// SQLiteSchema makes the table that SQLite keeps its records in, with the name that it has by
// default. It changes nothing when the table is there. A program with migrations of its own takes
// it as one of them; others call Store.CreateSchema.
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
	parent     TEXT    NOT NULL DEFAULT '',  -- the session that this one dies with; '' for none
	state      TEXT    NOT NULL DEFAULT '',  -- store.State; '' for an ordinary session
	data       BLOB    NOT NULL              -- store.Values.AppendBinary
) STRICT;
CREATE INDEX IF NOT EXISTS "sessions_subject" ON "sessions" (subject) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS "sessions_expires" ON "sessions" (expires);
`

// PostgreSQLSchema is what SQLiteSchema is, for PostgreSQL.
const PostgreSQLSchema = `CREATE TABLE IF NOT EXISTS "sessions" (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- 24 hexadecimal digits
	digest     BYTEA    NOT NULL,                     -- SHA-256 of the secret half of the session key
	version    BIGINT   NOT NULL,
	key_id     TEXT     NOT NULL,
	subject    BYTEA    NOT NULL,                     -- '' for a stranger
	created    BIGINT   NOT NULL,                     -- this and the other times: milliseconds since 1970 in UTC
	signed_in  BIGINT   NOT NULL,                     -- -62135596800000 (the year 1) for a stranger
	last_seen  BIGINT   NOT NULL,
	expires    BIGINT   NOT NULL,
	deadline   BIGINT   NOT NULL,
	idle       BIGINT   NOT NULL,                     -- milliseconds
	persist    SMALLINT NOT NULL,                     -- 0 or 1
	addr       BYTEA    NOT NULL,
	user_agent BYTEA    NOT NULL,
	parent     TEXT     NOT NULL DEFAULT '',          -- the session that this one dies with; '' for none
	state      TEXT     NOT NULL DEFAULT '',          -- store.State; '' for an ordinary session
	data       BYTEA    NOT NULL                      -- store.Values.AppendBinary
);
CREATE INDEX IF NOT EXISTS "sessions_subject" ON "sessions" (subject) WHERE subject <> '';
CREATE INDEX IF NOT EXISTS "sessions_expires" ON "sessions" (expires);
`

// MySQLSchema is what SQLiteSchema is, for MariaDB and MySQL.
const MySQLSchema = "CREATE TABLE IF NOT EXISTS `sessions` (" + `
	id         CHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, -- 24 hexadecimal digits
	digest     BINARY(32)      NOT NULL,            -- SHA-256 of the secret half of the session key
	version    BIGINT          NOT NULL,
	key_id     VARBINARY(64)   NOT NULL,
	subject    VARBINARY(1024) NOT NULL,            -- '' for a stranger
	created    BIGINT          NOT NULL,            -- this and the other times: milliseconds since 1970 in UTC
	signed_in  BIGINT          NOT NULL,            -- -62135596800000 (the year 1) for a stranger
	last_seen  BIGINT          NOT NULL,
	expires    BIGINT          NOT NULL,
	deadline   BIGINT          NOT NULL,
	idle       BIGINT          NOT NULL,            -- milliseconds
	persist    TINYINT         NOT NULL,            -- 0 or 1
	addr       VARBINARY(1024) NOT NULL,
	user_agent VARBINARY(1024) NOT NULL,
	parent     VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '', -- the session that this one dies with; '' for none
	state      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '', -- store.State; '' for an ordinary session
	data       LONGBLOB        NOT NULL,            -- store.Values.AppendBinary
	KEY subject (subject),
	KEY expires (expires)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;
`
