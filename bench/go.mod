module github.com/doorbook/doorbook/bench

go 1.26.0

require (
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/doorbook/doorbook v0.0.0
)

replace github.com/doorbook/doorbook => ../
