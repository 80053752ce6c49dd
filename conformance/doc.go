// Package conformance runs the suite of package sessiontest on every store over a real server: PostgreSQL, MariaDB, Redis
// and Valkey. It is a module of its own, so that their drivers never get into anybody's program.
package conformance
