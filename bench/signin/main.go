// Command signin measures what POST /auth/login costs beside the password hash alone, in processor
// time:
//
//	go run ./signin
//	go run ./signin -quiet 5s -rounds 10
//
// The request goes through the whole program but the network, over SQLite files, with the right
// password of somebody whose hash need not be made anew. The bare hash is a call of the function
// that computes it. The two take turns.
package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"

	"github.com/doorbook/doorbook/passhash"
)

func main() {
	rounds := flag.Int("rounds", 40, "how often each side has its turn, for each form of hash")
	pause := flag.Duration("quiet", 0, "measure the running program instead, after it was quiet for so `long`")
	binary := flag.String("doorbook", "", "the `program` that -quiet measures; it is built from .. when this is empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	measure := func() error { return run(ctx, os.Stdout, *rounds) }
	if *pause > 0 {
		measure = func() error { return quiet(ctx, os.Stdout, *binary, *pause, *rounds) }
	}
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "signin:", err)
		stop()
		os.Exit(1)
	}
}

// forms are what new hashes may look like, and the bare computation of each.
func forms() []form {
	password, salt := []byte(password), []byte("sixteen bytes of")
	return []form{
		{passhash.Argon2id, func() error {
			p := passhash.DefaultParams()
			argon2.IDKey(password, salt, p.Time, p.MemoryKiB, p.Threads, 32)
			return nil
		}},
		{passhash.Scrypt, func() error {
			_, err := scrypt.Key(password, salt, 32768, 8, 1, 64)
			return err
		}},
		{passhash.PBKDF2, func() error {
			_, err := pbkdf2.Key(sha256.New, string(password), salt, 600_000, 32)
			return err
		}},
	}
}

type form struct {
	name passhash.Form
	bare func() error
}

// cheap is a hash of password that costs next to nothing: what a request takes with it, it takes
// beside any hash.
const cheap = "pbkdf2:sha256:1$sixteenbytesof$"

func run(ctx context.Context, w io.Writer, rounds int) error {
	// As the program does; see internal/server.
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(160 << 20)
	fmt.Fprintln(w, "| hash | bare | POST /auth/login | ratio, of medians | of the least |\n|---|--:|--:|--:|--:|")
	for _, f := range forms() {
		if err := f.measure(ctx, w, rounds); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return rest(ctx, w, rounds)
}

func (f form) measure(ctx context.Context, w io.Writer, rounds int) error {
	s, err := newSite(ctx, f.name, "")
	if err != nil {
		return err
	}
	defer s.close()
	var bare, whole []time.Duration
	for n := range rounds + 2 {
		hash, err := cost(f.bare)
		if err != nil {
			return err
		}
		request, err := cost(s.signIn)
		if err != nil {
			return err
		}
		if err := s.forget(ctx); err != nil {
			return err
		}
		if n >= 2 { // warm
			bare, whole = append(bare, hash), append(whole, request)
		}
	}
	fmt.Fprintf(w, "| %s | %s | %s | %.3f | %.3f |\n", f.name, milliseconds(median(bare)), milliseconds(median(whole)),
		float64(median(whole))/float64(median(bare)), float64(slices.Min(whole))/float64(slices.Min(bare)))
	return nil
}

// rest measures all of a request but the hash.
func rest(ctx context.Context, w io.Writer, rounds int) error {
	key, err := pbkdf2.Key(sha256.New, password, []byte("sixteenbytesof"), 1, 32)
	if err != nil {
		return err
	}
	s, err := newSite(ctx, passhash.PBKDF2, fmt.Sprintf("%s%x", cheap, key))
	if err != nil {
		return err
	}
	defer s.close()
	const each = 10 // one alone is too short to be told
	var took []time.Duration
	for range rounds {
		all, err := cost(func() error {
			for range each {
				if err := s.signIn(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.forget(ctx); err != nil {
			return err
		}
		took = append(took, all/each)
	}
	fmt.Fprintf(w, "| of one round | 0.00 ms | %s (least %s) | | |\n", milliseconds(median(took)), milliseconds(slices.Min(took)))
	return nil
}

// cost is the processor time of this process while f runs, whatever else the machine does.
func cost(f func() error) (time.Duration, error) {
	before, err := used()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := used()
	return after - before, err
}

func used() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }
