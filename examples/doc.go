// Package examples shows sessions in the company of what people use them with. It is a module of
// its own, so that none of that gets into anybody's program.
package examples
