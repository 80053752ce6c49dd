package door

import "github.com/doorbook/doorbook/internal/fault"

// notReserved is an Invalid fault for an address by which a rule names somebody. An address proves
// nothing: whoever wrote the rule means a person whom an administrator knows, and not the first one
// who says that the address is theirs.
func (d *Door) notReserved(email string) error {
	if d.reserved == nil || !d.reserved(email) {
		return nil
	}
	const text = "This address is kept for somebody, by the rules of an application. If it is yours, ask an administrator for an invitation."
	return &fault.Error{Kind: fault.Invalid, Public: text, Fields: []fault.Field{{Name: "email", Text: text}}}
}
