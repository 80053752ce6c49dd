package book

import "slices"

// Level says how much an event asks for somebody's attention.
type Level string

// The levels, from the least.
const (
	Info    Level = "info"    // the ordinary
	Notice  Level = "notice"  // worth a look when one looks
	Warning Level = "warning" // somebody was refused
	Failure Level = "error"   // something did not work that should have
)

// Audience says who may see an event.
type Audience string

// The audiences. Everybody's entries are seen by admins.
const (
	Owner        Audience = "owner"  // and whoever did it
	OwnerInShort Audience = "short"  // the same, who is not told the entry's text
	Admins       Audience = "admins" // nobody else
)

// Event is what is known of an action.
type Event struct {
	Action Action
	Type   Type
	Level  Level
	OWASP  string // its name in the OWASP Logging Vocabulary
	Seen   Audience
	// Says is a sentence for people. {who}, {target} and {text} stand for those of an entry. What
	// stands in brackets is left out when the entry lacks what is named in it.
	Says string
	// Awaits is set when what happened is true only once the session was saved.
	Awaits bool
	// Unkept is entered instead when the session could not be saved; "": nothing is.
	Unkept Action
	// AtOnce is set when it has happened and stays so whatever becomes of the request's answer.
	AtOnce bool
}

// Catalog is the events by their action.
type Catalog map[Action]Event

// Events returns the one table of what the book tells besides requests.
func Events() []Event {
	return slices.Concat(visits(), handovers(), tokens(), changes(), invitations(), matters())
}

// NewCatalog returns Events, to look them up.
func NewCatalog() Catalog {
	c := Catalog{}
	for _, e := range Events() {
		c[e.Action] = e
	}
	return c
}

// lasts reports whether an action is something that was done, and not only refused. That nobody
// does as often as they like, so it is never summarised.
func (c Catalog) lasts(action Action) bool {
	e := c[action]
	return e.AtOnce || e.Awaits
}

// visits are the events of coming, going and being refused.
func visits() []Event {
	return []Event{
		{
			Action: ActionSignIn, Type: Activity, Level: Info, OWASP: "authn_login_success",
			Seen: Owner, Says: "{who} signed in", Awaits: true, Unkept: ActionSignInNotKept,
		},
		{
			Action: ActionSignInAfterFailures, Type: Activity, Level: Notice,
			OWASP: "authn_login_successafterfail", Seen: Owner,
			Says: "{who} signed in after {text}", Awaits: true, Unkept: ActionSignInNotKept,
		},
		{
			Action: ActionSignInNotKept, Type: Error, Level: Failure, OWASP: "sys_crash",
			Seen: OwnerInShort, Says: "A sign-in of {target} was right but could not be kept",
		},
		{
			Action: ActionSignInFailed, Type: Activity, Level: Warning, OWASP: "authn_login_fail",
			Seen: Admins, Says: "{who} failed to sign in[ as {target}]",
		},
		{
			Action: ActionSignInThrottled, Type: Activity, Level: Warning,
			OWASP: "authn_login_fail_max", Seen: Admins, Says: "A sign-in was refused[: {text}]",
		},
		{
			Action: ActionSignOut, Type: Activity, Level: Info, OWASP: "session_expired",
			Seen: Owner, Says: "{who} signed out", Awaits: true, Unkept: ActionSignOutNotKept,
		},
		{
			Action: ActionSignOutNotKept, Type: Error, Level: Failure, OWASP: "sys_crash",
			Seen: OwnerInShort, Says: "{who} wanted to sign out, which may not have been kept",
		},
		{
			Action: ActionPasswordConfirmed, Type: Activity, Level: Info, OWASP: "authn_login_success",
			Seen: Owner, Says: "{who} confirmed the password again", Awaits: true,
		},
		{
			Action: ActionSessionEnded, Type: Activity, Level: Notice, OWASP: "authn_token_revoked",
			Seen: Owner, Says: "{who} ended sessions of {target}[: {text}]", AtOnce: true,
		},
		{
			Action: ActionSessionDisowned, Type: Activity, Level: Warning,
			OWASP: "authn_token_revoked", Seen: Owner, AtOnce: true,
			Says: "{who} ended a session as that of somebody else[: {text}]",
		},
		{
			Action: ActionDeviceNamed, Type: Activity, Level: Info, OWASP: "user_updated",
			Seen: Owner, Says: "{who} gave a device another name[: {text}]", AtOnce: true,
		},
		{
			Action: ActionSessionVoid, Type: Activity, Level: Notice, OWASP: "session_expired",
			Seen: Admins, Says: "A session of {target} ended[: {text}]", Awaits: true,
		},
		{
			Action: ActionSessionUsedAfterEnd, Type: Activity, Level: Notice,
			OWASP: "session_use_after_expire", Seen: Admins,
			Says: "Sessions were used after their end[: {text}]",
		},
		{
			Action: ActionCookieRefused, Type: Activity, Level: Warning, OWASP: "authn_token_reuse",
			Seen: Admins, Says: "Session cookies that are none of ours were refused[: {text}]",
		},
		{
			Action: ActionForbidden, Type: Activity, Level: Warning, OWASP: "authz_fail",
			Seen: Owner, Says: "{who} asked for something that they may not do[, with {target}]",
		},
		{
			Action: ActionCrossOriginRefused, Type: Activity, Level: Warning,
			OWASP: "malicious_csrf", Seen: Owner,
			Says: "A request that came from another site was refused",
		},
		{
			Action: ActionFormTokenRefused, Type: Activity, Level: Warning, OWASP: "malicious_csrf",
			Seen: Owner, Says: "A form without its token was refused",
		},
	}
}

