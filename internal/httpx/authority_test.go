package httpx_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

// hooked calls hook once, right before the first write: after the request was judged.
type hooked struct {
	account.Repository
	hook func()
}

func (h *hooked) once() {
	if f := h.hook; f != nil {
		h.hook = nil
		f()
	}
}

func (h *hooked) Create(ctx context.Context, by account.Actor, d account.Developer) error {
	h.once()
	return h.Repository.Create(ctx, by, d)
}

func (h *hooked) Update(
	ctx context.Context, by account.Actor, id string, c account.Change, now time.Time,
) (account.Developer, error) {
	h.once()
	return h.Repository.Update(ctx, by, id, c, now)
}

func (h *hooked) Delete(ctx context.Context, by account.Actor, id string) error {
	h.once()
	return h.Repository.Delete(ctx, by, id)
}

func (h *hooked) SetJoining(ctx context.Context, by account.Actor, j account.Joining) error {
	h.once()
	return h.Repository.SetJoining(ctx, by, j)
}

func (h *hooked) Confirm(ctx context.Context, by account.Actor) error {
	h.once()
	return h.Repository.Confirm(ctx, by)
}

// hookedTokens calls the hook before a token is made or ended.
type hookedTokens struct {
	account.Tokens
	*hooked
}

func (h hookedTokens) Create(ctx context.Context, by account.Actor, k account.Token, most int) error {
	h.once()
	return h.Tokens.Create(ctx, by, k, most)
}

func (h hookedTokens) End(ctx context.Context, by account.Actor, owner, id string, now time.Time) error {
	h.once()
	return h.Tokens.End(ctx, by, owner, id, now)
}

// held is a body whose last byte comes only after hook.
type held struct {
	io.Reader
	hook func()
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p[:min(len(p), 4)])
	if f := h.hook; f != nil {
		h.hook = nil
		f()
	}
	return n, err
}

// deed is one thing to do that takes authority.
type deed struct {
	by            account.Role
	pattern, body string
	self          bool // the address names the actor, or a session of theirs; else somebody else or an entry
}

