package config_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/config"
)

// TestTables: docs/settings.md has the tables that the settings make. UPDATE_DOCS=1 writes them.
func TestTables(t *testing.T) {
	t.Parallel()
	const path = "../../docs/settings.md"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	between := regexp.MustCompile(`(?s)(<!-- settings of "([^"]+)", made by internal/config -->\n\n).*?(\n<!-- end -->)`)
	made := between.ReplaceAllStringFunc(string(content), func(part string) string {
		m := between.FindStringSubmatch(part)
		table := config.Table(m[2])
		shown += strings.Count(table, "\n") - 2
		return m[1] + table + m[3]
	})
	if want := len(config.Settings()); shown != want {
		t.Errorf("docs/settings.md shows %d settings, want all %d", shown, want)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(content), made); diff != "" {
		t.Errorf("docs/settings.md differs from the settings: UPDATE_DOCS=1 go test ./internal/config -run TestTables\n%s", diff)
	}
}

// TestSettingsAreWhole: each is said once, in words, with a default that is one of its choices.
func TestSettingsAreWhole(t *testing.T) {
	t.Parallel()
	var envs []string
	for _, s := range config.Settings() {
		name := s.Env + " --" + s.Flag
		if s.Env != "" {
			if !strings.HasPrefix(s.Env, "DOORBOOK_") || slices.Contains(envs, s.Env) {
				t.Errorf("%s: a name that is not ours, or twice", name)
			}
			envs = append(envs, s.Env)
		}
		if s.Meaning == "" || len(s.Verbs) == 0 || (s.Default == "") == (s.Unset == "") {
			t.Errorf("%s: no meaning, no verb, or not one default", name)
		}
		if len(s.Choices) > 0 && s.Default != "" && !slices.Contains(s.Choices, s.Default) {
			t.Errorf("%s: %q is none of %q", name, s.Default, s.Choices)
		}
		if s.Env == "" && (s.Flag == "" || s.Secret) {
			t.Errorf("%s: nothing says it, or a secret that only a flag says", name)
		}
		if help := s.Help(); strings.Contains(help, "`") || strings.Contains(help, "](") || !strings.HasSuffix(help, ".") {
			t.Errorf("%s: help %q", name, help)
		}
	}
}
