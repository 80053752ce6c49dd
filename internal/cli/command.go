package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/internal/database"
)

// addAdmin is the command that makes an admin of the installation that is served, from another shell,
// which has nothing of this one's environment.
func addAdmin(program, dir, db string) string {
	command := program + " user add EMAIL --name NAME --admin"
	switch {
	case db != "" && db != database.SQLite:
		return command + ", with the same DOORBOOK_DATABASE"
	case dir != "":
		return command + " --data " + quoted(dir)
	}
	return command
}

// thisProgram is how the program that runs is called from a shell: by its name where the shell finds it
// so, as "go run" has built it, else by its path.
func thisProgram() string {
	path, err := os.Executable()
	if err != nil {
		return "doorbook"
	}
	return called(path, exec.LookPath)
}

// called is thisProgram of the file at path.
func called(path string, find func(name string) (string, error)) string {
	if strings.Contains(path, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/doorbook"
	}
	name := filepath.Base(path)
	if found, err := find(name); err == nil {
		if one, err := filepath.EvalSymlinks(found); err == nil && one == path || found == path {
			return name
		}
	}
	return quoted(path)
}

// quoted is a word for a shell.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
