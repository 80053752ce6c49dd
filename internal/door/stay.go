package door

import "time"

// Stay is how long people stay signed in.
type Stay struct {
	Idle       time.Duration // without use, who did not ask to be kept signed in
	Remembered time.Duration // used or not, who did; 0: nobody may ask
}

// Stay tells how long people stay signed in.
func (d *Door) Stay() Stay { return d.stay }

// signIn makes the developer the subject of the visitor's session, for as long as they ask for and
// may.
func (v *Visit) signIn(subject string, remember bool) {
	if remember {
		v.Session.SignInRemembered(subject)
		return
	}
	v.Session.SignIn(subject)
}
