package account_test

import (
	"testing"

	"github.com/doorbook/doorbook/internal/account"
)

func TestHashForm(t *testing.T) {
	t.Parallel()
	for hash, want := range map[string]string{
		"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5": "$argon2id$v=19$m=19456,t=2,p=1",
		"scrypt:32768:8:1$AbCd$0123":                          "scrypt:32768:8:1",
		"pbkdf2:sha256:600000$AbCd$0123":                      "pbkdf2:sha256:600000",
		"plain$$pass$word":                                    "plain",
		"":                                                    "",
		"a password":                                          "",
		"$":                                                   "",
		"$$":                                                  "",
	} {
		if got := account.HashForm(hash); got != want {
			t.Errorf("%q has the form %q, want %q", hash, got, want)
		}
	}
}
