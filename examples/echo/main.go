// Command echo shows sessions in an echo server: echo.WrapMiddleware takes Manager.Handler.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

const visits session.Key[int] = "visits"

func site(sessions *session.Manager) http.Handler {
	e := echo.New()
	e.Use(echo.WrapMiddleware(http.NewCrossOriginProtection().Handler))
	e.Use(echo.WrapMiddleware(sessions.Handler))
	e.Use(middleware.Recover()) // inside of the sessions, where its 500 is known for what it is; nothing is saved

	e.POST("/login", func(c echo.Context) error {
		current(c).SignIn(c.FormValue("name")) // check a password before this
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.POST("/logout", func(c echo.Context) error {
		current(c).SignOut()
		return c.Redirect(http.StatusSeeOther, "/")
	})
	e.GET("/", func(c echo.Context) error {
		return c.String(http.StatusOK, fmt.Sprintf("Hello %q\n", current(c).Subject()))
	})
	e.GET("/visits", func(c echo.Context) error {
		n := visits.Update(current(c), func(n int) int { return n + 1 })
		return c.JSON(http.StatusOK, map[string]int{"visits": n})
	})
	e.GET("/countdown", func(c echo.Context) error {
		visits.Set(current(c), 0) // before the first byte: with it the session is saved and its cookie sent
		c.Response().Header().Set("Content-Type", "text/event-stream")
		for n := range 3 {
			if _, err := fmt.Fprintf(c.Response(), "data: %d\n\n", 3-n); err != nil {
				return err
			}
			c.Response().Flush()
		}
		return nil
	})
	e.GET("/broken", func(c echo.Context) error {
		current(c).Flash("error", "That did not work")
		return echo.NewHTTPError(http.StatusTeapot, "no coffee")
	})
	e.GET("/panic", func(c echo.Context) error {
		visits.Set(current(c), 1)
		panic("a mistake in the program")
	})
	return e
}

func current(c echo.Context) *session.Session { return session.From(c.Request().Context()) }

func main() {
	keys, err := session.NewKeyRing([]byte(os.Getenv("SESSION_SECRET"))) // 32 random bytes or more: openssl rand -hex 32
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: memstore.New(memstore.Config{})}})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", site(sessions)))
}
