// Package published knows secrets that everybody knows.
package published

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// Secret reports whether a secret is one that tutorials print: as text, as the bytes that the text
// spells in hexadecimal, or the other way round.
func Secret(s []byte) bool {
	s = bytes.TrimSpace(s)
	forms := []string{string(s), hex.EncodeToString(s)}
	if raw, err := hex.DecodeString(string(s)); err == nil {
		forms = append(forms, string(raw))
	}
	for _, known := range secrets() {
		for _, form := range forms {
			if strings.EqualFold(form, known) {
				return true
			}
		}
	}
	return false
}

// secrets lists secrets of 32 bytes or more, and the best known shorter ones, that
// documentation and tutorials print. Whoever copies one has a key that everybody knows.
func secrets() []string {
	return []string{
		"8d31312aa6efba09119e9ecb1246e32ba5f6fd862a90bc107298d809d902cbce", // the Flask series this project began from
		"03df06392079d7b37dce3c1c460de7c7",                                 // the same, earlier
		"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", // Flask's documentation
		"_5#y2L\"F4Q8z\n\xec]/",                                            // Flask's quickstart
		"_5#y2L\"F4Q8z\\n\\xec]/",                                          // the same, as text
		"super-secret-key",                                                 // many
		"dev",                                                              // Flask's tutorial
		"secret",                                                           //
		"changeme",                                                         //
		"your-secret-key",                                                  //
		"your_secret_key",                                                  //
		"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7", // FastAPI's documentation
	}
}
