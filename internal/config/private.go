package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/internal/files"
)

// readPrivate reads a file that holds a secret: all of it but the line's end. Here stands who else
// may be able to read it.
//
// Refused is one that everybody may write, and one of ours that others may read, because whoever is
// to mend it can: the key file has the same rule. It is passed over where it was not us who opened
// it: the group that Kubernetes gives to a volume (fsGroup), rights that a mount adds, a mount that
// nobody can change. Of a file of somebody else, as container platforms mount them, the mode is
// theirs to decide; told is what is weak about it.
func readPrivate(option, path string) (text, told string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", option, err)
	}
	if told, err = judge(path, info); err != nil {
		return "", "", fmt.Errorf("%s: %w", option, err)
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return "", "", fmt.Errorf("%s: %w: the program runs as user %d, who must be able to read it (chown, or defaultMode 0440 with an fsGroup in Kubernetes)",
			option, err, os.Geteuid())
	}
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", option, err)
	}
	text = strings.TrimRight(string(content), "\r\n")
	if text == "" {
		return "", "", fmt.Errorf("%s: %s is empty", option, path)
	}
	if told != "" {
		told = option + ": " + told
	}
	return text, told, nil
}

// judge says what is weak about a file with a secret, or refuses it.
func judge(path string, info fs.FileInfo) (told string, err error) {
	open := info.Mode().Perm() & (files.Group | files.Others)
	if !files.Modes || open == 0 || !info.Mode().IsRegular() { // a pipe has no mode that counts
		return "", nil
	}
	forced := files.ReadOnly(path)
	ours := files.Ours(info)
	switch {
	case open&files.OthersMake != 0 && !forced:
		return "", fmt.Errorf("everybody may write %s (mode %04o): close it with chmod 600, and change the secret", path, info.Mode().Perm())
	case open&files.Others != 0 && ours && !forced:
		return "", fmt.Errorf("others may read %s (mode %04o): make it private with chmod 600, and change the secret", path, info.Mode().Perm())
	case open&files.Others != 0:
		return fmt.Sprintf("everybody on this machine may read %s (mode %04o): rather mount it with mode 0400 or 0440", path, info.Mode().Perm()), nil
	case ours && !forced && !givenByMount(path, info, open):
		return "", fmt.Errorf("others may read %s (mode %04o): make it private with chmod 600, and change the secret", path, info.Mode().Perm())
	case ours && !forced:
		return fmt.Sprintf("its group may read %s (mode %04o), which its mount says and chmod cannot change", path, info.Mode().Perm()), nil
	}
	return "", nil
}

// givenByMount reports whether the rights of the group were not given by whoever made a file: its
// folder hands its group down and the group is that one, as in a volume of Kubernetes; or the mount
// adds them to every file.
func givenByMount(path string, info fs.FileInfo, open fs.FileMode) bool {
	dir := filepath.Dir(path)
	folder, err := os.Stat(dir)
	if err != nil {
		return false
	}
	if folder.Mode()&fs.ModeSetgid != 0 && !files.Ours(folder) && files.SameGroup(folder, info) {
		return true
	}
	return open&^files.Added(dir) == 0
}
