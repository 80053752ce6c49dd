package view

// Problem is one thing that is wrong with what was sent.
type Problem struct {
	Field string // the field's name; "" or a name the form does not have: it stands in the summary only
	Text  string // what is wrong and how to mend it
}

// LoginPage is the page at /login. Its form is posted to /auth/login.
type LoginPage struct {
	Page
	Form     LoginForm
	Errand             // whose fields are sent along, too
	Next     string    // where to go afterwards, sent along as "next"; "" leaves it out
	Problems []Problem // fields "email" and "password"

	Idle       string // how long somebody may do nothing and stay signed in, in words; "": no shorter than that
	Remembered string // how long who ticks "remember" stays so, in words; "": the box is not there
}

// LoginForm is what was typed, without the password: that is never shown again.
type LoginForm struct {
	Email    string
	Remember bool
}

// stays says what the box is for.
func (p LoginPage) stays() string {
	text := "For " + p.Remembered + ". Otherwise until the browser closes"
	if p.Idle != "" {
		text += ", or " + p.Idle + " without use"
	}
	return text + "."
}

// RegisterPage is the page at /register. Its form is posted to /auth/register.
type RegisterPage struct {
	Page
	Form     RegisterForm
	Problems []Problem // fields "name", "email", "skills" and "password"
	Rules    PasswordRules
}

// RegisterForm is what was typed, without the password.
type RegisterForm struct {
	Name   string
	Email  string
	Skills string // separated by commas
}

// SetupPage is the page behind the setup link, where the first admin is made. Its form is posted to
// /setup.
type SetupPage struct {
	Page
	Form     SetupForm
	Token    string    // of the link, sent along as "token"
	Problems []Problem // fields "name", "email" and "password"
	Rules    PasswordRules
}

// SetupForm is what was typed, without the password.
type SetupForm struct {
	Name  string
	Email string
}

// PasswordRules are the rules a person reads before typing a password.
type PasswordRules struct {
	Min int // characters
	Max int
}

func (r PasswordRules) text() string {
	return "At least " + count(r.Min) + " characters, up to " + count(r.Max) +
		". Spaces are fine: a few random words are best."
}

// generator tells password managers what to make (the passwordrules attribute).
func (r PasswordRules) generator() string {
	return "minlength: " + plain(r.Min) + "; maxlength: " + plain(r.Max) + ";"
}

func (p LoginPage) inputs() []input {
	fields := []input{
		{name: "email", label: "E-mail", kind: "email", autocomplete: "username", value: p.Form.Email},
		{name: "password", label: "Password", kind: "password", autocomplete: "current-password"},
	}
	if p.Remembered != "" {
		fields = append(fields, input{
			name: "remember", label: "Keep me signed in", kind: "checkbox", ticked: p.Form.Remember, hint: p.stays(),
		})
	}
	return prepared(p.Problems, fields)
}

func (p RegisterPage) inputs() []input {
	return prepared(p.Problems, []input{
		{name: "name", label: "Name", kind: "text", autocomplete: "name", value: p.Form.Name},
		{name: "email", label: "E-mail", kind: "email", autocomplete: "username", value: p.Form.Email},
		{
			name: "skills", label: "Skills", kind: "text", value: p.Form.Skills, optional: true,
			hint: "Separated by commas: go, sql, calm in a storm",
		},
		newPassword(p.Rules),
	})
}

func (p SetupPage) inputs() []input {
	return prepared(p.Problems, []input{
		{name: "name", label: "Name", kind: "text", autocomplete: "name", value: p.Form.Name},
		{name: "email", label: "E-mail", kind: "email", autocomplete: "username", value: p.Form.Email},
		newPassword(p.Rules),
	})
}

func newPassword(r PasswordRules) input {
	return input{
		name: "password", label: "Password", kind: "password", autocomplete: "new-password",
		hint: r.text(), rules: r.generator(),
	}
}
