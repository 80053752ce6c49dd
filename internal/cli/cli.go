// Package cli is the verbs of the program: it reads flags and environment, and calls what they ask
// for.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
)

// Exit codes.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Env is the world around the program.
type Env struct {
	Args           []string // without the program's name
	Environ        []string // as os.Environ gives it
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

type verbs struct {
	Serve       serveVerb       `cmd:"" default:"withargs" help:"Open the door: serve the pages, the JSON interface and the book. This is what happens without a verb."`
	User        userVerb        `cmd:"" help:"Look after accounts, also while the server runs."`
	Session     sessionVerb     `cmd:"" help:"See where people are signed in, and end it, also while the server runs."`
	Token       tokenVerb       `cmd:"" help:"See, make and end the tokens by which programs come in on somebody's behalf, also while the server runs."`
	Keys        keysVerb        `cmd:"" help:"See the secret keys that sign cookies, and change to a new one, which signs nobody out."`
	Gate        gateVerb        `cmd:"" help:"See which applications are behind the door, and try who may come to what of them."`
	Import      importVerb      `cmd:"" help:"Copy accounts and entries from elsewhere."`
	Flask       flaskVerb       `cmd:"" help:"Read and write what a Flask application keeps: its cookies and password hashes."`
	Healthcheck healthcheckVerb `cmd:"" help:"Ask the server whether it can serve, as a container platform does. Exit code 0 if it can, else 1."`
	Version     versionVerb     `cmd:"" help:"Say which version this is."`
}

// errUsage marks what the caller typed wrong.
var errUsage = errors.New("wrong usage")

func usage(err error) error { return fmt.Errorf("%w: %w", errUsage, err) }

// Run carries out one command and gives the exit code: 0 fine, 1 failed, 2 wrong usage.
func Run(ctx context.Context, env Env) int {
	var v verbs
	given := config.ReadEnvironment(env.Environ)
	ended := -1 // what kong would exit with, after --help
	parser, err := kong.New(&v,
		kong.Name("doorbook"),
		kong.Description("The door and the book: a login, pages for signed-in people, and a record of who came in and what they did."),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(code int) { ended = code }),
		kong.UsageOnError(),
		kong.Resolvers(fromEnvironment(given)),
	)
	if err != nil {
		fmt.Fprintln(env.Stderr, "doorbook:", err)
		return exitFailed
	}
	bind(parser.Model)
	args := asked(env.Args)
	parsed, err := parser.Parse(args)
	if ended >= 0 {
		return ended
	}
	if err != nil {
		help, told := mistyped(err, args, parser.Model.Node)
		fmt.Fprintf(env.Stderr, "doorbook: %v\nTry %q.\n", told, help)
		return exitUsage
	}
	c := &command{ctx: ctx, Env: env, env: given}
	if err = c.lookForUnknown(parsed); err == nil {
		err = parsed.Run(c)
	}
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(env.Stderr, "doorbook: %v\nTry %q.\n", err, helpOf(parsed.Selected()))
		return exitUsage
	case err != nil:
		fmt.Fprintln(env.Stderr, "doorbook:", err)
		return exitFailed
	}
	return exitFine
}

// command is what each verb gets.
type command struct {
	Env
	ctx context.Context
	env config.Environment // what Environ holds
}

// lookForUnknown refuses names in the environment that are close to a setting's, and tells others.
func (c *command) lookForUnknown(parsed *kong.Context) error {
	if !reads(parsed) {
		return nil
	}
	told, err := c.env.Unknown()
	if err != nil {
		return usage(err)
	}
	for _, text := range told {
		c.log().Warn(text)
	}
	return nil
}

func (c *command) log() *slog.Logger {
	return slog.New(slog.NewJSONHandler(c.Stderr, nil))
}

type serveVerb struct {
	config.Serve
}

// Help is what --help says beside the flags.
func (serveVerb) Help() string { return config.HelpOfSecrets(config.VerbServe) }

// Run serves.
func (s *serveVerb) Run(c *command) error {
	if err := s.Check(); err != nil {
		return usage(err)
	}
	if _, err := httpx.ParseProxies(s.TrustedProxies); err != nil {
		return usage(fmt.Errorf("--trusted-proxies: %w", err))
	}
	if _, err := server.Joining(s.Joins, s.Gate); err != nil {
		return usage(err)
	}
	dir, secrets, err := place(c, s.Data)
	if err != nil {
		return err
	}
	if s.Sessions == config.SharedWithFlask && secrets.Flask.Key == nil {
		return usage(errors.New("--sessions=flask: DOORBOOK_FLASK_SECRET_KEY is missing, the SECRET_KEY of the Flask application"))
	}
	machine, err := os.Hostname()
	if err != nil {
		machine = "" // it is then served under its other names
	}
	return server.Run(c.ctx, server.Config{
		Serve: s.Serve, Dir: dir, Secrets: secrets, Machine: machine,
		Command: addAdmin(thisProgram(), s.Dir, secrets.Database), Out: c.Stdout, Log: c.log(),
	})
}

// place finds the data directory and the secrets.
func place(c *command, d config.Data) (dir string, s config.Secrets, err error) {
	if dir, err = d.Path(c.env); err != nil {
		return dir, s, usage(err)
	}
	if dir, err = filepath.Abs(dir); err != nil { // which is told to people in other folders
		return dir, s, err
	}
	if s, err = config.ReadSecrets(c.env); err != nil {
		return dir, s, usage(err)
	}
	for _, text := range s.Told {
		c.log().Warn(text)
	}
	if err := database.CheckSetting(s.Database); err != nil {
		return dir, s, usage(fmt.Errorf("DOORBOOK_DATABASE: %w", err))
	}
	return dir, s, nil
}

type versionVerb struct{}

// Run says the version.
func (versionVerb) Run(c *command) error {
	version, revision := "devel", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.Stdout, "doorbook %s%s %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
