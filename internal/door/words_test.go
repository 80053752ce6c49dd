package door_test

import (
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
)

// TestWordsOfEnds: why a session has ended, in the words of who reads it.
func TestWordsOfEnds(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, c := range []struct {
		why              account.Ending
		by, name, reader string
		want             string
	}{
		{account.SignedOut, "ada", "Ada", "ada", "signed out there"},
		{account.EndedElsewhere, "ada", "Ada", "ada", "signed out from another session by you"},
		{account.EndedElsewhere, "ada", "Ada", "root", "signed out from another session by its owner"},
		{account.EndedByAdmin, "root", "Root", "ada", "signed out by Root"},
		{account.EndedByAdmin, "root", "Root", "root", "signed out by you"},
		{account.EndedByAdmin, "", book.CommandLine, "ada", "signed out by the operator, at the command line"},
		{account.Disowned, "ada", "Ada", "root", "called somebody else's by its owner"},
		{account.PasswordChanged, "ada", "Ada", "ada", "password changed by you"},
		{account.PasswordChanged, "", book.CommandLine, "ada", "password changed by the operator, at the command line"},
		{account.PasswordChanged, "", "", "ada", "password changed by whoever had a link for it"},
		{account.AccountDisabled, "root", "Root", "", "account disabled by Root"},
		{account.AccountClosed, "ada", "Ada", "root", "account closed by its owner"},
		{account.SignedInAgain, "ada", "Ada", "ada", "signed in again in the same browser"},
		{account.Unused, "", "", "ada", "not used for 2 hours"},
		{account.TimeOver, "", "", "ada", "its time was over after 24 hours"},
	} {
		e := door.EndedSession{Reason: c.why, SignIn: account.SignIn{
			Account: "ada", By: c.by, ByName: c.name, Began: began, Idle: 2 * time.Hour, Until: began.Add(24 * time.Hour),
		}}
		text, by := e.Words(c.reader)
		if got := strings.TrimSpace(text + " " + by); got != c.want {
			t.Errorf("%s by %q to %q: %q, want %q", c.why, c.by, c.reader, got, c.want)
		}
	}
}

func TestLastingInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Minute: "1 minute", 90 * time.Minute: "90 minutes", time.Hour: "1 hour", 24 * time.Hour: "24 hours",
		48 * time.Hour: "2 days", 36 * time.Hour: "36 hours", 30 * 24 * time.Hour: "30 days",
	} {
		if got := door.Lasting(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
