// Command gin shows sessions around a gin engine. Gin's middleware cannot replace the response
// writer, so Manager.Handler goes around the whole engine, and the handlers reach the session
// through the context of the request.
package main

import (
	"io"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

const visits session.Key[int] = "visits"

func site(sessions *session.Manager) http.Handler {
	router := gin.New()
	router.Use(gin.Recovery())

	router.POST("/login", func(c *gin.Context) {
		current(c).SignIn(c.PostForm("name")) // check a password before this
		c.Redirect(http.StatusSeeOther, "/")
	})
	router.POST("/logout", func(c *gin.Context) {
		current(c).SignOut()
		c.Redirect(http.StatusSeeOther, "/")
	})
	router.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, "Hello %q\n", current(c).Subject())
	})
	router.GET("/visits", func(c *gin.Context) {
		n := visits.Update(current(c), func(n int) int { return n + 1 })
		c.JSON(http.StatusOK, gin.H{"visits": n})
	})
	router.GET("/countdown", func(c *gin.Context) {
		visits.Set(current(c), 0) // before the first byte: with it the session is saved and its cookie sent
		n := 3
		c.Stream(func(io.Writer) bool {
			c.SSEvent("message", n)
			n--
			return n > 0
		})
	})
	router.GET("/nothing", func(c *gin.Context) {
		visits.Set(current(c), 0)
		c.Status(http.StatusNoContent)
	})
	router.GET("/broken", func(c *gin.Context) {
		current(c).Flash("error", "That did not work")
		c.AbortWithStatusJSON(http.StatusTeapot, gin.H{"message": "no coffee"})
	})
	router.GET("/panic", func(c *gin.Context) {
		visits.Set(current(c), 1)
		panic("a mistake in the program")
	})
	return http.NewCrossOriginProtection().Handler(sessions.Handler(router))
}

// current asks the request's context: gin's own has the session only where
// Engine.ContextWithFallback is set.
func current(c *gin.Context) *session.Session { return session.From(c.Request.Context()) }

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
