module github.com/doorbook/doorbook/session

go 1.24.0
