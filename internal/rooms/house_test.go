package rooms_test

import "slices"

// A room is a package of the program or of a library, and what it may import besides the standard
// library.
type room struct {
	path string   // below the root module's path
	may  []string // packages of ours, by their paths
	libs []string // other modules' paths
}

// house is the plan: every package of the workspace, and the arrows between them, which point inwards
// only. An arrow that is missing here is missing on purpose; whoever adds one says why in the
// commit.
func house() []room {
	leaves := []string{"internal/fault", "internal/id", "internal/network", "internal/files", "internal/span"} // any internal room may know these
	with := func(rooms ...string) []string { return slices.Concat(leaves, rooms) }

	signs := []string{"session/internal/mac", "session/internal/wire"}
	door := with("session", "session/store", "passhash", "internal/account", "internal/book", "internal/agent")
	edge := slices.Concat(door, []string{"internal/door", "internal/gate", "internal/httpx"})
	all := slices.Concat(edge, []string{
		"session/flask", "session/sealed", "internal/database", "internal/fromflask", "internal/web", "internal/web/view", "internal/web/static", "internal/api",
		"internal/config", "internal/server",
	})
	return []room{
		{path: "cmd/doorbook", may: []string{"internal/cli"}},

		// The libraries: what others import, so they bring nothing of the program along.
		{path: "session", may: append([]string{"session/store", "session/memstore", "session/internal/place", "session/internal/published"}, signs...)},
		{path: "session/store", may: []string{"session/internal/wire"}},                          // the contract, for authors of stores
		{path: "session/internal/place", may: []string{"session/store", "session/internal/mac"}}, // where sessions live; the core knows no more of it
		{path: "session/internal/mac"},
		{path: "session/internal/wire"},
		{path: "session/internal/published"},
		{path: "session/internal/together"}, // how questions to a store go together
		{path: "session/internal/compare"},  // for tests
		{path: "session/memstore", may: []string{"session/store"}},
		{path: "session/movestore", may: []string{"session/store"}},                               // it knows the stores that it moves between by their contract
		{path: "session/sqlstore", may: []string{"session/store", "session/internal/together"}},   // no driver: its user has opened the handle
		{path: "session/redisstore", may: []string{"session/store", "session/internal/together"}}, // no client: its user gives one function
		{path: "session/mongostore", may: []string{"session/store"}, libs: []string{"go.mongodb.org/mongo-driver/v2"}},
		{path: "session/sessiontest", may: []string{"session", "session/store", "session/memstore"}},
		{path: "session/sealed", may: []string{"session/store", "session/internal/place", "session/internal/wire"}},
		{path: "session/flask", may: append([]string{"session", "session/store", "session/internal/place", "session/internal/published"}, signs...)},
		{path: "passhash", may: []string{"passhash/internal/hook"}, libs: []string{"golang.org/x/crypto"}},
		{path: "passhash/internal/hook"}, // what passhashtest reaches, and nobody else
		{path: "passhash/passhashtest", may: []string{"passhash", "passhash/internal/hook"}},

		// The rules. They know no database and no HTTP.
		{path: "internal/fault"},
		{path: "internal/id"},
		{path: "internal/network", libs: []string{"golang.org/x/net"}}, // names of hosts in all scripts
		{path: "internal/files"},
		{path: "internal/span"},
		{path: "internal/agent", libs: []string{"github.com/medama-io/go-useragent"}},
		{path: "internal/account", may: with(), libs: []string{"golang.org/x/text"}}, // which letters are the same to who searches
		{path: "internal/book", may: with()},
		{path: "internal/door", may: door, libs: []string{"golang.org/x/text"}},
		// Other people's applications. It is told who asks, so it knows accounts and no session.
		{path: "internal/gate", may: with("internal/account"), libs: []string{"github.com/pelletier/go-toml/v2", "golang.org/x/text"}}, // its file; which spellings of a path are one

		// The outside: databases know no HTTP, the web knows no database. It knows what a session
		// store is, as it knows the repositories: it gives one a memory that its file keeps exact.
		{path: "internal/sqlite", may: with("session", "session/store", "internal/account", "internal/book"), libs: []string{"modernc.org/sqlite"}},
		{path: "internal/mongo", may: with("session", "session/store", "session/mongostore", "internal/account", "internal/book"), libs: []string{"go.mongodb.org/mongo-driver/v2"}},
		{path: "internal/database", may: with("session/store", "session/sqlstore", "internal/account", "internal/book", "internal/sqlite", "internal/mongo")},
		{path: "internal/fromflask", may: with("internal/account", "internal/book"), libs: []string{"go.mongodb.org/mongo-driver/v2"}},
		{path: "internal/httpx", may: with("session", "internal/account", "internal/book", "internal/door", "internal/gate")}, // it holds the policy
		{path: "internal/web", may: slices.Concat(edge, []string{"internal/web/view", "internal/web/static"}), libs: []string{"github.com/a-h/templ"}},
		{path: "internal/web/view", may: with(), libs: []string{"github.com/a-h/templ"}},
		{path: "internal/web/static"},
		{path: "internal/api", may: edge},

		// The program around it.
		{path: "internal/config", may: with("session", "session/flask"), libs: []string{"github.com/alecthomas/kong"}},
		{path: "internal/server", may: all, libs: []string{"golang.org/x/crypto"}}, // certificates over ACME
		{path: "internal/cli", may: all, libs: []string{"github.com/alecthomas/kong", "golang.org/x/term"}},

		// What only tests use: no room above may import it.
		{path: "internal/repotest", may: with("internal/account", "internal/book"), libs: []string{"github.com/google/go-cmp"}},
		{path: "internal/sitetest", may: slices.Concat(all, []string{"internal/sqlite", "session/memstore", "session/sqlstore", "passhash/passhashtest"})},
		{path: "internal/rooms"},
	}
}

