package book

// Action names what an activity or an error entry tells of. It is the type string under another name, so that the
// constants fit into Entry.Action. The names follow the meaning of the OWASP Logging Vocabulary, which each constant cites.
type Action = string

// Signing in and out. (OWASP authn_*, session_*; ASVS 16.3.1.)
const (
	// ActionSignIn: a developer proved who they are. (authn_login_success)
	ActionSignIn Action = "sign_in"
	// ActionSignInFailed: a wrong password, an unknown e-mail address or a disabled account. (authn_login_fail)
	ActionSignInFailed Action = "sign_in_failed"
	// ActionSignInThrottled: an attempt was refused unread because there were too many before it. (authn_login_fail_max)
	ActionSignInThrottled Action = "sign_in_throttled"
	// ActionSignOut: a developer ended their session. (session_expired, by the person)
	ActionSignOut Action = "sign_out"
	// ActionSessionEnded: a session was ended from elsewhere: another session of its owner, an admin, the command line. (authn_token_revoked)
	ActionSessionEnded Action = "session_ended"
	// ActionPasswordChanged: a developer's password was changed. (authn_password_change)
	ActionPasswordChanged Action = "password_changed"
	// ActionPasswordChangeFailed: a change of password or address was refused: the current password was wrong, or there were too many attempts. (authn_password_change_fail)
	ActionPasswordChangeFailed Action = "password_change_failed"
	// ActionPasswordRehashed: a hash of an old kind was replaced at sign-in; the password stayed. (authn_password_change)
	ActionPasswordRehashed Action = "password_rehashed"
)

// Accounts. (OWASP user_*.)
const (
	// ActionRegister: a stranger made an account. (user_created)
	ActionRegister Action = "register"
	// ActionRegisterRefused: a registration was refused: the address is taken, or registration is closed. (input_validation_fail)
	ActionRegisterRefused Action = "register_refused"
	// ActionSetup: the setup link was used and the first admin made. (user_created, privilege_permissions_changed)
	ActionSetup Action = "setup"
	// ActionSetupRefused: a setup link that is used up, expired or invented. (authn_token_reuse)
	ActionSetupRefused Action = "setup_refused"
	// ActionDeveloperCreated: an admin or the command line made an account. (user_created)
	ActionDeveloperCreated Action = "developer_created"
	// ActionDeveloperUpdated: name, e-mail address or skills were changed. (user_updated)
	ActionDeveloperUpdated Action = "developer_updated"
	// ActionDeveloperDeleted: an account was removed. (user_deleted)
	ActionDeveloperDeleted Action = "developer_deleted"
	// ActionDeveloperDisabled: an account may no longer sign in. (user_updated, authn_login_lock)
	ActionDeveloperDisabled Action = "developer_disabled"
	// ActionDeveloperEnabled: a disabled account may sign in again. (user_updated)
	ActionDeveloperEnabled Action = "developer_enabled"
	// ActionRoleChanged: an account got another role. (authz_change)
	ActionRoleChanged Action = "role_changed"
)

// The book itself. (OWASP sensitive_*.)
const (
	// ActionEntryHidden: a request entry was soft-deleted; Target is its id. (sensitive_update)
	ActionEntryHidden Action = "entry_hidden"
	// ActionEntryDeleted: a request entry was deleted for good; Target is its id. (sensitive_delete)
	ActionEntryDeleted Action = "entry_deleted"
	// ActionSummary: requests beyond the rate of one address were counted instead of entered. (excess_rate_limit_exceeded)
	ActionSummary Action = "summary"
)

// What was refused. (OWASP authz_fail, malicious_*; ASVS 16.3.2, 16.3.3.)
const (
	// ActionForbidden: somebody signed in asked for what they may not do. (authz_fail)
	ActionForbidden Action = "forbidden"
	// ActionCrossOriginRefused: a request that changes something came from another site. (malicious_csrf)
	ActionCrossOriginRefused Action = "cross_origin_refused"
	// ActionFormTokenRefused: a form came without its token, or with one that is not this visitor's. (malicious_csrf)
	ActionFormTokenRefused Action = "form_token_refused"
)

// The program. (OWASP sys_*; ASVS 16.3.4.) Of these all but the first two are in entries of type Error.
const (
	// ActionStarted: the program serves. (sys_startup)
	ActionStarted Action = "started"
	// ActionStopped: the program was told to end. (sys_shutdown)
	ActionStopped Action = "stopped"
	// ActionSaveFailed: a session or a change could not be stored. (sys_crash)
	ActionSaveFailed Action = "save_failed"
	// ActionPanic: a handler panicked; the visitor got an error page. (sys_crash)
	ActionPanic Action = "panic"
	// ActionInternalError: a request failed on our side in another way. (sys_crash)
	ActionInternalError Action = "internal_error"
	// ActionEntriesDropped: entries could not be written and are missing. (sys_monitor_disabled)
	ActionEntriesDropped Action = "entries_dropped"
)
