CREATE TABLE developers (
	id            TEXT    PRIMARY KEY NOT NULL,
	name          TEXT    NOT NULL,
	email         TEXT    NOT NULL,
	email_key     TEXT    NOT NULL UNIQUE,
	skills        TEXT    NOT NULL, -- a JSON array of strings
	password_hash TEXT    NOT NULL,
	role          TEXT    NOT NULL,
	epoch         INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL
, state TEXT NOT NULL DEFAULT 'active', short_name TEXT, member_of TEXT NOT NULL DEFAULT '[]', link_hash BLOB, link_expires INTEGER NOT NULL DEFAULT 0, link_by TEXT NOT NULL DEFAULT '', name_key TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
	id         TEXT    PRIMARY KEY NOT NULL, -- a hash of the cookie
	account    TEXT    NOT NULL,             -- a developer's id; the row may outlive the developer
	epoch      INTEGER NOT NULL,
	name       TEXT    NOT NULL,
	session    TEXT    NOT NULL,
	first_seen INTEGER NOT NULL,
	last_seen  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE people_words (
	word     TEXT NOT NULL,
	name_key TEXT NOT NULL,
	account  TEXT NOT NULL, -- a developer's id
	PRIMARY KEY (word, name_key, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE registration (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	mode     TEXT    NOT NULL,
	domains  TEXT    NOT NULL, -- a JSON array of strings
	approval INTEGER NOT NULL CHECK (approval IN (0, 1))
) STRICT;
CREATE TABLE setup (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	token_hash BLOB    NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE sign_ins (
	session    TEXT    PRIMARY KEY NOT NULL,
	account    TEXT    NOT NULL, -- a developer's id; the row may outlive the developer
	device     TEXT    NOT NULL,
	name       TEXT    NOT NULL,
	user_agent TEXT    NOT NULL,
	addr       TEXT    NOT NULL,
	method     TEXT    NOT NULL,
	began      INTEGER NOT NULL,
	last_seen  INTEGER NOT NULL,
	idle       INTEGER NOT NULL, -- milliseconds
	until      INTEGER NOT NULL,
	ended      INTEGER NOT NULL, -- 0: by nobody
	why        TEXT    NOT NULL,
	by_id      TEXT    NOT NULL,
	by_name    TEXT    NOT NULL,
	over       INTEGER NOT NULL  -- when it is: ended, else what SignIn.Over gives
) STRICT, WITHOUT ROWID;
CREATE TABLE throttle (
	key        TEXT    PRIMARY KEY NOT NULL,
	failures   INTEGER NOT NULL,
	last_at    INTEGER NOT NULL,
	until_at   INTEGER NOT NULL -- 0: no pause
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
	id         TEXT    PRIMARY KEY NOT NULL,
	hash       BLOB    NOT NULL UNIQUE, -- of its text, which is nowhere
	account    TEXT    NOT NULL,        -- a developer's id; the row may outlive the developer
	epoch      INTEGER NOT NULL,
	name       TEXT    NOT NULL,
	scopes     TEXT    NOT NULL,        -- names with a space between them
	created_at INTEGER NOT NULL,
	ends_at    INTEGER NOT NULL,
	ended      INTEGER NOT NULL CHECK (ended IN (0, 1)),
	used_at    INTEGER NOT NULL,        -- 0: never
	used_from  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX developers_admin ON developers (role) WHERE role = 'admin' AND state = 'active';
CREATE UNIQUE INDEX developers_link ON developers (link_hash) WHERE link_hash IS NOT NULL;
CREATE INDEX developers_name_key ON developers (name_key, id);
CREATE UNIQUE INDEX developers_short_name ON developers (short_name) WHERE short_name IS NOT NULL;
CREATE INDEX devices_account ON devices (account, last_seen);
CREATE INDEX devices_last_seen ON devices (last_seen);
CREATE INDEX people_words_account ON people_words (account, word);
CREATE INDEX sign_ins_account ON sign_ins (account, over);
CREATE INDEX sign_ins_over ON sign_ins (over);
CREATE INDEX throttle_last_at ON throttle (last_at);
CREATE INDEX tokens_account ON tokens (account, created_at);
CREATE INDEX tokens_ends_at ON tokens (ends_at);