// cargo lists the modules that may get into the binary. What tests, benchmarks and tools need is
// not among them.
func cargo() []string {
	return []string{
		"github.com/a-h/templ",
		"github.com/alecthomas/kong",
		"github.com/pelletier/go-toml/v2",
		"github.com/medama-io/go-useragent",
		"github.com/boyter/go-string", // of github.com/medama-io/go-useragent
		"golang.org/x/crypto",
		"golang.org/x/net", // idna, of which net/http has a copy for itself
		"golang.org/x/sys", // of x/crypto, x/term and modernc.org/libc
		"golang.org/x/term",
		"golang.org/x/text",
		"go.mongodb.org/mongo-driver/v2",
		// of go.mongodb.org/mongo-driver/v2:
		"github.com/klauspost/compress",
		"github.com/xdg-go/scram",
		"github.com/xdg-go/stringprep",
		"github.com/youmark/pkcs8",
		"golang.org/x/sync",
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

// A building is a module of the repository.
type building struct {
	path  string   // of its folder, which is that below the root module's path too
	needs []string // modules of ours, by their folders ("" is the program's), also by way of others
	libs  []string // of a library: what its go.mod requires besides, to be imported by it
	may   []string // of a module that stands alone: the packages of other modules of ours it may know
}

// estate lists every module. The program and the libraries are in go.work, and their go.mod files
// have no replace lines, as whoever imports or installs them would not follow those. The others
// stand alone, so that what only they need moves no version of the program's.
func estate() (together, alone []building) {
	libraries := []string{"passhash", "session", "session/mongostore"}
	program := append([]string{""}, libraries...)
	together = []building{
		{path: "", needs: libraries},
		{path: "passhash", libs: []string{"golang.org/x/crypto"}},
		{path: "session"}, // nobody else's module, not even in its tests
		{path: "session/mongostore", needs: []string{"session"}, libs: []string{"go.mongodb.org/mongo-driver/v2"}},
	}

	stores := []string{"session", "session/store", "session/memstore", "session/sqlstore", "session/redisstore", "session/mongostore", "session/flask"}
	rules := []string{"internal/account", "internal/book", "internal/door", "internal/id", "internal/mongo", "internal/sqlite", "passhash"}
	alone = []building{
		{path: "bench", needs: program, may: slices.Concat(stores, rules, []string{"session/sealed", "internal/database", "internal/gate", "internal/server"})},
		{path: "conformance", needs: program, may: slices.Concat(stores, rules, []string{"session/movestore", "session/sessiontest", "internal/fromflask", "internal/repotest"})},
		{path: "conformance/ferretdb"},
		{path: "e2e/caddy"},
		{path: "e2e/pebble"},
		{path: "e2e", needs: append([]string{"conformance"}, program...), may: []string{"conformance/server"}}, // the program as a binary
		{path: "examples", needs: []string{"session"}, may: []string{"session", "session/store", "session/memstore", "session/sessiontest"}},
		{path: "tools"},
	}
	return together, alone
}
