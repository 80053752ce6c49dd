-- Browsers that have signed in to an account; see account.Device.
CREATE TABLE devices (
	id         TEXT    PRIMARY KEY NOT NULL, -- a hash of the cookie
	account    TEXT    NOT NULL,             -- a developer's id; the row may outlive the developer
	epoch      INTEGER NOT NULL,
	name       TEXT    NOT NULL,
	session    TEXT    NOT NULL,
	first_seen INTEGER NOT NULL,
	last_seen  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_account ON devices (account, last_seen);
CREATE INDEX devices_last_seen ON devices (last_seen);
