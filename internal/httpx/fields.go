package httpx

import "github.com/doorbook/doorbook/internal/book"

func fields(kind book.Kind, names ...string) []book.Field {
	list := make([]book.Field, len(names))
	for i, name := range names {
		list[i] = book.Field{Name: name, Kind: kind}
	}
	return list
}

// word is a field that keeps one of a few words.
func word(name string, words ...string) book.Field {
	return book.Field{Name: name, Kind: book.Word, Words: words}
}
