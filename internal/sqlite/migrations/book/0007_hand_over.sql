-- So are codes for another host of the site that are refused.
DROP INDEX entries_strangers;
CREATE INDEX entries_strangers ON entries (user) WHERE user IS NULL AND (type = 'request' OR action IN (
	'cookie_refused', 'cross_origin_refused', 'email_refused', 'forbidden', 'form_token_refused', 'hand_over_refused',
	'link_refused', 'password_change_failed', 'register_refused', 'session_used_after_end', 'setup_refused',
	'sign_in_failed', 'sign_in_throttled', 'summary', 'token_refused', 'token_used_after_end'));
