package door

import "time"

// Stay is how long people stay signed in.
type Stay struct {
	Idle       time.Duration // without use, who did not ask to be kept signed in
	Most       time.Duration // used or not, the same
	Remembered time.Duration // used or not, who did; 0: nobody may ask
}

// Stay tells how long people stay signed in.
func (d *Door) Stay() Stay { return d.stay }

// limits returns how long a sign-in lasts without use, and in all.
func (s Stay) limits(remember bool) (idle, most time.Duration) {
	if remember {
		return s.Remembered, s.Remembered
	}
	return s.Idle, s.Most
}

// signIn makes the developer the subject of the visitor's session, for as long as they ask for and
// may.
func (v *Visit) signIn(subject string, remember bool) {
	if remember {
		v.Session.SignInRemembered(subject)
		return
	}
	v.Session.SignIn(subject)
}
