package mongostore

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/session/store"
)

var now = time.UnixMilli(1_000_000_000_000).UTC()

func record() store.Record {
	return store.Record{
		ID: store.ID{1, 2, 3}, Digest: store.Digest{9}, Version: 1, KeyID: "0123abcd", State: store.Mark, Subject: "ada",
		Created: now, SignedIn: now, LastSeen: now, Expires: now.Add(time.Hour), Deadline: now.Add(8 * time.Hour), Idle: time.Hour,
		Persist: true, Parent: store.ID{7}, Addr: "192.0.2.1", UserAgent: "Fire\xfffox", Values: store.Values{"a.b": {0, 0xff}, "": {}},
	}
}

// TestDocument: the layout, which other programs may come to rely on.
func TestDocument(t *testing.T) {
	t.Parallel()
	stranger := store.Record{
		ID: store.ID{1}, Version: 1, KeyID: "0123abcd", Created: now, LastSeen: now, Expires: now, Deadline: now,
	}
	const zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, c := range map[string]struct {
		record store.Record
		want   string
	}{
		"everything": {record(), `{
			"_id": {"$oid": "010203000000000000000000"},
			"digest": {"$binary": {"base64": "CQ` + zeros[1:] + `=", "subType": "00"}},
			"version": {"$numberLong": "1"},
			"key_id": "0123abcd",
			"created": {"$date": {"$numberLong": "1000000000000"}},
			"last_seen": {"$date": {"$numberLong": "1000000000000"}},
			"expires": {"$date": {"$numberLong": "1000003600000"}},
			"deadline": {"$date": {"$numberLong": "1000028800000"}},
			"idle": {"$numberLong": "3600000"},
			"persist": true,
			"parent": {"$oid": "070000000000000000000000"},
			"state": "mark",
			"subject": "ada",
			"signed_in": {"$date": {"$numberLong": "1000000000000"}},
			"addr": "192.0.2.1",
			"user_agent": {"$binary": {"base64": "RmlyZf9mb3g=", "subType": "00"}},
			"values": {
				"%": {"$binary": {"base64": "", "subType": "00"}},
				"a%2Eb": {"$binary": {"base64": "AP8=", "subType": "00"}}
			}
		}`},
		"a stranger": {stranger, `{
			"_id": {"$oid": "010000000000000000000000"},
			"digest": {"$binary": {"base64": "A` + zeros + `=", "subType": "00"}},
			"version": {"$numberLong": "1"},
			"key_id": "0123abcd",
			"created": {"$date": {"$numberLong": "1000000000000"}},
			"last_seen": {"$date": {"$numberLong": "1000000000000"}},
			"expires": {"$date": {"$numberLong": "1000000000000"}},
			"deadline": {"$date": {"$numberLong": "1000000000000"}},
			"idle": {"$numberLong": "0"},
			"persist": false
		}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := bson.MarshalExtJSON(encoded(c.record), true, false)
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, []byte(c.want)); err != nil {
				t.Fatal(err)
			}
			if string(got) != want.String() {
				t.Errorf("got %s\nwant %s", got, &want)
			}
			raw, err := bson.Marshal(encoded(c.record))
			if err != nil {
				t.Fatal(err)
			}
			back, err := decoded(raw)
			if err != nil || !reflect.DeepEqual(back, c.record) {
				t.Errorf("decoded: %+v, %v\nwant %+v", back, err, c.record)
			}
			for key, value := range back.Values {
				if cap(value) > len(value) {
					t.Errorf("an append to the value of %q would reach its neighbour", key)
				}
			}
		})
	}
}

// FuzzDecoded: whatever a document holds, reading it returns an error at worst.
func FuzzDecoded(f *testing.F) {
	raw, err := bson.Marshal(encoded(record()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := decoded(raw)
		if err != nil && (r.Values != nil || !errors.Is(err, store.ErrUnreadable)) {
			t.Errorf("%v with values %v", err, r.Values)
		}
	})
}
