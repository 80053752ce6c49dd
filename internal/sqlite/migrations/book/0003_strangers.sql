-- Strangers' requests by seq: they go first when the book is too large. Requests of signed-in people are in no index more.
CREATE INDEX entries_strangers ON entries (user) WHERE user IS NULL AND type = 'request';