// handovers are the events of browsers that go on under another host of the site.
func handovers() []Event {
	return []Event{
		{
			Action: ActionHandedOver, Type: Activity, Level: Info, OWASP: "authn_token_created",
			Seen: Owner, Says: "{who} was sent on to another host of the site[: {text}]", AtOnce: true,
		},
		{
			Action: ActionArrived, Type: Activity, Level: Info, OWASP: "session_created",
			Seen: Owner, Says: "{who} came in under another host of the site[: {text}]", AtOnce: true,
		},
		{
			Action: ActionHandOverRefused, Type: Activity, Level: Warning, OWASP: "authn_token_reuse",
			Seen: Admins, Says: "A code for another host of the site was refused[: {text}]",
		},
		{
			Action: ActionSessionMisplaced, Type: Activity, Level: Warning, OWASP: "authn_token_reuse",
			Seen: Admins, Says: "A session of {target} was used under a host that it is not for, and ended[: {text}]",
			Awaits: true,
		},
	}
}

// tokens are the events of what lets programs in.
func tokens() []Event {
	return []Event{
		{
			Action: ActionTokenMade, Type: Activity, Level: Notice, OWASP: "authn_token_created",
			Seen: Owner, Says: "{who} made a token for {target}[: {text}]", AtOnce: true,
		},
		{
			Action: ActionTokenEnded, Type: Activity, Level: Notice, OWASP: "authn_token_revoked",
			Seen: Owner, Says: "{who} ended tokens of {target}[: {text}]", AtOnce: true,
		},
		{
			Action: ActionTokenRefused, Type: Activity, Level: Warning, OWASP: "authn_token_reuse",
			Seen: Admins, Says: "Tokens that are none of ours were refused[: {text}]",
		},
		{
			Action: ActionTokenUsedAfterEnd, Type: Activity, Level: Warning,
			OWASP: "authn_token_reuse", Seen: Admins, Says: "Tokens were used after their end[: {text}]",
		},
	}
}

