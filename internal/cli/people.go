package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/api"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
)

// output is the form in which a verb answers.
type output struct {
	Output string `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}

func (o output) json() bool { return o.Output == "json" }

// write writes a value as the JSON interface shows it.
func (output) write(c *command, value any) error {
	e := json.NewEncoder(c.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// tell says what was done: in words, or as what it was done to.
func (w output) tell(c *command, o opened, dev account.Developer, format string, args ...any) error {
	if w.json() {
		return w.write(c, api.PersonOf(dev))
	}
	return o.say(c, format, args...)
}

// linking is what a verb has that makes a link.
type linking struct {
	output
	config.Reached
}

// site is the address of the site, as its server says it when it starts. It is asked for before a link
// is made: what nobody sees would void the one before.
func (l linking) site(c *command, data config.Data) (site string, guessed bool, err error) {
	dir, err := data.Path(c.env)
	if err == nil {
		site, guessed, err = l.URLIn(dir)
	}
	if err != nil {
		return "", false, usage(err)
	}
	return site, guessed, nil
}

// show writes the link, once. That its address is a guess is said beside it, where no script reads.
func (l linking) show(c *command, o opened, data config.Data, link door.NewLink, what string) error {
	site, guessed, err := l.site(c, data)
	if err != nil {
		return err
	}
	if guessed {
		fmt.Fprintf(c.Stderr, "No public URL is set here, so the link begins with the address that a server of these settings listens on, "+
			"or that the one of this data directory listened on when it started last. "+
			"If people open Doorbook at another one, put that in place of %s, and set --public-url or DOORBOOK_PUBLIC_URL next time.\n", site)
	}
	if l.json() {
		return l.write(c, api.LinkOf(link, site))
	}
	return o.say(c, "%s\nIt is good once, until %s, and is not shown again:\n%s", what, stamp(link.Expires), site+link.Path())
}

type userInviteVerb struct {
	config.Data
	linking
	Email  string `arg:"" help:"E-mail address."`
	Name   string `help:"Name, as others see it; default: who is invited says it."`
	Admin  bool   `help:"Make an administrator."`
	Groups string `help:"Groups, separated by commas."`
}

// Help is what --help says beside the flags.
func (userInviteVerb) Help() string {
	return "Makes an account without a password, and prints a link with which its owner takes it: good once, for three days. " +
		"Nobody but them ever knows the password. Print a new link with the same command; it voids the one before. " +
		"\"doorbook user delete\" withdraws it.\n\n" +
		"Example:\n  doorbook user invite bob@example.org --public-url https://doorbook.example.org"
}

// Run invites somebody, or makes a new link for who was invited.
func (u *userInviteVerb) Run(c *command) error {
	if _, _, err := u.site(c, u.Data); err != nil {
		return err
	}
	o, err := openDoor(c, u.Data, config.Passwords{})
	if err != nil {
		return err
	}
	defer o.close()
	link, err := u.invite(c, o)
	if err != nil {
		return o.inWords(err)
	}
	return u.show(c, o, u.Data, link, link.Of.Email+" is invited as "+string(link.Of.Role)+".")
}

func (u *userInviteVerb) invite(c *command, o opened) (door.NewLink, error) {
	if dev, err := o.door.WhoHas(c.ctx, u.Email); err == nil && dev.State == account.Invited {
		return o.door.InviteAgain(c.ctx, door.Program(), dev.ID, "")
	}
	role := account.Member
	if u.Admin {
		role = account.Admin
	}
	return o.door.Invite(c.ctx, door.Program(), door.Invitation{
		Email: u.Email, Name: u.Name, Role: role, Groups: []string{u.Groups},
	})
}

type userPasswordLinkVerb struct {
	whose
	linking
}

// Help is what --help says beside the flags.
func (userPasswordLinkVerb) Help() string {
	return "Prints a link with which somebody who forgot their password chooses a new one: good once, for 30 minutes. " +
		"Using it signs them out everywhere. It is also the way back in for an administrator who is locked out.\n\n" +
		"Example:\n  doorbook user password-link ada@example.org --public-url https://doorbook.example.org"
}

// Run makes the link.
func (u *userPasswordLinkVerb) Run(c *command) error {
	if _, _, err := u.site(c, u.Data); err != nil {
		return err
	}
	o, dev, err := u.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	link, err := o.door.NewPasswordLink(c.ctx, door.Program(), dev.ID, "")
	if err != nil {
		return o.inWords(err)
	}
	return u.show(c, o, u.Data, link, "With this link "+dev.Email+" chooses a new password.")
}

type userDisableVerb struct {
	whose
	output
}

// Run disables the account, and signs its owner out everywhere.
func (u *userDisableVerb) Run(c *command) error {
	return u.change(c, u.output, door.PersonChange{Disabled: new(true)}, "%s is disabled and signed out everywhere")
}

type userEnableVerb struct {
	whose
	output
}

// Run enables the account; one that waits for approval is approved.
func (u *userEnableVerb) Run(c *command) error {
	o, dev, err := u.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	switch dev.State {
	case account.Waiting:
		dev, err = o.door.Approve(c.ctx, door.Program(), dev.ID, "")
	case account.Invited:
		err = fault.New(fault.Conflict, "Nobody has taken this account yet: its owner does, by the invitation.")
	default:
		dev, err = o.door.ChangePerson(c.ctx, door.Program(), dev.ID, door.PersonChange{Disabled: new(false)})
	}
	if err != nil {
		return o.inWords(err)
	}
	return u.tell(c, o, dev, "%s may sign in: the account is %s", dev.Email, dev.State)
}

// change changes what somebody may do.
func (w whose) change(c *command, out output, in door.PersonChange, done string) error {
	o, dev, err := w.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	if dev, err = o.door.ChangePerson(c.ctx, door.Program(), dev.ID, in); err != nil {
		return o.inWords(err)
	}
	return out.tell(c, o, dev, done, dev.Email)
}

type userRoleVerb struct {
	whose
	output
	Role string `arg:"" enum:"admin,member" help:"admin or member."`
}

// Run gives the role.
func (u *userRoleVerb) Run(c *command) error {
	what := map[account.Role]string{account.Admin: "an admin", account.Member: "a member"}[account.Role(u.Role)]
	return u.change(c, u.output, door.PersonChange{Role: new(account.Role(u.Role))}, "%s is now "+what)
}

type userGroupsVerb struct {
	whose
	output
	Groups string `arg:"" help:"Groups, separated by commas; \"\" for none."`
}

// Run puts somebody into those groups, and out of all others.
func (u *userGroupsVerb) Run(c *command) error {
	done := "%s is in no group"
	if groups, err := account.CleanGroups([]string{u.Groups}); err == nil && len(groups) > 0 {
		done = "%s is in " + strings.ReplaceAll(strings.Join(groups, ", "), "%", "%%") + ", and in no other group"
	}
	return u.change(c, u.output, door.PersonChange{Groups: &[]string{u.Groups}}, done)
}

type userDeleteVerb struct{ whose }

// Help is what --help says beside the flags.
func (userDeleteVerb) Help() string {
	return "Deletes the account and signs its owner out everywhere, without asking; an invitation is withdrawn. " +
		"Entries of the book stay. The last administrator cannot be deleted."
}

// Run deletes the account.
func (u *userDeleteVerb) Run(c *command) error {
	o, dev, err := u.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	if dev.State == account.Invited {
		_, err = o.door.WithdrawInvitation(c.ctx, door.Program(), dev.ID, "")
	} else {
		_, err = o.door.DeletePerson(c.ctx, door.Program(), dev.ID, door.Deletion{Email: u.Email})
	}
	if err != nil {
		return o.inWords(err)
	}
	return o.say(c, "%s is deleted", dev.Email)
}

type userListVerb struct {
	config.Data
	output
	Search string `arg:"" optional:"" help:"Beginnings of words of the name, the address or the short name; default: everybody."`
	Role   string `enum:",admin,member" default:"" placeholder:"ROLE" help:"Only this role: admin or member."`
	State  string `enum:",active,disabled,invited,waiting" default:"" placeholder:"STATE" help:"Only this state: active, disabled, invited or waiting."`
	Group  string `placeholder:"GROUP" help:"Only who is in this group."`
}

// Run lists people by name.
func (u *userListVerb) Run(c *command) error {
	o, err := openDoor(c, u.Data, config.Passwords{})
	if err != nil {
		return err
	}
	defer o.close()
	q := account.PeopleQuery{Search: u.Search, Role: account.Role(u.Role), Group: u.Group, Limit: account.MaxPeople}
	if u.State != "" {
		q.State = new(account.ParseState(u.State))
	}
	shown, rows := []api.ListedPerson{}, [][]string{}
	for {
		list, next, err := o.door.People(c.ctx, door.Program(), q)
		if err != nil {
			return o.inWords(err)
		}
		for _, p := range list {
			shown = append(shown, api.ListedPersonOf(p))
			rows = append(rows, []string{p.Email, book.Inert(p.Name, 200), string(p.Role), p.State.String(), strconv.Itoa(p.Sessions), lastSeen(p), strings.Join(p.Groups, ", ")})
		}
		if q.After = next; next == "" {
			break
		}
	}
	if u.json() {
		return u.write(c, shown)
	}
	if err := o.say(c, "people: %d", len(rows)); err != nil || len(rows) == 0 {
		return err
	}
	return table(c, "EMAIL\tNAME\tROLE\tSTATE\tSESSIONS\tLAST USED\tGROUPS", rows)
}

func lastSeen(p door.PersonInfo) string {
	if p.LastSeen.IsZero() {
		return "-"
	}
	return stamp(p.LastSeen)
}

// table writes rows under a head, in columns.
func table(c *command, head string, rows [][]string) error {
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}
