package account_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/doorbook/doorbook/internal/account"
)

var ada = account.PasswordContext{Name: "Ada Lovelace", Email: "countess.ada@analytical-engine.example"}

func TestPasswordTaken(t *testing.T) {
	t.Parallel()
	rules := account.NewPasswordRules()
	for _, password := range []string{
		"seven blue tents by the lake",
		"sevenbluetentss",          // 15
		"Kp4!xv2#qLm9$Rt",          // a generated one
		"8305719264037185",         // digits only, no sequence
		"7294 1836 5047 3819 2650", // the same with spaces
		"aaaaaaaaaaaaaaab",         // no composition rule, and not listed
		"müde pferde träumen",      // not ASCII
		// 17 code points
		"昨日の雨は冷たくて誰も歩かなかった",
		// emoji only
		"🐢🐙🦀🐌🦋🐝🐞🦗🕷🦂🐍🦎🐊🐸🦕",
		"  spaces around it  ",                    // kept as typed
		"nul \x00 in the middle",                  // NUL is a character
		"\u202eeven this is fine",                 // a password is never shown
		"$!#%&/()=?*+-_.:;<>",                     // punctuation only
		"abc$!#%&/()=?*+-_.:",                     // the run is a small part of it
		strings.Repeat("ö", 14) + "x",             // 15 code points, 29 bytes
		string(distinct(128)),                     // the longest
		"doorbook opened on a rainy tuesday",      // a context word among enough others
		"lovelace wrote the first program",        // the own name likewise
		"my countess walks the river at dawn",     // part of the address likewise
		"a long enough unit a long enough unit",   // the repeated unit has 15 letters by itself
		"logdoorbookin wxq",                       // taking a word out must not make another
		"I moved to the desert in 1987, with ada", // three letters are no context word
	} {
		if err := rules.Check(password, ada); err != nil {
			t.Errorf("Check(%q): %v", password, err)
		}
	}
}

// distinct gives n different code points that make no run.
func distinct(n int) (s []rune) {
	for i := range n {
		s = append(s, rune(0x4e00+7*i))
	}
	return s
}

func TestPasswordRefused(t *testing.T) {
	t.Parallel()
	const (
		short, long      = "too short", "too long"
		common, repeated = "list of common", "repeats"
		sequence, mainly = "sequence", "consists mainly"
	)
	rules := account.NewPasswordRules()
	for _, tt := range []struct{ password, want string }{
		{"", "Enter a password"},
		{"fourteen chars", short},
		{strings.Repeat("ö", 14), short}, // 28 bytes, but 14 code points
		{strings.Repeat("👍", 14), short},
		{string(distinct(129)), long},
		{strings.Repeat("a", 1<<20), long},
		{"fine but \xff broken", "UTF-8"},

		{"correct horse battery staple", common},
		{"correcthorsebatterystaple", common},
		{"Correct-Horse-Battery-Staple!", common},
		{"CORRECTHORSEBATTERYSTAPLE", common},
		{"1qaz2wsx3edc4rfv", common},
		{"1QAZ2wsx3EDC4rfv", common},
		{"passwordpassword", common},
		{"the quick brown fox jumps over the lazy dog", common},
		{"May the force be with you", common},
		{"qwertyuiop12345", common},

		{"               ", repeated},
		{"!!!!!!!!!!!!!!!!", repeated},
		{strings.Repeat("🐢", 20), repeated},
		{"abcabcabcabcabc", repeated},
		{"AbCaBcAbcabcABC", repeated},
		{"abc abc abc abc", repeated},
		{"tulip-tulip-tulip", repeated},
		{"quiet river quiet river", repeated},
		{"fourteen char.fourteen char.", repeated},
		{"swordfish swordfish swordf", repeated},

		{"123456789012345", "e"}, // listed, or a sequence; either will do
		{"abcdefghijklmnop", "e"},
		{"zyxwvutsrqponmlk", sequence},
		{"ABCDEFGH-12345678", sequence},
		{"qwertyuiop-mnbvcxz", sequence},
		{"lkjhgfdsapoiuytrewq", sequence},
		{"987654321abcdefg", sequence},
		{"aaaabbbbccccddddd", sequence},
		{"azertyuiopqsdfghjklm", sequence},
		{"abc def ghi jkl mno", sequence},

		{"doorbook doorbook 1", mainly},
		{"doorbook2026!!!!", mainly},
		{"Door-Book 2026-11-23", mainly},
		{"d00rb00k-20262027", mainly},
		{"my doorbook login", mainly},
		{"doorbookaaaaaaaaaa", mainly},
		{"doorbookabcdefghij", mainly},
		{"password for doorbook", mainly},
		{"P@ssw0rd20262027!", mainly},
		{"doorbook\U0001f602\U0001f602\U0001f602\U0001f602\U0001f602\U0001f602\U0001f602\U0001f602", mainly},
		{"Ada Lovelace 1815", mainly},
		{"lovelace-lovelace1", mainly},
		{"L0v3lac3 18151852", mainly},
		{"countess.ada@analytical-engine.example", mainly},
		{"COUNTESS.ADA@analytical-engine.example", mainly},
		{"countess.ada.1815", mainly},
		{"analytical-engine.example", mainly},
		{"engine analytical 99", mainly},
	} {
		err := rules.Check(tt.password, ada)
		if err == nil {
			t.Errorf("Check(%.60q): taken, want an error about %q", tt.password, tt.want)
			continue
		}
		text := field(t, err, "password")
		if !strings.Contains(text, tt.want) {
			t.Errorf("Check(%.60q): %q, want something about %q", tt.password, text, tt.want)
		}
		if len(tt.password) >= account.MinPassword && strings.TrimSpace(tt.password) != "" && strings.Contains(err.Error(), tt.password) {
			t.Errorf("the error shows the password: %q", err)
		}
	}
}

