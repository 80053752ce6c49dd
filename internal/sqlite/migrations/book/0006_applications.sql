-- Of requests to applications behind the gate: which, for which host, what decided, and how long the answer's body was.
ALTER TABLE entries ADD COLUMN application TEXT;
ALTER TABLE entries ADD COLUMN host TEXT;
ALTER TABLE entries ADD COLUMN rule TEXT;
ALTER TABLE entries ADD COLUMN bytes INTEGER;
