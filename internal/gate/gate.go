// Package gate is other people's applications behind the door: which there are, who may come to
// what of them, what they are told of who comes, and how they are reached. It decides and carries;
// who asks it is told, for it knows no session and no database.
package gate

import "strings"

// Gate is the applications and their rules, as flags or one file have said them. It never changes:
// new rules make a new one.
type Gate struct {
	Apps      []App    // no two of one host; one of every host stands alone
	Identity  Identity // what applications are told of who asks
	Contact   string   // whom people ask who may not enter; "" for nobody in particular
	SignedOut string   // where browsers go after signing out: a configured address; "" for the sign-in page
}

// App is one application.
type App struct {
	Name     string    // for people
	Host     string    // under which it is reached, as browsers write it, without a port; "" for every name of the site
	Origin   string    // the same as a browser has it, "https://wiki.example.org"; "" where Host is
	Upstream *Upstream // where it is; nil: a proxy before us reaches it by itself, and asks us
	KeepHost bool      // it is told the host that the browser asked for, in place of its own
	SignOut  string    // the path of its own sign-out, where the browser goes after ours; "" for none
	Rules    []Rule    // the first one that matches decides; none: nobody passes
	Line     int       // where it stands in its file; 0: --app names it
}

// Find returns the application of a host (a name in small letters, without a port), nil if there is
// none.
func (g *Gate) Find(host string) *App {
	for i := range g.Apps {
		if a := &g.Apps[i]; a.Host == host || a.Host == "" {
			return a
		}
	}
	return nil
}

// At returns the application that has a host of its own, nil if there is none of that host.
func (g *Gate) At(host string) *App {
	if a := g.Find(host); a != nil && a.Host == host && host != "" {
		return a
	}
	return nil
}

// Under reports whether a path is the prefix itself or below it, by whole segments: "/a" holds
// "/a/b" and not "/ab", "/" holds all.
func Under(path, prefix string) bool {
	prefix = strings.TrimRight(prefix, "/")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}
