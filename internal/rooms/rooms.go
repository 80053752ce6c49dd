// Package rooms holds no code. Its tests keep the house in order: which package may import which,
// which modules may get into the program, and how long a file may be. A new package has to be given
// its place in the table of house_test.go.
package rooms
