package mongostore

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/session/store"
)

// TestPatched: no field stands in an update twice, which MongoDB refuses, and no operator without
// fields.
func TestPatched(t *testing.T) {
	t.Parallel()
	const minute, hour = "1000000060000", "1000003600000"
	in := store.SignIn{Subject: "ada", SignedIn: now, Expires: now.Add(time.Minute), Deadline: now.Add(time.Hour), Idle: time.Minute, Addr: "::1"}
	for name, c := range map[string]struct {
		patch store.Patch
		want  string
	}{
		"nothing": {store.Patch{}, `{}`},
		"set and delete": {
			store.Patch{Set: store.Values{"b": {1}, "a.b": {}}, Delete: []string{"c", "b", "c", ""}},
			`{"$set":{"values.a%2Eb":{"$binary":{"base64":"","subType":"00"}},"values.b":{"$binary":{"base64":"AQ==","subType":"00"}}},` +
				`"$unset":{"values.%":"","values.c":""}}`,
		},
		"clear":         {store.Patch{Clear: true, Delete: []string{"a"}}, `{"$unset":{"values":""}}`},
		"clear and set": {store.Patch{Clear: true, Set: store.Values{"a": {}}}, `{"$set":{"values":{"a":{"$binary":{"base64":"","subType":"00"}}}}}`},
		"rekey": {
			store.Patch{Rekey: &store.Rekey{KeyID: "k"}},
			`{"$set":{"digest":{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","subType":"00"}},"key_id":"k"},"$unset":{"state":""}}`,
		},
		"rekey with a state": {
			store.Patch{Rekey: &store.Rekey{KeyID: "k", State: store.Leaving}},
			`{"$set":{"digest":{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","subType":"00"}},"key_id":"k","state":"leaving"}}`,
		},
		"seen": {
			store.Patch{Seen: &store.Touch{LastSeen: now, Expires: now.Add(time.Hour)}},
			`{"$max":{"last_seen":{"$date":{"$numberLong":"1000000000000"}},"expires":{"$date":{"$numberLong":"` + hour + `"}}}}`,
		},
		"sign-in": {
			store.Patch{SignIn: &in, Seen: &store.Touch{LastSeen: now, Expires: now}},
			`{"$set":{"subject":"ada","signed_in":{"$date":{"$numberLong":"1000000000000"}},"addr":"::1",` +
				`"expires":{"$date":{"$numberLong":"` + minute + `"}},"deadline":{"$date":{"$numberLong":"` + hour + `"}},` +
				`"idle":{"$numberLong":"60000"},"persist":false},"$unset":{"user_agent":""},` +
				`"$max":{"last_seen":{"$date":{"$numberLong":"1000000000000"}}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			changes := patched(c.patch)
			update := append(bson.D{}, changes.update()...)
			got, err := bson.MarshalExtJSON(update, true, false)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}
