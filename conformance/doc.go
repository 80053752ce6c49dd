// Package conformance tests against what it cannot bring along: every session store and repository
// over a real server (PostgreSQL, MariaDB, Redis and Valkey, MongoDB or FerretDB in its place), by
// the suites of packages sessiontest and repotest; and Flask's cookie and database against the real
// Flask. It is a module of its own, so that the drivers that only tests need never get into
// anybody's program.
package conformance
