-- Where and how people have signed in, and how it ended; see account.SignIn.
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

CREATE INDEX sign_ins_account ON sign_ins (account, over);
CREATE INDEX sign_ins_over ON sign_ins (over);
