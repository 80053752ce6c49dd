-- Who may make an account by themself, as admins have decided; see account.Joining. No row: nobody has.
CREATE TABLE registration (
	one      INTEGER PRIMARY KEY CHECK (one = 1),
	mode     TEXT    NOT NULL,
	domains  TEXT    NOT NULL, -- a JSON array of strings
	approval INTEGER NOT NULL CHECK (approval IN (0, 1))
) STRICT;
