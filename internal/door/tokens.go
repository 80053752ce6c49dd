package door

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
)

// TokensKept is how long a token that has ended stays in the lists.
const TokensKept = 30 * 24 * time.Hour

// TokenState says whether a token lets in.
type TokenState string

// The states.
const (
	TokenLive    TokenState = "live"
	TokenExpired TokenState = "expired"
	TokenEnded   TokenState = "ended" // by somebody, or with the password or the account
)

// TokenInfo is a token of a developer as they, and admins, see it.
type TokenInfo struct {
	ID       string // it opens nothing
	Name     string
	Scopes   account.Scopes
	State    TokenState
	Made     time.Time
	Ends     time.Time // when it expires, or has ended
	Used     time.Time // right to a minute; zero: never
	UsedFrom string
}

func showToken(t account.Token, owner account.Developer, now time.Time) TokenInfo {
	state := TokenLive
	switch {
	case t.Ended:
		state = TokenEnded
	case !t.Live(now):
		state = TokenExpired
	case !t.GoodFor(owner, now):
		state = TokenEnded
	}
	return TokenInfo{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes, State: state,
		Made: t.CreatedAt, Ends: t.Ends, Used: t.UsedAt, UsedFrom: t.UsedFrom,
	}
}

// Why a token lets nobody in.
var (
	ErrNoToken   = errors.New("door: no token of ours")
	ErrTokenOver = errors.New("door: the token has ended")
)

// IdentifyToken finds out for whom a token speaks, from the token and its owner's account as they
// are now. The visit has no session then.
//
// Faults: Unauthorized with ErrNoToken or ErrTokenOver, which look the same to who sent it; Busy.
func (d *Door) IdentifyToken(ctx context.Context, v *Visit, text string) error {
	refused := func(why error) error {
		return fault.Wrap(fault.Unauthorized, "This token is not good, or not any more.", why)
	}
	hash, ok := account.TokenHash(text)
	if !ok {
		return refused(ErrNoToken)
	}
	t, err := d.tokens.ByHash(ctx, hash)
	if errors.Is(err, account.ErrNotFound) {
		return refused(ErrNoToken)
	}
	if err != nil {
		return unavailable(err)
	}
	now := d.now()
	owner, err := d.accounts.ByID(ctx, t.Account)
	switch {
	case err != nil && !errors.Is(err, account.ErrNotFound):
		return unavailable(err)
	case err != nil || !t.GoodFor(owner, now):
		return refused(ErrTokenOver)
	}
	v.Developer, v.Token = owner, t
	if ago := now.Sub(t.UsedAt); ago >= time.Minute || ago < -account.Skew {
		if err := d.tokens.Touch(context.WithoutCancel(ctx), t, now, v.Addr); err != nil {
			d.log.Warn("the use of a token was not noted", "token", t.ID, "error", err)
		}
	}
	return nil
}

// asPerson refuses to a token what takes its owner themselves: whatever would let its bearer stay
// when it ends, such as another token, a password or a role; or keep others out.
func (d *Door) asPerson(ctx context.Context, v *Visit, target account.Developer) error {
	if v.Token.ID == "" {
		return nil
	}
	return d.refused(ctx, v, fault.New(fault.Forbidden, "That takes somebody who has signed in. A token may not do it."), target)
}

// Tokens lists the tokens of a developer: those that let in first, then the newest first. A member
// sees their own.
//
// Faults: NotFound, Forbidden, Busy.
func (d *Door) Tokens(ctx context.Context, v *Visit, target string) ([]TokenInfo, error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return nil, err
	}
	return d.tokensOf(ctx, dev)
}

func (d *Door) tokensOf(ctx context.Context, dev account.Developer) ([]TokenInfo, error) {
	found, err := d.tokens.List(ctx, dev.ID)
	if err != nil {
		return nil, unavailable(err)
	}
	now := d.now()
	list := make([]TokenInfo, len(found))
	for i, t := range found {
		list[i] = showToken(t, dev, now)
	}
	rank := map[TokenState]int{TokenExpired: 1, TokenEnded: 1}
	slices.SortStableFunc(list, func(a, b TokenInfo) int { return cmp.Compare(rank[a.State], rank[b.State]) })
	return list, nil
}

