package rooms_test

import "slices"

// A room is a package of the module and what it may import besides the standard library.
type room struct {
	path string   // below the module's path
	may  []string // packages of the module, below its path
	libs []string // other modules' paths
}

// house is the plan: every package of the module, and the arrows between them, which point inwards
// only. An arrow that is missing here is missing on purpose; whoever adds one says why in the
// commit.
func house() []room {
	leaves := []string{"internal/fault", "internal/id", "internal/network"} // any internal room may know these
	with := func(rooms ...string) []string { return slices.Concat(leaves, rooms) }

	door := with("session", "passhash", "internal/account", "internal/book")
	edge := slices.Concat(door, []string{"internal/door", "internal/httpx"})
	all := slices.Concat(edge, []string{
		"session/flask", "internal/database", "internal/fromflask", "internal/web", "internal/web/view", "internal/web/static", "internal/api",
		"internal/config", "internal/server",
	})
	return []room{
		{path: "cmd/doorbook", may: []string{"internal/cli"}},

		// The libraries: what others import, so they bring nothing of the program along.
		{path: "session"},
		{path: "session/sessiontest", may: []string{"session"}},
		{path: "session/sqlstore", may: []string{"session"}},   // no driver: its user has opened the handle
		{path: "session/redisstore", may: []string{"session"}}, // no client: its user gives one function
		{path: "session/mongostore", may: []string{"session"}, libs: []string{"go.mongodb.org/mongo-driver/v2"}},
		{path: "session/flask", may: []string{"session"}},
		{path: "passhash", may: []string{"passhash/internal/hook"}, libs: []string{"golang.org/x/crypto"}},
		{path: "passhash/internal/hook"}, // what passhashtest reaches, and nobody else
		{path: "passhash/passhashtest", may: []string{"passhash", "passhash/internal/hook"}},

		// The rules. They know no database and no HTTP.
		{path: "internal/fault"},
		{path: "internal/id"},
		{path: "internal/network"},
		{path: "internal/account", may: with()},
		{path: "internal/book", may: with()},
		{path: "internal/door", may: door},

		// The outside: databases know no HTTP, the web knows no database. It knows what a session
		// store is, as it knows the repositories: it gives one a memory that its file keeps exact.
		{path: "internal/sqlite", may: with("session", "internal/account", "internal/book"), libs: []string{"modernc.org/sqlite"}},
		{path: "internal/mongo", may: with("session", "session/mongostore", "internal/account", "internal/book"), libs: []string{"go.mongodb.org/mongo-driver/v2"}},
		{path: "internal/database", may: with("session", "session/sqlstore", "internal/account", "internal/book", "internal/sqlite", "internal/mongo")},
		{path: "internal/fromflask", may: with("internal/account", "internal/book"), libs: []string{"go.mongodb.org/mongo-driver/v2"}},
		{path: "internal/httpx", may: with("session", "internal/account", "internal/book", "internal/door")}, // it holds the policy
		{path: "internal/web", may: slices.Concat(edge, []string{"internal/web/view", "internal/web/static"}), libs: []string{"github.com/a-h/templ"}},
		{path: "internal/web/view", may: with(), libs: []string{"github.com/a-h/templ"}},
		{path: "internal/web/static"},
		{path: "internal/api", may: edge},

		// The program around it.
		{path: "internal/config", may: with("session"), libs: []string{"github.com/alecthomas/kong"}},
		{path: "internal/server", may: all},
		{path: "internal/cli", may: all, libs: []string{"github.com/alecthomas/kong"}},

		// What only tests use: no room above may import it.
		{path: "internal/repotest", may: with("internal/account", "internal/book"), libs: []string{"github.com/google/go-cmp"}},
		{path: "internal/sitetest", may: slices.Concat(all, []string{"internal/sqlite", "session/sqlstore", "passhash/passhashtest"})},
		{path: "internal/rooms"},
	}
}

// cargo lists the modules that may get into the binary. What tests, benchmarks and tools need is
// not among them.
func cargo() []string {
	return []string{
		"github.com/a-h/templ",
		"github.com/alecthomas/kong",
		"golang.org/x/crypto",
		"golang.org/x/sys", // of x/crypto and modernc.org/libc
		"go.mongodb.org/mongo-driver/v2",
		// of go.mongodb.org/mongo-driver/v2:
		"github.com/klauspost/compress",
		"github.com/xdg-go/scram",
		"github.com/xdg-go/stringprep",
		"github.com/youmark/pkcs8",
		"golang.org/x/sync",
		"golang.org/x/text",
		"modernc.org/sqlite",
		// of modernc.org/sqlite:
		"github.com/dustin/go-humanize",
		"github.com/google/uuid",
		"github.com/mattn/go-isatty",
		"github.com/ncruces/go-strftime",
		"github.com/remyoudompheng/bigfft",
		"modernc.org/libc",
		"modernc.org/mathutil",
		"modernc.org/memory",
	}
}