// deeds are the unsafe routes that take a sign-in, each with what is asked of it.
func deeds() []deed {
	const eve = `{"name":"Eve","email":"eve@example.org","password":"marble fox dances at noon","role":"admin"}`
	return []deed{
		{account.Admin, "POST /developers", eve, false},
		{account.Admin, "PATCH /developers/{id}", `{"role":"admin"}`, false},
		{account.Admin, "PATCH /developers/{id}", `{"disabled":true}`, false},
		{account.Admin, "PATCH /developers/{id}", `{"name":"Mallory"}`, false},
		{account.Admin, "PATCH /developers/{id}", `{"role":"admin","disabled":false}`, true},
		{account.Admin, "DELETE /developers/{id}", `{}`, false},
		{account.Admin, "PUT /logs/{id}", `{}`, false},
		{account.Admin, "PUT /logs/{id}/{$}", `{}`, false},
		{account.Admin, "DELETE /logs/{id}", `{}`, false},
		{account.Admin, "DELETE /logs/{id}/{$}", `{}`, false},
		{account.Admin, "POST /api/developers/{id}/sessions/{session}/end", `{}`, false},
		{account.Admin, "POST /api/developers/{id}/sessions/end", `{"all":true}`, false},
		{account.Admin, "POST /api/developers/{id}/tokens/{token}/end", `{}`, false},
		{account.Member, "POST /api/tokens", `{"name":"deploy","scopes":["read"]}`, true},
		{account.Member, "POST /api/tokens/{id}/end", `{}`, true},
		{account.Admin, "POST /people/{id}/role", "csrf_token=&role=admin", false},
		{account.Admin, "POST /people/{id}/groups", "csrf_token=&groups=staff", false},
		{account.Admin, "POST /people/{id}/disable", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/password-link", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/approve", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/invite", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/withdraw", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/end-sessions", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/delete", "csrf_token=&email=target@example.org", false},
		{account.Admin, "POST /people/{id}/enable", "csrf_token=&x=", false},
		{account.Admin, "POST /people/{id}/sessions/{session}/end", "csrf_token=", false},
		{account.Admin, "POST /invite", "csrf_token=&email=zoe@example.org", false},
		{account.Admin, "POST /registration", "csrf_token=&mode=open&approval=yes", false},
		{account.Admin, "POST /api/people", `{"email":"zoe@example.org"}`, false},
		{account.Admin, "PATCH /api/people/{id}", `{"role":"admin"}`, false},
		{account.Admin, "PATCH /api/people/{id}", `{"disabled":true}`, false},
		{account.Admin, "PATCH /api/people/{id}", `{"groups":"staff"}`, false},
		{account.Admin, "DELETE /api/people/{id}", `{"email":"target@example.org"}`, false},
		{account.Admin, "POST /api/people/{id}/password-link", `{}`, false},
		{account.Admin, "POST /api/people/{id}/approve", `{}`, false},
		{account.Admin, "POST /api/people/{id}/invitation", `{}`, false},
		{account.Admin, "DELETE /api/people/{id}/invitation", `{}`, false},
		{account.Admin, "PATCH /api/registration", `{"approval":true}`, false},
		{account.Member, "POST /account", "csrf_token=&name=Mallory", true},
		{account.Member, "POST /account/password", "csrf_token=&password=marble+fox+dances+at+noon&current_password=" + url.QueryEscape(sitetest.Password), true},
		{account.Member, "POST /account/data", "csrf_token=", true},
		{account.Member, "POST /confirm", "csrf_token=&current_password=" + url.QueryEscape(sitetest.Password), true},
		{account.Member, "POST /account/close", "csrf_token=&current_password=" + url.QueryEscape(sitetest.Password), true},
		{account.Member, "PATCH /api/account", `{"short_name":"mallory","current_password":"` + sitetest.Password + `"}`, true},
		{account.Member, "POST /api/account/password", `{"password":"marble fox dances at noon","current_password":"` + sitetest.Password + `"}`, true},
		{account.Member, "POST /api/account/data", `{}`, true},
		{account.Member, "POST /api/account/close", `{"current_password":"` + sitetest.Password + `"}`, true},
		{account.Member, "POST /api/sessions/{id}/end", `{}`, true},
		{account.Member, "POST /api/sessions/end", `{"all":false}`, true},
		{account.Member, "POST /account/tokens", "csrf_token=&name=deploy&read=yes&days=30", true},
		{account.Member, "POST /account/tokens/{id}/end", "csrf_token=", true},
		{account.Member, "POST /account/sessions/{id}/end", "csrf_token=", true},
		{account.Member, "POST /account/sessions/{id}/disown", "csrf_token=", true},
		{account.Member, "POST /account/sessions/{id}/name", "csrf_token=&name=mine", true},
		{account.Member, "POST /api/sessions/{id}/name", `{"name":"mine"}`, true},
		{account.Member, "POST /account/sessions/end-others", "csrf_token=", true},
		{account.Member, "POST /account/sessions/end-all", "csrf_token=", true},
		{account.Member, "PATCH /developers/{id}", `{"name":"Mallory"}`, true},
		{account.Member, "PATCH /developers/{id}", `{"email":"m@example.org","current_password":"` + sitetest.Password + `"}`, true},
		{account.Member, "PATCH /developers/{id}", `{"password":"marble fox dances at noon","current_password":"` + sitetest.Password + `"}`, true},
		{account.Member, "DELETE /developers/{id}", `{}`, true},
	}
}

