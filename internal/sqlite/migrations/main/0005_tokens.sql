-- What lets programs in on somebody's behalf; see account.Token.
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

CREATE INDEX tokens_account ON tokens (account, created_at);
CREATE INDEX tokens_ends_at ON tokens (ends_at);
