package program

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// RedisServer returns the command that runs redis-server or valkey-server, whichever is installed,
// on a socket in a folder, with nothing kept on disk.
func RedisServer(dir string) (command []string, socket string, err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if program, err = exec.LookPath("valkey-server"); err != nil {
			return nil, "", errors.New("neither redis-server nor valkey-server is installed")
		}
	}
	socket = filepath.Join(dir, fmt.Sprintf("redis-%d.sock", time.Now().UnixNano()))
	return []string{
		program, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "no",
		"--hash-max-listpack-value", "300",
	}, socket, nil
}
