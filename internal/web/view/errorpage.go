package view

import (
	"net/url"

	"github.com/a-h/templ"
)

// ErrorPageData is a page that says what went wrong.
type ErrorPageData struct {
	Page
	Status  int    // the answer's status: 400 to 599
	Heading string // a few words; "" takes those of the status
	Text    string // a sentence or two for the reader; "" takes that of the status
	Wait    string // how long to wait, in words ("2 minutes"); "" leaves it out
	Again   string // the address of an application's page to try once more; "" leaves it out
	Onward  []Link // ways on; none: the dashboard, or for strangers the login page
}

// Link is a way to another page of this site.
type Link struct {
	Text string
	Path string // begins with one slash; anything else leads to "/"

	Theirs bool // it is an application's, and not below our own path
}

// at is where a link of a page leads.
func (l Link) at(p Page) templ.SafeURL {
	if l.Theirs {
		return templ.SafeURL(l.href())
	}
	return p.at(l.href())
}

// href keeps a link inside the site, whatever it was made of.
func (l Link) href() string {
	u, err := url.Parse(l.Path)
	if err != nil || u.Scheme != "" || u.Host != "" || len(l.Path) == 0 || l.Path[0] != '/' {
		return "/"
	}
	if len(l.Path) > 1 && (l.Path[1] == '/' || l.Path[1] == '\\') {
		return "/"
	}
	return l.Path
}

func (p ErrorPageData) filled() ErrorPageData {
	heading, text := ErrorText(p.Status)
	if p.Heading == "" {
		p.Heading = heading
	}
	if p.Text == "" {
		p.Text = text
	}
	if len(p.Onward) == 0 {
		if p.User != nil {
			p.Onward = []Link{{Text: "Go to the overview", Path: "/"}}
		} else {
			p.Onward = []Link{{Text: "Go to the sign-in page", Path: "/login"}}
		}
	}
	p.Page = p.as(elsewhere, p.Heading).failed(true)
	return p
}

// ErrorText gives the heading and the sentence for a status: what happened and what to do, never
// what went on inside.
func ErrorText(status int) (heading, text string) {
	switch status {
	case 401:
		return "Please sign in", "This page is for people who are signed in."
	case 403:
		return "That is not allowed", "This is not open to you. An admin of this site may be able to help."
	case 404:
		return "There is nothing here", "The address may be mistyped, or what stood here is gone."
	case 405:
		return "That cannot be done here", "This address exists, but not for this kind of request."
	case 409:
		return "Somebody was quicker", "It was changed in the meantime. Look at it again, then decide."
	case 413:
		return "That is too much at once", "What was sent is larger than this page takes. Send less of it."
	case 415:
		return "That cannot be read", "What was sent is not in a form that this page understands."
	case 422:
		return "Something needs mending", "What was sent breaks a rule. Go back, mend it and send it again."
	case 429:
		return "Too many attempts", "Nothing is broken: there were too many tries in a short time. Wait a little, then try again."
	case 502:
		return "No answer from the application", "It is not your doing. Please try again in a moment."
	case 504:
		return "The application took too long", "It is not your doing. Please try again in a moment."
	case 503:
		return "Not at the moment", "The server has more to do than it can. Please try again in a moment."
	}
	if status >= 500 {
		return "Something went wrong on our side", "It is not your doing. Please try again in a moment."
	}
	return "That request could not be read", "Something in it is not as it should be. Go back, open the page anew and try again."
}
