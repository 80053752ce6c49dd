package sqlstore_test

import (
	"context"
	"database/sql"
	"log"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sqlstore"
)

// One file, beside a program on one machine: one connection that writes, so that writers wait in
// line, and some that read. The driver is that of your choice, here
//
//	import _ "modernc.org/sqlite"
func ExampleSQLite() {
	const file = "file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)"
	write, err := sql.Open("sqlite", file)
	if err != nil {
		log.Fatal(err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", file)
	if err != nil {
		log.Fatal(err)
	}
	read.SetMaxOpenConns(4)

	ctx := context.Background()
	store := sqlstore.SQLite(write, read)
	if err := store.CreateSchema(ctx); err != nil {
		log.Fatal(err)
	}
	keys, err := session.KeyFile("session.key")
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: store}})
	if err != nil {
		log.Fatal(err)
	}
	go sessions.RunSweeper(ctx, time.Minute)
}

// Several nodes and one database, over pgx; lib/pq will do as well.
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
func ExamplePostgreSQL() {
	db, err := sql.Open("pgx", "postgres://app@db.internal/app")
	if err != nil {
		log.Fatal(err)
	}
	store := sqlstore.PostgreSQL(db, sqlstore.Table("web_sessions")) // where "sessions" is taken
	if err := store.CreateSchema(context.Background()); err != nil {
		log.Fatal(err)
	}
	// session.New(session.Config{Keys: keys, Home: session.Home{Store: store}})
}

// MariaDB, or MySQL.
//
//	import _ "github.com/go-sql-driver/mysql"
func ExampleMySQL() {
	db, err := sql.Open("mysql", "app@tcp(db.internal)/app")
	if err != nil {
		log.Fatal(err)
	}
	db.SetConnMaxLifetime(5 * time.Minute) // below the server's wait_timeout
	store := sqlstore.MySQL(db)
	if err := store.CreateSchema(context.Background()); err != nil {
		log.Fatal(err)
	}
	// session.New(session.Config{Keys: keys, Home: session.Home{Store: store}})
}

// What a program with migrations of its own, or somebody else who may make tables, runs instead of
// CreateSchema.
func ExampleStore_Schema() {
	log.Print(sqlstore.PostgreSQL(nil, sqlstore.Table("web_sessions")).Schema())
}