// losses are the ways to lose authority, each as somebody else would bring it about.
func losses() map[string]func(t *testing.T, s *sitetest.Site, d account.Developer) {
	update := func(c account.Change) func(*testing.T, *sitetest.Site, account.Developer) {
		return func(t *testing.T, s *sitetest.Site, d account.Developer) {
			if _, err := s.DB.Accounts().Update(context.Background(), account.Actor{}, d.ID, c, s.Clock.Now()); err != nil {
				t.Error(err)
			}
		}
	}
	member, disabled, hash := account.Member, account.Disabled, sitetest.HashPrefix+"another"
	return map[string]func(*testing.T, *sitetest.Site, account.Developer){
		"demoted":        update(account.Change{Role: &member}),
		"disabled":       update(account.Change{State: &disabled, EndSignIns: true}),
		"a new password": update(account.Change{PasswordHash: &hash, EndSignIns: true}),
		"deleted": func(t *testing.T, s *sitetest.Site, d account.Developer) {
			if err := s.DB.Accounts().Delete(context.Background(), account.Actor{}, d.ID); err != nil {
				t.Error(err)
			}
		},
		"signed out": func(t *testing.T, s *sitetest.Site, d account.Developer) {
			if _, err := s.Sessions.EndAll(context.Background(), d.ID); err != nil {
				t.Error(err)
			}
		},
	}
}

// TestAuthority: whoever loses what a change takes while their request is under way changes
// nothing, whether the loss comes while the body is being sent, or between the judgement and the
// write (ASVS 7.4.1, 7.4.2, 8.3.2). Guards: admit.go, request.readBody; the repository's authority.
func TestAuthority(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, d := range deeds() {
		asked[d.pattern] = true
		for name, lose := range losses() {
			if name == "demoted" && d.by == account.Member {
				continue
			}
			for _, heldBody := range []bool{true, false} {
				when := map[bool]string{true: "while the body comes", false: "before the write"}[heldBody]
				t.Run(d.pattern+" "+d.body+" "+name+" "+when, func(t *testing.T) {
					t.Parallel()
					deny(t, d, lose, heldBody, false)
				})
			}
		}
	}
	for _, r := range httpx.Routes() {
		method, _, _ := strings.Cut(r.Pattern, " ")
		if method != http.MethodGet && r.Who >= httpx.SignedIn && !asked[r.Pattern] && r.Pattern != "POST /auth/logout" {
			t.Errorf("%s is not in the table", r.Pattern)
		}
	}
}

// TestAuthorityOfTokens: the same of what is done with a token, and of one that is ended meanwhile.
// Guard: account.Actor's Token.
func TestAuthorityOfTokens(t *testing.T) {
	t.Parallel()
	ways := losses()
	delete(ways, "signed out") // which is no matter of tokens
	ways["token ended"] = func(t *testing.T, s *sitetest.Site, d account.Developer) {
		if n, err := s.DB.Tokens().EndAll(context.Background(), d.ID, s.Clock.Now()); err != nil || n == 0 {
			t.Error(n, err)
		}
	}
	for _, d := range []deed{
		{account.Admin, "PATCH /developers/{id}", `{"disabled":true}`, false},
		{account.Admin, "PATCH /developers/{id}", `{"name":"Mallory"}`, false},
		{account.Admin, "PUT /logs/{id}", `{}`, false},
		{account.Admin, "DELETE /logs/{id}", `{}`, false},
		{account.Member, "PATCH /developers/{id}", `{"name":"Mallory"}`, true},
	} {
		for name, lose := range ways {
			if name == "demoted" && d.by == account.Member {
				continue
			}
			for _, heldBody := range []bool{true, false} {
				when := map[bool]string{true: "while the body comes", false: "before the write"}[heldBody]
				t.Run(d.pattern+" "+d.body+" "+name+" "+when, func(t *testing.T) {
					t.Parallel()
					deny(t, d, lose, heldBody, true)
				})
			}
		}
	}
}

