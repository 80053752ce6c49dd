// Command pebble is Let's Encrypt's ACME server for tests, with a DNS server that says of every name
// that it is this machine. It is a module of its own, so that none of what it needs gets near the
// product.
//
//	pebble ADDR DNS CERT KEY HTTP TLS
//
// It answers at https://ADDR/dir with a certificate of those files, and asks for names at the ports
// HTTP and TLS of this machine, in place of 80 and 443. Everything else is as Let's Encrypt does it.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/letsencrypt/challtestsrv"
	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr, "usage: pebble ADDR DNS CERT KEY HTTP TLS")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	logger := log.New(os.Stdout, "", log.LstdFlags)
	names, err := challtestsrv.New(challtestsrv.Config{DNSAddrs: []string{args[1]}, Log: logger})
	if err != nil {
		return err
	}
	names.SetDefaultDNSIPv4("127.0.0.1")
	names.SetDefaultDNSIPv6("")
	go names.Run()
	plain, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	encrypted, err := strconv.Atoi(args[5])
	if err != nil {
		return err
	}
	store := db.NewMemoryStore()
	const month = 30 * 24 * 60 * 60
	issues := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "a month", ValidityPeriod: month}})
	asks := va.New(logger, plain, encrypted, false, args[1], store)
	front := wfe.New(logger, store, asks, issues, []string{"pebble.letsencrypt.org"}, false, false, 1, 1)
	return http.ListenAndServeTLS(args[0], args[2], args[3], front.Handler())
}
