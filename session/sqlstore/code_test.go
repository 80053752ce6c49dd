package sqlstore

import (
	"errors"
	"fmt"
	"testing"
)

type stateError string

func (e stateError) Error() string    { return "ERROR: it did not work (SQLSTATE " + string(e) + ")" }
func (e stateError) SQLState() string { return string(e) }

func TestCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{stateError("40001"), "40001"},
		{fmt.Errorf("commit: %w", stateError("40P01")), "40P01"},
		{errors.New("Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"), "1213"},
		{errors.New("Error 1205: Lock wait timeout exceeded"), "1205"},
		{fmt.Errorf("commit: %w", errors.New("Error 1062 (23000): Duplicate entry 'Error 1213: ' for key 'PRIMARY'")), "1062"},
		{errors.New("the row 'Error 1213: ' is bad"), ""},
		{errors.New("Error "), ""},
		{errors.New("Error: "), ""},
		{errors.New("driver: bad connection"), ""},
		{nil, ""},
	} {
		if got := code(test.err); got != test.want {
			t.Errorf("the code of %v is %q, want %q", test.err, got, test.want)
		}
	}
}