// TestPasswordContext: the same password is fine for somebody else, and odd contexts do no harm.
func TestPasswordContext(t *testing.T) {
	t.Parallel()
	rules := account.NewPasswordRules()
	for _, ctx := range []account.PasswordContext{
		{},
		{Name: "Al", Email: "a@b"},
		{Name: "\xff\x00", Email: "@@@@"},
		{Name: strings.Repeat("lovelace ", 1<<16), Email: strings.Repeat("lovelace.", 1<<16)},
	} {
		if err := rules.Check("lovelace181518151", ctx); err != nil {
			t.Errorf("with context %.40q: %v", ctx, err)
		}
	}
	if err := rules.Check("lovelace181518151", ada); err == nil {
		t.Error("taken for its namesake")
	}
}

// TestCommonList is ASVS 6.2.4: at least 3,000 common passwords of a length that is otherwise
// accepted, each refused in whatever case; and what the lookup needs: a sorted list in lower case.
func TestCommonList(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("wordlist/common.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("the list is not sorted, or holds an entry twice")
	}
	if len(text) > 100_000 {
		t.Errorf("the list has %d bytes; keep it under 100,000", len(text))
	}
	rules := account.NewPasswordRules()
	long := 0
	for _, entry := range list {
		if entry != strings.ToLower(entry) || strings.ContainsAny(entry, " \t\r@") {
			t.Errorf("%q is not in lower case, or holds white space or an address", entry)
		}
		if n := utf8.RuneCountInString(entry); n < account.MinPassword || n > account.MaxPassword {
			continue // a phrase without its spaces
		}
		long++
		for _, password := range []string{entry, strings.ToUpper(entry)} {
			if err := rules.Check(password, account.PasswordContext{}); err == nil || !strings.Contains(err.Error(), "list of common") {
				t.Errorf("%q is on the list, but: %v", password, err)
			}
		}
	}
	if long < 3000 {
		t.Errorf("%d entries of %d and more characters, want at least 3,000", long, account.MinPassword)
	}
}

// TestContextList is ASVS 6.1.2: the documented list names the product, and each of its words is
// obeyed.
func TestContextList(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("wordlist/context.txt")
	if err != nil {
		t.Fatal(err)
	}
	rules := account.NewPasswordRules()
	var words []string
	for line := range strings.Lines(string(text)) {
		word, _, _ := strings.Cut(line, "#")
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		words = append(words, word)
		if err := rules.Check(word+" 2026/1031!", account.PasswordContext{}); err == nil {
			t.Errorf("%q is on the list, but with a date behind it taken", word)
		}
	}
	if !slices.Contains(words, "doorbook") {
		t.Errorf("the name of the product is not among %q", words)
	}
}

func BenchmarkCheck(b *testing.B) {
	rules := account.NewPasswordRules()
	password := string(distinct(128))
	b.ReportAllocs()
	for b.Loop() {
		if err := rules.Check(password, ada); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	rules := account.NewPasswordRules()
	for _, s := range []string{"doorbook doorbook 1", "seven blue tents by the lake", "abcabcabcabcabc", "\xff", "\x00\x00\x00\x00"} {
		f.Add(s, "Ada Lovelace", "ada@example.com")
	}
	f.Fuzz(func(t *testing.T, password, name, email string) {
		err := rules.Check(password, account.PasswordContext{Name: name, Email: email})
		if n := utf8.RuneCountInString(password); err == nil && (n < account.MinPassword || n > account.MaxPassword || !utf8.ValidString(password)) {
			t.Fatalf("taken: %q", password)
		}
	})
}
