package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// prefix is what the names of our settings begin with in the environment.
const prefix = "DOORBOOK_"

// Environment is the variables that the program was given.
type Environment map[string]string

// ReadEnvironment reads variables as os.Environ gives them. Of a name that is there twice the first
// one counts, as for os.Getenv.
func ReadEnvironment(list []string) Environment {
	env := make(Environment, len(list))
	for _, variable := range list {
		name, value, _ := strings.Cut(variable, "=")
		if runtime.GOOS == "windows" { // where the case of a name tells nothing
			name = strings.ToUpper(name)
		}
		if _, twice := env[name]; !twice {
			env[name] = value
		}
	}
	return env
}

// Flag is what the environment says in place of a flag of a verb; false if it says nothing, which
// an empty value does too. An empty secret is refused.
func (e Environment) Flag(verb, flag string) (string, bool, error) {
	s, ok := ByFlag(verb, flag)
	if !ok || s.Env == "" {
		return "", false, nil
	}
	if s.Secret {
		value, err := (&secrets{env: e}).read(s.Env)
		return value, value != "", err
	}
	value := e[s.Env]
	return value, value != "", nil
}

// secrets reads secrets, and collects what is weak about the files that some are in.
type secrets struct {
	env  Environment
	told []string
}

// read reads a secret, from the file if one is named; "" if there is none.
func (s *secrets) read(name string) (string, error) {
	value, given := s.env[name]
	file, inFile := s.env[name+"_FILE"]
	switch {
	case given && value == "":
		return "", empty(name)
	case inFile && file == "":
		return "", empty(name + "_FILE")
	case !inFile:
		return value, nil
	case given:
		return "", fmt.Errorf("%s and %s_FILE are both set", name, name)
	}
	value, told, err := readPrivate(name+"_FILE", file)
	if told != "" {
		s.told = append(s.told, told)
	}
	return value, err
}

func empty(name string) error {
	return fmt.Errorf("%s is set, but empty: whatever was to fill it in did not. Take it away if there is to be none", name)
}

// mistaken reports whether a name is a setting's with a slip in it: up to three letters differ, but
// less than half of what is the setting's own, for of four letters two make another word
// (DOORBOOK_HOME, DOORBOOK_NAME); or the word goes on.
func mistaken(name, setting string) bool {
	if name == "DOORBOOK_VERSION" { // which compose files have for themselves, and is not SESSIONS
		return false
	}
	most := min(3, (len(setting)-len(prefix)-1)/2)
	if strings.HasPrefix(name, setting) {
		most = 3
	}
	return Edits(name, setting) <= most
}

// Unknown looks for names that begin like ours and name no setting. One that is close to a setting
// is refused with the name that was meant, because what was to be decided would be left open
// silently; of others it gives a sentence each. What Kubernetes makes of the name of a service is
// passed over.
func (e Environment) Unknown() (told []string, err error) {
	known := names()
	guesses := map[string]string{ // what other programs call it
		"DOORBOOK_PORT": "DOORBOOK_ADDR", "DOORBOOK_HOST": "DOORBOOK_ADDR", "DOORBOOK_LISTEN": "DOORBOOK_ADDR", "DOORBOOK_BIND": "DOORBOOK_ADDR",
		"DOORBOOK_URL": "DOORBOOK_PUBLIC_URL", "DOORBOOK_BASE_URL": "DOORBOOK_PUBLIC_URL",
	}
	var refused []error
	for _, name := range slices.Sorted(maps.Keys(e)) {
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, strings.TrimSuffix(prefix, "_")) || slices.Contains(known, name) || ofService(name, e[name]) {
			continue
		}
		nearest, guessed := guesses[upper]
		if !guessed {
			nearest = slices.MinFunc(known, func(a, b string) int { return cmp.Compare(Edits(upper, a), Edits(upper, b)) })
		}
		switch {
		case guessed, mistaken(upper, nearest):
			refused = append(refused, fmt.Errorf("%s in the environment is no setting: %s is meant", name, nearest))
		case strings.HasPrefix(upper, prefix):
			told = append(told, name+" in the environment is no setting, and is passed over: doorbook serve --help lists those there are")
		}
	}
	return told, errors.Join(refused...)
}

// names lists what the environment may hold.
func names() (list []string) {
	for _, s := range Settings() {
		if s.Env != "" {
			list = append(list, s.Env)
		}
		if s.Secret {
			list = append(list, s.Env+"_FILE")
		}
	}
	return list
}

// ofService reports whether a variable is one of those that Kubernetes gives every container for
// every service, as Docker did for links. The name of the service may go on after ours, as in
// DOORBOOK_WEB_SERVICE_HOST. A plain number in …_PORT is of a person's making.
func ofService(name, value string) bool {
	return strings.HasSuffix(name, "_SERVICE_HOST") || strings.Contains(name+"_", "_SERVICE_PORT_") || strings.Contains(name, "_PORT_") ||
		strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

// Edits counts the letters to be put in, taken away or replaced to make b of a.
func Edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // of the row above, one to the left
		row[0] = i + 1
		for j := range len(b) {
			above := row[j+1]
			change := before
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above+1, row[j]+1)
			before = above
		}
	}
	return row[len(b)]
}
