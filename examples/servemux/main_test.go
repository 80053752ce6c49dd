package main

import (
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }
