package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/internal/account"
)

// signIns is account.SignIns over the collection sign_ins.
type signIns struct {
	db   *DB
	rows *driver.Collection
}

// signIn is how one is stored. One that nobody has ended has no field ended.
type signIn struct {
	Session   any       `bson:"_id"`
	Account   any       `bson:"account"`
	Device    any       `bson:"device"`
	Name      any       `bson:"name"`
	UserAgent any       `bson:"user_agent"`
	Addr      any       `bson:"addr"`
	Method    string    `bson:"method"`
	Began     time.Time `bson:"began"`
	LastSeen  time.Time `bson:"last_seen"`
	Idle      int64     `bson:"idle"` // milliseconds
	Until     time.Time `bson:"until"`
	Ended     time.Time `bson:"ended,omitempty"`
	Why       string    `bson:"why,omitempty"`
	By        any       `bson:"by,omitempty"`
	ByName    any       `bson:"by_name,omitempty"`
	Over      time.Time `bson:"over"` // what SignIn.Over gives
}

func signInDoc(s account.SignIn) signIn {
	s.Clip()
	doc := signIn{
		Session: text(s.Session), Account: text(s.Account), Device: text(s.Device), Name: text(s.Name),
		UserAgent: text(s.UserAgent), Addr: text(s.Addr), Method: string(s.Method),
		Began: s.Began, LastSeen: s.LastSeen, Idle: s.Idle.Milliseconds(), Until: s.Until,
		Ended: s.Ended, Why: string(s.Why), Over: s.Over(),
	}
	if !s.Ended.IsZero() {
		doc.By, doc.ByName = text(s.By), text(s.ByName)
	}
	return doc
}

// lasting finds one that nobody has ended.
func lasting(session string) bson.D {
	return bson.D{{Key: "_id", Value: text(session)}, {Key: "ended", Value: bson.D{{Key: "$exists", Value: false}}}}
}

// enter enters one that has begun. A session of that id is the same one: it stays.
func (s *signIns) enter(ctx context.Context, begun account.SignIn) error {
	_, err := s.rows.InsertOne(ctx, signInDoc(begun))
	if isDuplicate(err) {
		return nil
	}
	return err
}

// End implements account.SignIns.
func (s *signIns) End(ctx context.Context, ended []account.SignIn) error {
	for _, one := range ended {
		if err := s.end(ctx, one); err != nil {
			return s.db.fail(ctx, "end sign-ins", err)
		}
	}
	return ctx.Err()
}

// end enters what is not known, or else changes what nobody has ended. Either is one step, and the
// first one that is made is the one that stays.
func (s *signIns) end(ctx context.Context, one account.SignIn) error {
	doc := signInDoc(one)
	set := bson.D{
		{Key: "ended", Value: doc.Ended},
		{Key: "why", Value: doc.Why},
		{Key: "by", Value: doc.By},
		{Key: "by_name", Value: doc.ByName},
		{Key: "over", Value: doc.Over},
	}
	if one.Name != "" {
		set = append(set, bson.E{Key: "name", Value: doc.Name})
	}
	r, err := s.rows.UpdateOne(ctx, append(lasting(one.Session), bson.E{Key: "account", Value: doc.Account}), bson.D{
		{Key: "$set", Value: set}, {Key: "$max", Value: bson.D{{Key: "last_seen", Value: doc.LastSeen}}},
	})
	if err != nil || r.MatchedCount > 0 {
		return err
	}
	return s.enter(ctx, one)
}

// Seen implements account.SignIns. When one is over by itself follows from what it began with, so
// that is read first.
func (s *signIns) Seen(ctx context.Context, at map[string]time.Time) error {
	ids := make(bson.A, 0, len(at))
	for session := range at {
		ids = append(ids, text(session))
	}
	if len(ids) == 0 {
		return ctx.Err()
	}
	list, err := s.find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find())
	if err != nil {
		return s.db.fail(ctx, "find sign-ins", err)
	}
	for _, one := range list {
		if seen := at[one.Session]; one.Ended.IsZero() && seen.After(one.LastSeen) {
			one.LastSeen = seen
			_, err := s.rows.UpdateOne(ctx, lasting(one.Session), bson.D{{Key: "$max", Value: bson.D{
				{Key: "last_seen", Value: seen}, {Key: "over", Value: one.Over()},
			}}})
			if err != nil {
				return s.db.fail(ctx, "see sign-ins", err)
			}
		}
	}
	return nil
}

// Over implements account.SignIns.
func (s *signIns) Over(
	ctx context.Context, owner string, after, until time.Time, limit int,
) ([]account.SignIn, error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	list, err := s.find(ctx, bson.D{
		{Key: "account", Value: text(owner)},
		{Key: "over", Value: bson.D{{Key: "$gt", Value: after}, {Key: "$lte", Value: until}}},
	}, options.Find().SetSort(bson.D{key("over", -1), key("_id", 1)}).SetLimit(int64(limit)))
	return list, s.db.fail(ctx, "list sign-ins", err)
}

// Sweep implements account.SignIns. It is safe to run on every node.
func (s *signIns) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	old := bson.E{Key: "over", Value: bson.D{{Key: "$lt", Value: before}}}
	n, err := sweep(ctx, s.rows, bson.D{old}, bson.D{key("over", 1)}, limit)
	return n, s.db.fail(ctx, "sweep sign-ins", err)
}

func (s *signIns) find(ctx context.Context, filter bson.D, opts *options.FindOptionsBuilder) (list []account.SignIn, err error) {
	cursor, err := s.rows.Find(ctx, filter, opts)
	if err != nil {
		return nil, err
	}
	err = all(ctx, cursor, func(doc bson.Raw) { list = append(list, readSignIn(doc)) })
	return list, err
}

func readSignIn(doc bson.Raw) (s account.SignIn) {
	texts := map[string]*string{
		"_id": &s.Session, "account": &s.Account, "device": &s.Device, "name": &s.Name, "user_agent": &s.UserAgent,
		"addr": &s.Addr, "method": (*string)(&s.Method), "why": (*string)(&s.Why), "by": &s.By, "by_name": &s.ByName,
	}
	times := map[string]*time.Time{"began": &s.Began, "last_seen": &s.LastSeen, "until": &s.Until, "ended": &s.Ended}
	each(doc, func(name string, v bson.RawValue) {
		switch {
		case texts[name] != nil:
			*texts[name] = capped(readText(v), maxPerson)
		case times[name] != nil:
			*times[name] = readTime(v)
		case name == "idle":
			s.Idle = time.Duration(readInt(v)) * time.Millisecond
		}
	})
	return s
}
