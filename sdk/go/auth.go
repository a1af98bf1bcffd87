package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Auth exchanges credentials of a user for tokens. Its requests don't carry the client's own credential.
type Auth struct{ settings *settings }

// UserTokens of one sign-in. They print and log without the tokens, and marshal with them.
type UserTokens struct {
	AccessToken string
	// RefreshToken is good once. Empty if there is none: whoever has email and password signs in anew.
	RefreshToken string
	Expiry       time.Time
}

// GetToken signs a user in, for the client's organization and scopes if it has them; without scopes for all
// that the user's role allows.
//
// A *ConfigurationError where the platform has no user tokens, an *AuthenticationError where email or
// password is wrong.
func (a *Auth) GetToken(ctx context.Context, email, password string) (*UserTokens, error) {
	if a.settings.platform.UserTokenPaths == nil {
		return nil, a.hasNone()
	}
	fields := map[string]string{"email": email, "password": password}
	if id := a.settings.OrganizationID; id != "" {
		fields[a.settings.userFields().organization] = id
	}
	if len(a.settings.Scopes) > 0 {
		fields["scope"] = strings.Join(a.settings.Scopes, " ")
	}
	return a.exchange(ctx, a.settings.platform.UserTokenPaths.Token, fields, password)
}

// Refresh uses a refresh token up and returns the next. A *ConfigurationError where there is none.
func (a *Auth) Refresh(ctx context.Context, refreshToken string) (*UserTokens, error) {
	if a.settings.platform.UserTokenPaths == nil {
		return nil, a.hasNone()
	}
	if refreshToken == "" {
		return nil, misconfigured("there is no refresh token: sign in anew")
	}
	fields := map[string]string{a.settings.userFields().refresh: refreshToken}
	return a.exchange(ctx, a.settings.platform.UserTokenPaths.Refresh, fields, refreshToken)
}

func (a *Auth) hasNone() error {
	return misconfigured(a.settings.platform.Name + " has no tokens for email and password")
}

func (a *Auth) exchange(ctx context.Context, path string, fields map[string]string, secret string) (*UserTokens, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, misconfigured("the credential can't be marshalled")
	}
	header := http.Header{"Content-Type": {"application/json"}}
	answer, err := a.settings.post(ctx, a.settings.BaseURL+path, header, body, []string{secret})
	if err != nil {
		return nil, err
	}
	return a.settings.readTokens(answer, a.settings.userFields())
}

func (t *UserTokens) token() *Token { return &Token{t.AccessToken, t.Expiry} }

// Format has every verb of fmt leave the tokens out.
func (t UserTokens) Format(state fmt.State, _ rune) { redact(state, t.Expiry) }

// Format has every verb of fmt leave the token out.
func (t Token) Format(state fmt.State, _ rune) { redact(state, t.Expiry) }

func redact(state fmt.State, expiry time.Time) { _, _ = state.Write([]byte(redacted(expiry))) }

func redacted(expiry time.Time) string {
	return "[token until " + expiry.UTC().Format(time.RFC3339) + "]"
}

// Format has every verb of fmt print no secret.
func (a *Auth) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte(a.settings.platform.Name + " user tokens"))
}
