-- The name of the developer who was acted upon, or what the entry was of.
ALTER TABLE entries ADD COLUMN target_name TEXT;
