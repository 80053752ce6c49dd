CREATE TABLE entries (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of commits; never used twice
	id          TEXT    NOT NULL UNIQUE,
	type        TEXT    NOT NULL,
	created_at  INTEGER NOT NULL,
	deleted_at  INTEGER,
	status      INTEGER NOT NULL,
	duration    INTEGER NOT NULL,
	user        TEXT,
	client_addr TEXT,
	method      TEXT,
	url         TEXT,
	route       TEXT,
	user_name   TEXT,
	session     TEXT,
	request_id  TEXT,
	action      TEXT,
	target      TEXT,
	text        TEXT,
	body        TEXT
, target_name TEXT, token TEXT, token_name TEXT, application TEXT, host TEXT, rule TEXT, bytes INTEGER) STRICT;
CREATE TABLE minutes (
	minute  INTEGER NOT NULL, -- its first millisecond
	outcome TEXT    NOT NULL,
	n       INTEGER NOT NULL,
	PRIMARY KEY (minute, outcome)
) STRICT, WITHOUT ROWID;
CREATE TABLE state (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	generation INTEGER NOT NULL,
	checked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_strangers ON entries (user) WHERE user IS NULL AND (type = 'request' OR action IN (
	'cookie_refused', 'cross_origin_refused', 'email_refused', 'forbidden', 'form_token_refused', 'hand_over_refused',
	'link_refused', 'password_change_failed', 'register_refused', 'session_used_after_end', 'setup_refused',
	'sign_in_failed', 'sign_in_throttled', 'summary', 'token_refused', 'token_used_after_end'));
CREATE INDEX entries_type ON entries (type) WHERE deleted_at IS NULL AND type <> 'request';
CREATE INDEX entries_user ON entries (user) WHERE deleted_at IS NULL AND user IS NOT NULL;
CREATE INDEX entries_user_type ON entries (user, type) WHERE deleted_at IS NULL AND user IS NOT NULL AND type <> 'request';
