package flask_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/memstore"
)

// A Go program beside a Flask application that keeps who is signed in under "user".
func ExampleConfig_Sessions() {
	app := flask.Config{
		SecretKey: []byte("the SECRET_KEY of the Flask application"),
		Subject: func(v flask.Values) string {
			var user struct {
				ID string `json:"id"`
			}
			v.Get("user", &user)
			return user.ID
		},
	}
	config, err := app.Sessions(session.Config{Home: session.Home{Store: memstore.New(memstore.Config{})}}) // a store that all nodes share
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(config)
	if err != nil {
		panic(err)
	}
	http.Handle("/", sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "Hello, %s.\n", session.From(r.Context()).Subject())
	})))
}

// What is in a cookie, for an operator who wants to know.
func ExampleSigner_Verify() {
	signer, err := flask.NewSigner(flask.Keys{Secret: []byte("dev-secret-key")})
	if err != nil {
		panic(err)
	}
	const cookie = "eyJhZG1pbiI6ZmFsc2UsInVzZXJfaWQiOjQyfQ.aSFzwA.RplUhb50hVBDaOTO-gcckeIbEs4"
	text, at, _, err := signer.Verify(cookie, time.Unix(1763800060, 0), flask.DefaultMaxAge)
	fmt.Println(string(text), at.UTC().Format(time.DateTime), err)
	// Output: {"admin":false,"user_id":42} 2025-11-22 08:26:40 <nil>
}
