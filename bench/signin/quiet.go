package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/doorbook/doorbook/bench/program"
	"github.com/doorbook/doorbook/passhash"
)

// quiet measures a sign-in at the running program after it had nothing to do for a while, over
// HTTP, and one that follows another at once. The bare hash is computed in this process, over and
// over, before each.
func quiet(ctx context.Context, w io.Writer, binary string, pause time.Duration, rounds int) error {
	tmp, err := os.MkdirTemp("", "doorbook-quiet-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if binary == "" {
		binary = filepath.Join(tmp, "doorbook")
		if err := program.BuildDoorbook(ctx, binary); err != nil {
			return err
		}
	}
	d, err := program.NewDoorbook(binary, tmp)
	if err != nil {
		return err
	}
	ada := program.NewPerson()
	if err := d.AddUser(ctx, ada); err != nil {
		return err
	}
	if err := d.Serve(ctx); err != nil {
		return err
	}
	defer d.Stop()
	argon2id := forms()[0]
	if argon2id.name != passhash.Argon2id {
		return fmt.Errorf("the first form is %s", argon2id.name)
	}
	var bare, after, again []time.Duration
	for range rounds {
		if _, err := cost(argon2id.bare); err != nil { // warm
			return err
		}
		hash, err := cost(argon2id.bare)
		if err != nil {
			return err
		}
		first, err := signInOver(ctx, d, ada, pause)
		if err != nil {
			return err
		}
		second, err := signInOver(ctx, d, ada, 0)
		if err != nil {
			return err
		}
		bare, after, again = append(bare, hash), append(after, first), append(again, second)
	}
	memory, err := d.ResidentMB()
	if err != nil {
		return err
	}
	ratio := func(list []time.Duration) float64 { return float64(median(list)) / float64(median(bare)) }
	fmt.Fprintf(w, "\nThe running program, argon2id, medians of %d: the hash alone %s (least %s); POST /auth/login after %v of quiet %s (%.2f; least %s), "+
		"at once after another %s (%.2f; least %s); %.0f MB resident at the end\n",
		rounds, milliseconds(median(bare)), milliseconds(slices.Min(bare)), pause, milliseconds(median(after)), ratio(after), milliseconds(slices.Min(after)),
		milliseconds(median(again)), ratio(again), milliseconds(slices.Min(again)), memory)
	return nil
}

// signInOver opens the login page, waits, and returns what the program needs for the answer to the
// form.
func signInOver(ctx context.Context, d *program.Doorbook, who program.Person, pause time.Duration) (time.Duration, error) {
	v := program.NewVisitor(d.Addr)
	_, page, err := v.Ask(ctx, "/login", nil)
	if err != nil {
		return 0, err
	}
	token := tokenField.FindStringSubmatch(page)
	if token == nil {
		return 0, fmt.Errorf("no form token in %.200q", page)
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(pause):
	}
	before, err := d.ThreadsCPU()
	if err != nil {
		return 0, err
	}
	status, page, err := v.Ask(ctx, "/auth/login", url.Values{
		"csrf_token": {html.UnescapeString(token[1])}, "email": {who.Email}, "password": {who.Password},
	})
	if err != nil {
		return 0, err
	}
	if status != http.StatusSeeOther {
		return 0, fmt.Errorf("POST /auth/login: status %d: %.200q", status, page)
	}
	used, err := d.ThreadsCPU()
	return used - before, err
}
