-- What people are found by (account.Developer.Words), and listed by. Rows from before get theirs as soon as the file is
-- opened: name_key is NULL until then.
ALTER TABLE developers ADD COLUMN name_key TEXT;
CREATE INDEX developers_name_key ON developers (name_key, id);

CREATE TABLE people_words (
	word     TEXT NOT NULL,
	name_key TEXT NOT NULL,
	account  TEXT NOT NULL, -- a developer's id
	PRIMARY KEY (word, name_key, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX people_words_account ON people_words (account, word);
