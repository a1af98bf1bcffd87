package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Client calls one platform's API. It is safe for use by many goroutines.
type Client struct {
	// Auth exchanges email and password for tokens, on platforms that have user tokens.
	Auth *Auth

	settings *settings
	// tokens is nil where the credential was given.
	tokens *tokenSource
}

// New makes a client of a platform. It sends nothing yet.
//
// The error is a *ConfigurationError: no method, two methods, half a method, or an unusable value.
func New(platform Platform, config Config) (*Client, error) {
	resolved, err := resolve(platform, config)
	if err != nil {
		return nil, err
	}
	client := &Client{settings: resolved, Auth: &Auth{resolved}}
	switch found := resolved.credential; found.method {
	case byClientCredentials:
		client.tokens = newTokenSource(resolved, clientCredentials(resolved))
	case byPassword:
		client.tokens = newTokenSource(resolved, (&passwordGrant{settings: resolved}).fetch)
	}
	return client, nil
}

// MustNew is New that panics instead of an error.
func MustNew(platform Platform, config Config) *Client {
	client, err := New(platform, config)
	if err != nil {
		panic(err)
	}
	return client
}

// Do calls the API and reads the whole answer. Errors: *AuthenticationError, *ForbiddenError,
// *NotEntitledError, *RateLimitError and *ServerError, which all are a *GatehouseError, too, as is every
// other answer that is no success; *ConnectionError, *TimeoutError; *ConfigurationError for a request that
// can't be sent; the context's own.
func (c *Client) Do(ctx context.Context, request Request) (*Response, error) {
	made, err := c.settings.prepare(request)
	if err != nil {
		return nil, err
	}
	if c.tokens == nil {
		value := c.settings.credential.values[0]
		return c.settings.deliver(ctx, c.signed(made, value))
	}
	token, err := c.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := c.settings.deliver(ctx, c.signed(made, token.AccessToken))
	var refused *AuthenticationError
	if !errors.As(err, &refused) {
		return answer, err
	}
	c.tokens.drop(token)
	if token, err = c.tokens.get(ctx); err != nil {
		return nil, err
	}
	return c.settings.deliver(ctx, c.signed(made, token.AccessToken))
}

// Get calls Do and decodes the answer's JSON, unless into is nil.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	return c.call(ctx, Request{Method: http.MethodGet, Path: path}, into)
}

// Post sends a value as JSON and decodes the answer's JSON, unless into is nil.
func (c *Client) Post(ctx context.Context, path string, value, into any) error {
	return c.call(ctx, Request{Method: http.MethodPost, Path: path, JSON: value}, into)
}

func (c *Client) call(ctx context.Context, request Request, into any) error {
	answer, err := c.Do(ctx, request)
	if err != nil || into == nil {
		return err
	}
	return answer.Decode(into)
}

// signed adds the credential, whichever header it goes to.
func (c *Client) signed(request outgoing, value string) outgoing {
	header := request.header.Clone()
	kind := "token"
	if c.settings.credential.method == byAPIKey {
		kind = "api_key"
	}
	if name := c.settings.platform.APIKeyHeader; kind == "api_key" && name != "" {
		header.Set(name, value)
	} else {
		header.Set("Authorization", "Bearer "+value)
	}
	request.header = header
	request.about = c.settings.about(kind, value)
	return request
}

func (s *settings) about(kind string, more ...string) sent {
	secrets := append([]string{}, more...)
	if count := len(s.credential.values); count > 0 {
		secrets = append(secrets, s.credential.values[count-1])
	}
	return sent{platform: s.platform, credential: kind, secrets: secrets, now: s.Now}
}

// OrganizationID that the client calls for; empty if none.
func (c *Client) OrganizationID() string { return c.settings.OrganizationID }

// BaseURL that paths are below of.
func (c *Client) BaseURL() string { return c.settings.BaseURL }

// String names platform and method, and no secret.
func (c *Client) String() string {
	return fmt.Sprintf("%s client (%s)", c.settings.platform.Name, c.settings.credential.method)
}

// Format has every verb of fmt print String.
func (c *Client) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(c.String())) }

// MarshalText writes String.
func (c *Client) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
