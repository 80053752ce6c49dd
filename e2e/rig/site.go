package rig

import "testing"

// Site is an address at which people find the program: a Server's own, or that of a proxy before
// several of them.
type Site struct {
	URL   string // http://127.0.0.1:PORT
	Token string // of the setup link that is good there, "" when there is none

	t testing.TB
}

// NewSite gives the site at an address.
func NewSite(t testing.TB, url, token string) *Site { return &Site{URL: url, Token: token, t: t} }

// Place is whatever has an address: a Site, or what contains one.
type Place interface{ site() *Site }

func (s *Site) site() *Site { return s }

// At is the same visitor at another address of the same site: a second browser with the same
// cookies.
func (c *Client) At(place Place) *Client {
	clone := c.Clone()
	clone.Base = place.site().URL
	return clone
}
