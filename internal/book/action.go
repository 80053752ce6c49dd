package book

// Action names what an activity or an error entry tells of. It is the type string under another
// name, so that the constants fit into Entry.Action. What each of them means stands in Events.
type Action = string

// Signing in and out.
const (
	ActionSignIn               Action = "sign_in"
	ActionSignInAfterFailures  Action = "sign_in_after_failures"
	ActionSignInNotKept        Action = "sign_in_not_kept"
	ActionSignInFailed         Action = "sign_in_failed"
	ActionSignInThrottled      Action = "sign_in_throttled"
	ActionSignOut              Action = "sign_out"
	ActionSignOutNotKept       Action = "sign_out_not_kept"
	ActionSessionEnded         Action = "session_ended"
	ActionSessionDisowned      Action = "session_disowned"
	ActionDeviceNamed          Action = "device_named"
	ActionSessionVoid          Action = "session_void"
	ActionSessionUsedAfterEnd  Action = "session_used_after_end"
	ActionSessionMisplaced     Action = "session_misplaced"
	ActionHandedOver           Action = "handed_over"
	ActionPasswordConfirmed    Action = "password_confirmed"
	ActionArrived              Action = "arrived"
	ActionHandOverRefused      Action = "hand_over_refused"
	ActionCookieRefused        Action = "cookie_refused"
	ActionTokenMade            Action = "token_made"
	ActionTokenEnded           Action = "token_ended"
	ActionTokenRefused         Action = "token_refused"
	ActionTokenUsedAfterEnd    Action = "token_used_after_end"
	ActionPasswordChanged      Action = "password_changed"
	ActionPasswordChangeFailed Action = "password_change_failed"
	ActionPasswordRehashed     Action = "password_rehashed"
)

// Accounts.
const (
	ActionRegister            Action = "register"
	ActionRegisterRefused     Action = "register_refused"
	ActionSetup               Action = "setup"
	ActionSetupRefused        Action = "setup_refused"
	ActionDeveloperCreated    Action = "developer_created"
	ActionDeveloperUpdated    Action = "developer_updated"
	ActionNameChanged         Action = "name_changed"
	ActionEmailChanged        Action = "email_changed"
	ActionShortNameChanged    Action = "short_name_changed"
	ActionDataTaken           Action = "data_downloaded"
	ActionEmailRefused        Action = "email_refused"
	ActionDeveloperDeleted    Action = "developer_deleted"
	ActionDeveloperDisabled   Action = "developer_disabled"
	ActionDeveloperEnabled    Action = "developer_enabled"
	ActionRoleChanged         Action = "role_changed"
	ActionGroupsChanged       Action = "groups_changed"
	ActionApproved            Action = "account_approved"
	ActionInvited             Action = "invited"
	ActionInvitationTaken     Action = "invitation_accepted"
	ActionInvitationGone      Action = "invitation_withdrawn"
	ActionRegistrationChanged Action = "registration_changed"
	ActionLinkMade            Action = "password_link_made"
	ActionLinkUsed            Action = "password_link_used"
	ActionLinkRefused         Action = "link_refused"
)

// The book itself.
const (
	ActionEntryHidden    Action = "entry_hidden"
	ActionEntryDeleted   Action = "entry_deleted"
	ActionSummary        Action = "summary"
	ActionEntriesDropped Action = "entries_dropped"
	ActionEntriesTrimmed Action = "entries_trimmed"
)

// What was refused.
const (
	ActionForbidden          Action = "forbidden"
	ActionCrossOriginRefused Action = "cross_origin_refused"
	ActionFormTokenRefused   Action = "form_token_refused"
)

// The program.
const (
	ActionStarted       Action = "started"
	ActionStopped       Action = "stopped"
	ActionSaveFailed    Action = "save_failed"
	ActionPanic         Action = "panic"
	ActionInternalError Action = "internal_error"
	ActionPlotMissing   Action = "plot_missing"
)