// changes are the events of accounts.
func changes() []Event {
	return []Event{
		{
			Action: ActionRegister, Type: Activity, Level: Info, OWASP: "user_created", Seen: Owner,
			Says: "{target} registered[ and {text}]", AtOnce: true,
		},
		{
			Action: ActionRegisterRefused, Type: Activity, Level: Warning,
			OWASP: "input_validation_fail", Seen: Admins,
			Says: "A registration was refused[: {text}]",
		},
		{
			Action: ActionSetup, Type: Activity, Level: Notice, OWASP: "user_created", Seen: Owner,
			Says: "{target} became the first administrator by the setup link", AtOnce: true,
		},
		{
			Action: ActionSetupRefused, Type: Activity, Level: Warning, OWASP: "authn_token_reuse",
			Seen: Admins, Says: "A setup link was refused",
		},
		{
			Action: ActionDeveloperCreated, Type: Activity, Level: Notice, OWASP: "user_created",
			Seen: Owner, Says: "{who} made an account for {target}[, {text}]", AtOnce: true,
		},
		{
			Action: ActionDeveloperUpdated, Type: Activity, Level: Info, OWASP: "user_updated",
			Seen: Owner, Says: "{who} changed the skills of {target}", AtOnce: true,
		},
		{
			Action: ActionNameChanged, Type: Activity, Level: Notice, OWASP: "user_updated",
			Seen: Owner, Says: "{who} changed the name {text} to {target}", AtOnce: true,
		},
		{
			Action: ActionEmailChanged, Type: Activity, Level: Notice, OWASP: "user_updated",
			Seen: Owner, Says: "{who} changed the e-mail address of {target}: {text}", AtOnce: true,
		},
		{
			Action: ActionShortNameChanged, Type: Activity, Level: Notice, OWASP: "user_updated",
			Seen: Owner, Says: "{who} changed the short name of {target}: {text}", AtOnce: true,
		},
		{
			Action: ActionDataTaken, Type: Activity, Level: Notice, OWASP: "sensitive_read",
			Seen: Owner, Says: "{who} took a copy of what is kept of them", AtOnce: true,
		},
		{
			Action: ActionEmailRefused, Type: Activity, Level: Warning,
			OWASP: "excess_rate_limit_exceeded", Seen: Owner,
			Says: "{who} was refused another e-mail address or short name[: {text}]",
		},
		{
			Action: ActionPasswordChanged, Type: Activity, Level: Notice,
			OWASP: "authn_password_change", Seen: Owner,
			Says: "{who} changed the password of {target}", AtOnce: true,
		},
		{
			Action: ActionPasswordChangeFailed, Type: Activity, Level: Warning,
			OWASP: "authn_password_change_fail", Seen: Owner,
			Says: "{who} could not prove who they are for a change[: {text}]",
		},
		{
			Action: ActionPasswordRehashed, Type: Activity, Level: Info,
			OWASP: "authn_password_change", Seen: Admins,
			Says: "The password of {target} stayed and is now stored in a newer form", AtOnce: true,
		},
		{
			Action: ActionRoleChanged, Type: Activity, Level: Notice, OWASP: "authz_change",
			Seen: Owner, Says: "{who} changed the role of {target}: {text}", AtOnce: true,
		},
		{
			Action: ActionDeveloperDisabled, Type: Activity, Level: Notice,
			OWASP: "authn_login_lock", Seen: Owner, Says: "{who} disabled the account of {target}",
			AtOnce: true,
		},
		{
			Action: ActionDeveloperEnabled, Type: Activity, Level: Notice, OWASP: "user_updated",
			Seen: Owner, Says: "{who} enabled the account of {target}", AtOnce: true,
		},
		{
			Action: ActionDeveloperDeleted, Type: Activity, Level: Notice, OWASP: "user_deleted",
			Seen: Owner, Says: "{who} deleted the account of {target}", AtOnce: true,
		},
	}
}

