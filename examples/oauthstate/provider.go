package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// provider is an OpenID provider, and what it knows this program by. Programs with more needs take
// golang.org/x/oauth2.
type provider struct {
	authorize, token, userinfo string
	clientID, clientSecret     string
	callback                   string
	client                     *http.Client
}

// redeem asks the provider whom the code stands for.
func (p provider) redeem(ctx context.Context, code, verifier string) (subject string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.callback}, "code_verifier": {verifier},
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, p.token, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ask.SetBasicAuth(url.QueryEscape(p.clientID), url.QueryEscape(p.clientSecret)) // RFC 6749, 2.3.1
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := p.answer(ask, &token); err != nil {
		return "", err
	}
	ask, err = http.NewRequestWithContext(ctx, http.MethodGet, p.userinfo, nil)
	if err != nil {
		return "", err
	}
	ask.Header.Set("Authorization", "Bearer "+token.AccessToken)
	var who struct {
		Subject string `json:"sub"`
	}
	if err := p.answer(ask, &who); err != nil {
		return "", err
	}
	if who.Subject == "" {
		return "", fmt.Errorf("%s names nobody", p.userinfo)
	}
	return who.Subject, nil
}

func (p provider) answer(r *http.Request, v any) error {
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", r.URL, answer.Status)
	}
	return json.NewDecoder(http.MaxBytesReader(nil, answer.Body, 64<<10)).Decode(v)
}
