package view

// NotForYouPage is for somebody who may not enter an application, or this part of it.
type NotForYouPage struct {
	Page
	App       string
	Part      bool   // another part of it may be for them
	Contact   string // whom to ask; "" for nobody in particular
	ContactAt string // the address of a mail to them, or of their page; "" for none
}

func (p NotForYouPage) heading() string {
	if p.Part {
		return "This part of " + Isolated(p.App) + " is not for you"
	}
	return Isolated(p.App) + " is not for you"
}
