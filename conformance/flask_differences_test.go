package conformance

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// refused says why settings that Flask takes are refused here, "" if they are not.
func (c *headerCase) refused() string {
	mode, _ := c.Config["SESSION_COOKIE_SAMESITE"].(string)
	partitioned, _ := c.Config["SESSION_COOKIE_PARTITIONED"].(bool)
	domain, _ := c.Config["SESSION_COOKIE_DOMAIN"].(string)
	lifetime, set := c.Config["PERMANENT_SESSION_LIFETIME"].(float64)
	switch {
	case partitioned && mode != "None":
		return "browsers keep a Partitioned cookie for embedded pages, which send none without SameSite=None"
	case strings.Trim(domain, "-.:abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return "a domain is given in ASCII (xn--…)"
	case set && lifetime < 1:
		return "a session that is over at once"
	}
	return ""
}

// difference is one on purpose: change makes of what Flask says what is said here, and reports
// whether that is another thing.
type difference struct {
	why    string
	change func(c *headerCase, m *meaning) bool
}

// differences are all that there are. In order: a later one sees what an earlier one has changed.
func differences(t *testing.T) []difference {
	const age = 100 * time.Second // of the cookies in the cases
	readable := func(c *headerCase) bool { return c.Cookie != nil && c.State != "expired" && c.State != "bad_signature" }
	return []difference{
		{"there was no session, or none that can be read: nothing is removed", func(c *headerCase, m *meaning) bool {
			if m.Cookie != "removed" || readable(c) {
				return false
			}
			*m = meaning{Cookie: "none", Vary: m.Vary}
			return true
		}},
		{"a request that does not use the session does not refresh its cookie: caches may keep it", func(c *headerCase, m *meaning) bool {
			if c.Op != "noop" || m.Cookie != "set" {
				return false
			}
			*m = meaning{Cookie: "none"}
			return true
		}},
		{"a session that stays as it was is signed anew once a day: not on every request if it is permanent, nor for an empty change", func(c *headerCase, m *meaning) bool {
			if m.Cookie != "set" || !readable(c) || !leavesAsItWas(c.Op) {
				return false
			}
			*m = meaning{Cookie: "none", Vary: m.Vary}
			return true
		}},
		{"a refreshed cookie is kept until the one before is too old: the next refresh moves that", func(c *headerCase, m *meaning) bool {
			if m.For == 0 || c.State != "permanent" || signsIn(c.Op) {
				return false
			}
			m.For -= age
			return true
		}},
		{"that a session is not permanent is not said: it is so without", func(_ *headerCase, m *meaning) bool {
			text := strings.Replace(m.Session, `"_permanent":false,`, "", 1)
			changed := text != m.Session
			m.Session = text
			return changed
		}},
		{"SameSite=Lax where Flask says nothing, and leaves it to the browser", func(_ *headerCase, m *meaning) bool {
			if m.Cookie == "none" || m.SameSite != 0 {
				return false
			}
			m.SameSite = http.SameSiteLaxMode
			return true
		}},
		{"always HttpOnly", func(_ *headerCase, m *meaning) bool {
			changed := m.Cookie != "none" && !m.HTTPOnly
			m.HTTPOnly = m.HTTPOnly || changed
			return changed
		}},
		{"always Path=/, whatever SESSION_COOKIE_PATH and APPLICATION_ROOT say", func(_ *headerCase, m *meaning) bool {
			changed := m.Cookie != "none" && m.Path != "/"
			if changed {
				m.Path = "/"
			}
			return changed
		}},
	}
}

// leavesAsItWas: what changes nothing. In Flask a nested value is no copy, so that a refresh may
// write what was done to it.
func leavesAsItWas(op string) bool {
	switch op {
	case "get", "get_missing", "getitem", "contains", "len", "bool", "iter", "keys", "items", "read_permanent", "read_new",
		"read_modified", "pop_missing", "setdefault_existing", "get_flashed", "get_flashed_filter", "nested_mutate_unmarked",
		"update_empty", "modified_true_only", "flash_and_read_same_request":
		return true
	}
	return false
}

// signsIn: what makes a session permanent here, or not, is a sign-in.
func signsIn(op string) bool {
	return op == "set_permanent_true" || op == "set_permanent_false" || op == "permanent_truthy"
}
