package view

// NotKeptPage is for somebody whose browser comes back again and again and is not signed in.
type NotKeptPage struct {
	Page
	Host  string // where their sign-in was not kept
	Again string // the way to try once more
}