// NewToken is what somebody asks for to get a token.
type NewToken struct {
	Name            string
	Scopes          []string // see account.CheckScopes
	Days            int      // see account.CheckTokenDays
	CurrentPassword string   // where MustProve says so
}

// validate gives the token that is asked for, or names every broken field.
func (in NewToken) validate(now time.Time) (t account.Token, err error) {
	var broken []fault.Field
	check := func(err error) {
		var f *fault.Error
		if errors.As(err, &f) {
			broken = append(broken, f.Fields...)
		}
	}
	t.Name, err = account.CheckName(in.Name)
	check(err)
	t.Scopes, err = account.CheckScopes(in.Scopes)
	check(err)
	life, err := account.CheckTokenDays(in.Days)
	check(err)
	t.CreatedAt, t.Ends = now, now.Add(life)
	if len(broken) > 0 {
		return t, &fault.Error{Kind: fault.Invalid, Public: broken[0].Text, Fields: broken}
	}
	return t, nil
}

// MakeToken makes a token for the visitor themselves, and gives its text, which nobody can be told
// again. Nobody makes one that speaks for somebody else, but the command line.
//
// Faults: NotFound, Forbidden, Invalid with fields, Conflict (too many; the account is not active), Throttled, Busy.
func (d *Door) MakeToken(ctx context.Context, v *Visit, target string, in NewToken) (made TokenInfo, text string, err error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return made, "", err
	}
	if !v.program && dev.ID != v.Developer.ID {
		return made, "", d.forbid(ctx, v, dev)
	}
	if err := d.asPerson(ctx, v, dev); err != nil {
		return made, "", err
	}
	if dev.State != account.Active { // it would be good one day, when nobody thinks of it
		return made, "", fault.New(fault.Conflict, "Only an account that may sign in can have a token. This one is "+dev.State.String()+".")
	}
	now := d.now()
	t, err := in.validate(now)
	if err != nil {
		return made, "", err
	}
	if err := d.proveFresh(ctx, v, in.CurrentPassword); err != nil {
		return made, "", err
	}
	text = account.NewTokenText()
	t.ID, t.Account, t.Epoch = id.New(now), dev.ID, dev.Epoch
	t.Hash, _ = account.TokenHash(text)
	err = d.tokens.Create(ctx, v.actor(v.over(dev.ID)), t, account.MaxTokens)
	switch {
	case errors.Is(err, account.ErrTooManyTokens):
		return made, "", fault.New(fault.Conflict, fmt.Sprintf("That makes more than %d tokens. End one of them first.", account.MaxTokens))
	case err != nil:
		return made, "", d.refused(ctx, v, translate(err), dev)
	}
	d.noteOf(ctx, v, book.ActionTokenMade, dev, fmt.Sprintf("%s (%s), for %s until %s",
		t.Name, book.Short(t.ID), strings.Join(t.Scopes.Names(), " and "), t.Ends.UTC().Format("2 January 2006")))
	return showToken(t, dev, now), text, nil
}

// EndToken ends a token of a developer, from its next request on, and tells which one it was.
//
// Faults: NotFound (also of a token that has ended), Forbidden, Busy.
func (d *Door) EndToken(ctx context.Context, v *Visit, target, id string) (TokenInfo, error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return TokenInfo{}, err
	}
	if err := d.asPerson(ctx, v, dev); err != nil {
		return TokenInfo{}, err
	}
	gone := fault.New(fault.NotFound, "There is no such token. It may have ended already.")
	list, err := d.tokensOf(ctx, dev)
	if err != nil {
		return TokenInfo{}, err
	}
	i := slices.IndexFunc(list, func(t TokenInfo) bool { return t.ID == id && t.State == TokenLive })
	if i < 0 {
		return TokenInfo{}, gone
	}
	one := list[i]
	now := d.now()
	err = d.tokens.End(context.WithoutCancel(ctx), v.actor(v.over(dev.ID)), dev.ID, one.ID, now)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return one, gone
	case err != nil:
		return one, d.refused(ctx, v, translate(err), dev)
	}
	one.State, one.Ends = TokenEnded, now
	d.noteOf(ctx, v, book.ActionTokenEnded, dev, fmt.Sprintf("%s (%s)", one.Name, book.Short(one.ID)))
	return one, nil
}
