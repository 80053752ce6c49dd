-- What an account is in one word, in place of a flag; a name for applications that take no "@";
-- groups; the one-time link that may be open. See account.Developer.
ALTER TABLE developers ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
UPDATE developers SET state = 'disabled' WHERE disabled <> 0;
DROP INDEX developers_admin;
ALTER TABLE developers DROP COLUMN disabled;
CREATE INDEX developers_admin ON developers (role) WHERE role = 'admin' AND state = 'active';

ALTER TABLE developers ADD COLUMN short_name TEXT; -- NULL: none
CREATE UNIQUE INDEX developers_short_name ON developers (short_name) WHERE short_name IS NOT NULL;
ALTER TABLE developers ADD COLUMN member_of TEXT NOT NULL DEFAULT '[]'; -- a JSON array of groups

ALTER TABLE developers ADD COLUMN link_hash BLOB; -- NULL: none is open
ALTER TABLE developers ADD COLUMN link_expires INTEGER NOT NULL DEFAULT 0;
ALTER TABLE developers ADD COLUMN link_by TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX developers_link ON developers (link_hash) WHERE link_hash IS NOT NULL;