// deny lets somebody lose authority during their own request, and holds the answer and what is
// stored. They ask with a token, or with their session.
func deny(t *testing.T, d deed, lose func(*testing.T, *sitetest.Site, account.Developer), heldBody, bearer bool) {
	accounts := &hooked{}
	s := sitetest.New(t, func(p *server.Parts) {
		accounts.Repository = p.Accounts
		p.Accounts = accounts
		p.Tokens = hookedTokens{p.Tokens, accounts}
	})
	actor, target := s.Developer("Actor", d.by), s.Developer("Target", account.Member)
	s.Developer("Root", account.Admin) // so that the last admin is not what refuses
	v := s.SignedIn(actor)
	own, err := s.Sessions.List(t.Context(), actor.ID)
	if err != nil || len(own) != 1 {
		t.Fatal(own, err)
	}
	mine := own[0].ID
	s.SignedIn(actor)
	s.SignedIn(target)
	bring(t, s, target, d.pattern)
	named := target.ID
	if strings.Contains(d.pattern, "/logs/") {
		named = s.Entries(book.Request)[0].ID
	} else if d.self {
		named = actor.ID
	}
	method, path, _ := strings.Cut(d.pattern, " ")
	if strings.Contains(d.pattern, "sessions/{id}") {
		named = otherSessions(t, s, mine, actor)[0]
	}
	if strings.Contains(d.pattern, "tokens/{id}") {
		named = s.Token(actor, account.ScopeRead).ID
	}
	path = strings.NewReplacer("{token}", s.Token(target, account.ScopeRead).ID, "{id}", named, "{$}", "", "{session}", otherSessions(t, s, mine, target)[0]).Replace(path)

	// A session of somebody who is not let in any more may end, which is no deed: not the others.
	now := func() any { return []any{stored(t, s, named), otherSessions(t, s, mine, actor, target)} }
	var before any
	loseIt := func() {
		lose(t, s, actor)
		before = now()
	}
	body := &held{Reader: strings.NewReader(d.body)}
	if heldBody {
		body.hook = loseIt
	} else {
		accounts.hook = loseIt
	}
	r := httptest.NewRequest(method, path, body)
	r.Host = sitetest.Host
	r.RemoteAddr = "192.0.2.1:50000"
	r.Header.Set("Content-Type", "application/json")
	if strings.Contains(d.body, "csrf_token") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Accept", "application/json")
	}
	for name, value := range v.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if bearer {
		r.Header.Set("Authorization", "Bearer "+s.Token(actor, account.ScopeWrite).Text)
	}
	a := v.Send(r)
	if a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
		t.Errorf("status %d: %s", a.Status, a.Body)
	}
	if before == nil {
		t.Fatal("nothing was lost in between")
	}
	if diff := cmp.Diff(before, now()); diff != "" {
		t.Errorf("changed all the same (-before +after):\n%s", diff)
	}
	if a.Cookie("__Host-session") != nil && a.Cookie("__Host-session").MaxAge >= 0 {
		t.Error("the answer gives a session")
	}
	if a.Status == http.StatusForbidden && len(s.Activities(book.ActionForbidden)) == 0 {
		t.Error("the refusal is not in the book")
	}
}

// otherSessions lists the sessions of developers but one.
func otherSessions(t *testing.T, s *sitetest.Site, but session.ID, of ...account.Developer) (ids []string) {
	t.Helper()
	for _, d := range of {
		list, err := s.Sessions.List(context.Background(), d.ID)
		if err != nil {
			t.Error(err)
		}
		for _, found := range list {
			if found.ID != but {
				ids = append(ids, found.ID.String())
			}
		}
	}
	return ids
}

// stored is what a deed could change: the accounts, and whether the entry is listed.
func stored(t *testing.T, s *sitetest.Site, entry string) any {
	t.Helper()
	list, err := s.DB.Accounts().List(context.Background(), "", 100)
	if err != nil {
		t.Error(err)
	}
	_, err = s.DB.Entries().ByID(context.Background(), entry)
	tokens := map[string]bool{}
	for _, d := range list {
		kept, err := s.DB.Tokens().List(context.Background(), d.ID)
		if err != nil {
			t.Error(err)
		}
		for _, k := range kept {
			tokens[k.ID] = k.Ended
		}
	}
	joining, unread := s.DB.Accounts().Joining(context.Background())
	if unread != nil {
		t.Error(unread)
	}
	return []any{list, err == nil, tokens, joining}
}