// invitations are the events of one-time links, and of who lets people in.
func invitations() []Event {
	return []Event{
		{
			Action: ActionInvited, Type: Activity, Level: Notice, OWASP: "user_created", Seen: Owner,
			Says: "{who} invited {target}[ {text}]", AtOnce: true,
		},
		{
			Action: ActionInvitationTaken, Type: Activity, Level: Notice, OWASP: "user_updated",
			Seen: Owner, Says: "{target} accepted an invitation", AtOnce: true,
		},
		{
			Action: ActionInvitationGone, Type: Activity, Level: Notice, OWASP: "user_deleted",
			Seen: Owner, Says: "{who} withdrew the invitation of {target}", AtOnce: true,
		},
		{
			Action: ActionApproved, Type: Activity, Level: Notice, OWASP: "user_updated",
			Seen: Owner, Says: "{who} approved the account of {target}", AtOnce: true,
		},
		{
			Action: ActionGroupsChanged, Type: Activity, Level: Notice, OWASP: "authz_change",
			Seen: Owner, Says: "{who} changed the groups of {target}: {text}", AtOnce: true,
		},
		{
			Action: ActionRegistrationChanged, Type: Activity, Level: Notice,
			OWASP: "sys_settings_changed", Seen: Owner,
			Says: "{who} changed who may register: {text}", AtOnce: true,
		},
		{
			Action: ActionLinkMade, Type: Activity, Level: Warning, OWASP: "authn_token_created",
			Seen: Owner, Says: "{who} made a link by which {target} chooses a new password",
			AtOnce: true,
		},
		{
			Action: ActionLinkUsed, Type: Activity, Level: Notice, OWASP: "authn_password_change",
			Seen: Owner, Says: "The password of {target} was changed by a link", AtOnce: true,
		},
		{
			Action: ActionLinkRefused, Type: Activity, Level: Warning, OWASP: "authn_token_reuse",
			Seen: Admins, Says: "A one-time link was refused",
		},
	}
}

// matters are the events of the book and the program.
func matters() []Event {
	return []Event{
		{
			Action: ActionEntryHidden, Type: Activity, Level: Notice, OWASP: "sensitive_update",
			Seen: Owner, Says: "{who} hid the entry {target}", AtOnce: true,
		},
		{
			Action: ActionEntryDeleted, Type: Activity, Level: Notice, OWASP: "sensitive_delete",
			Seen: Owner, Says: "{who} deleted the entry {target}", AtOnce: true,
		},
		{
			Action: ActionSummary, Type: Activity, Level: Notice,
			OWASP: "excess_rate_limit_exceeded", Seen: Admins, Says: "{text}",
		},
		{
			Action: ActionEntriesTrimmed, Type: Activity, Level: Warning,
			OWASP: "sys_monitor_disabled", Seen: Admins,
			Says: "The book was over its size and let go of entries before their age: {text}", AtOnce: true,
		},
		{
			Action: ActionEntriesDropped, Type: Error, Level: Failure,
			OWASP: "sys_monitor_disabled", Seen: Admins,
			Says: "Entries could not be written and are missing: {text}",
		},
		{
			Action: ActionStarted, Type: Activity, Level: Info, OWASP: "sys_startup", Seen: Admins,
			Says: "The program started[ at {text}]", AtOnce: true,
		},
		{
			Action: ActionStopped, Type: Activity, Level: Info, OWASP: "sys_shutdown", Seen: Admins,
			Says: "The program was told to end", AtOnce: true,
		},
		{
			Action: ActionSaveFailed, Type: Error, Level: Failure, OWASP: "sys_crash",
			Seen: OwnerInShort, Says: "A session could not be loaded or saved[: {text}]",
		},
		{
			Action: ActionPanic, Type: Error, Level: Failure, OWASP: "sys_crash",
			Seen: OwnerInShort, Says: "The program failed at a request[: {text}]",
		},
		{
			Action: ActionInternalError, Type: Error, Level: Failure, OWASP: "sys_crash",
			Seen: OwnerInShort, Says: "A request failed on our side[: {text}]",
		},
		{
			Action: ActionPlotMissing, Type: Error, Level: Failure, OWASP: "sys_crash",
			Seen: OwnerInShort, Says: "A page was shown without its plot[: {text}]",
		},
	}
}
