package config

import "strings"

// Gate is the settings of the applications behind the door. What they come to says package gate.
type Gate struct {
	App  []string
	File string `name:"gate"`
}

// PagesPath is the path that our own pages stand below where there are applications, unless the
// public URL has one of its own: no application is likely to have it.
const PagesPath = "/.doorbook"

// Behind reports whether there are applications behind the door.
func (g Gate) Behind() bool { return len(g.App) > 0 || g.File != "" }

// Pages is the address of our own pages at a site of that address: where there are applications,
// the rest of the site is theirs.
func (g Gate) Pages(site string) string {
	if g.Behind() && site != "" && Prefix(site) == "" {
		return strings.TrimSuffix(site, "/") + PagesPath
	}
	return site
}
