-- Times are unix milliseconds in UTC, ids 24 hexadecimal digits.

CREATE TABLE developers (
	id            TEXT    PRIMARY KEY NOT NULL,
	name          TEXT    NOT NULL,
	email         TEXT    NOT NULL,
	email_key     TEXT    NOT NULL UNIQUE,
	skills        TEXT    NOT NULL, -- a JSON array of strings
	password_hash TEXT    NOT NULL,
	role          TEXT    NOT NULL,
	disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
	epoch         INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX developers_admin ON developers (role) WHERE role = 'admin' AND disabled = 0;

-- Failed attempts by key; see account.Counter.
CREATE TABLE throttle (
	key        TEXT    PRIMARY KEY NOT NULL,
	failures   INTEGER NOT NULL,
	last_at    INTEGER NOT NULL,
	until_at   INTEGER NOT NULL -- 0: no pause
) STRICT, WITHOUT ROWID;

CREATE INDEX throttle_last_at ON throttle (last_at);

-- The one setup link that may be open.
CREATE TABLE setup (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	token_hash BLOB    NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
