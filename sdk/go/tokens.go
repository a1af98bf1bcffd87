package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// A token is fetched anew when this much of it is left, or less.
	refreshAhead = time.Minute
	// What a token without expires_in is taken to last: nobody knows (RFC 6749 §5.1 only recommends it).
	defaultLifetime = time.Hour
)

// Token for calls of the API.
type Token struct {
	AccessToken string
	// Expiry is zero where the token was given and nobody knows.
	Expiry time.Time
}

// Token returns what calls are sent with at this moment, fetched anew if it must be. API keys are
// returned as they are.
func (c *Client) Token(ctx context.Context) (Token, error) {
	if c.tokens == nil {
		return Token{AccessToken: c.settings.credential.values[0]}, nil
	}
	token, err := c.tokens.get(ctx)
	if err != nil {
		return Token{}, err
	}
	return *token, nil
}

// TokenSource has the method of golang.org/x/oauth2's TokenSource without a dependency on it:
//
//	source := client.NewTokenSource(ctx, c, func(t client.Token) *oauth2.Token {
//		return &oauth2.Token{AccessToken: t.AccessToken, TokenType: "Bearer", Expiry: t.Expiry}
//	})
//	httpClient := oauth2.NewClient(ctx, source)
type TokenSource[T any] struct {
	ctx    context.Context
	client *Client
	make   func(Token) *T
}

// NewTokenSource adapts a client. Tokens are kept by the client: oauth2.ReuseTokenSource adds nothing.
func NewTokenSource[T any](ctx context.Context, client *Client, make func(Token) *T) *TokenSource[T] {
	return &TokenSource[T]{ctx, client, make}
}

// Token implements oauth2.TokenSource where T is oauth2.Token.
func (s *TokenSource[T]) Token() (*T, error) {
	token, err := s.client.Token(s.ctx)
	if err != nil {
		return nil, err
	}
	return s.make(token), nil
}

// tokenSource keeps one token, and has at most one request for the next on its way.
type tokenSource struct {
	settings *settings
	fetch    func(context.Context) (*Token, error)

	mutex  sync.Mutex
	kept   *Token
	flight *flight
}

type flight struct {
	done  chan struct{}
	token *Token
	err   error
}

func newTokenSource(s *settings, fetch func(context.Context) (*Token, error)) *tokenSource {
	return &tokenSource{settings: s, fetch: fetch}
}

func (t *tokenSource) get(ctx context.Context) (*Token, error) {
	t.mutex.Lock()
	if t.kept != nil && t.kept.Expiry.Sub(t.settings.Now()) > refreshAhead {
		defer t.mutex.Unlock()
		return t.kept, nil
	}
	if t.flight == nil {
		t.flight = &flight{done: make(chan struct{})}
		// Whoever began it may leave: others wait for the same.
		go t.fly(detached{ctx}, t.flight)
	}
	current := t.flight
	t.mutex.Unlock()
	select {
	case <-current.done:
		return current.token, current.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// detached has the values of a context and neither its end nor its deadline, as context.WithoutCancel of Go 1.21.
type detached struct{ context.Context }

func (detached) Deadline() (time.Time, bool) { return time.Time{}, false }
func (detached) Done() <-chan struct{}       { return nil }
func (detached) Err() error                  { return nil }

func (t *tokenSource) fly(ctx context.Context, current *flight) {
	current.token, current.err = t.fetch(ctx)
	t.mutex.Lock()
	t.kept, t.flight = current.token, nil
	t.mutex.Unlock()
	close(current.done)
}

// drop throws a token away that was refused, unless there is another by now.
func (t *tokenSource) drop(refused *Token) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.kept == refused {
		t.kept = nil
	}
}

// clientCredentials fetches by RFC 6749 §4.4, with the client's name and secret as §2.3.1 spells them.
func clientCredentials(s *settings) func(context.Context) (*Token, error) {
	return func(ctx context.Context) (*Token, error) {
		id, secret := s.credential.values[0], s.credential.values[1]
		form := url.Values{"grant_type": {"client_credentials"}}
		if len(s.Scopes) > 0 {
			form.Set("scope", strings.Join(s.Scopes, " "))
		}
		spelled := url.QueryEscape(secret)
		basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + spelled))
		header := http.Header{
			"Authorization": {"Basic " + basic},
			"Content-Type":  {"application/x-www-form-urlencoded"},
		}
		answer, err := s.post(ctx, s.TokenURL, header, []byte(form.Encode()), []string{basic, spelled})
		if err != nil {
			return nil, err
		}
		tokens, err := s.readTokens(answer, oauthFields)
		if err != nil {
			return nil, err
		}
		return tokens.token(), nil
	}
}

// post sends a request for tokens. It carries no credential but its own.
func (s *settings) post(ctx context.Context, to string, header http.Header, body []byte, secrets []string) (*Response, error) {
	address, err := url.Parse(to)
	if err != nil {
		return nil, misconfigured("the token URL can't be read")
	}
	header.Set("Accept", "application/json")
	header.Set("User-Agent", userAgent)
	request := outgoing{http.MethodPost, address, header, body, s.about("token", secrets...)}
	return s.deliver(ctx, request)
}

type tokenFields struct{ access, refresh, expiresIn, organization string }

var (
	oauthFields = tokenFields{"access_token", "refresh_token", "expires_in", "organization_id"}
	camelFields = tokenFields{"accessToken", "refreshToken", "expiresIn", "organizationId"}
)

func (s *settings) userFields() tokenFields {
	if s.platform.FieldStyle == "camelCase" {
		return camelFields
	}
	return oauthFields
}

func (s *settings) readTokens(answer *Response, names tokenFields) (*UserTokens, error) {
	var body map[string]any
	_ = json.Unmarshal(answer.Body, &body)
	access, _ := body[names.access].(string)
	if access == "" || !isVisibleASCII(access) {
		return nil, &GatehouseError{
			Reason: "unknown", Status: answer.Status, Message: "the answer has no access token",
			RequestID: answer.Header.Get("X-Request-Id"),
		}
	}
	lifetime := defaultLifetime
	if seconds, isNumber := body[names.expiresIn].(float64); isNumber {
		within := math.Min(math.Max(seconds, 0), longestWaitSeconds)
		lifetime = time.Duration(within * float64(time.Second))
	}
	refresh, _ := body[names.refresh].(string)
	return &UserTokens{AccessToken: access, RefreshToken: refresh, Expiry: s.Now().Add(lifetime)}, nil
}

// passwordGrant holds the refresh token between fetches, until it is used or refused. Only one flight at a
// time uses it.
type passwordGrant struct {
	settings *settings
	refresh  string
}

func (g *passwordGrant) fetch(ctx context.Context) (*Token, error) {
	auth := &Auth{g.settings}
	if g.refresh != "" {
		tokens, err := auth.Refresh(ctx, g.refresh)
		if !isRefusal(err) {
			return g.keep(tokens, err)
		}
		g.refresh = ""
	}
	values := g.settings.credential.values
	return g.keep(auth.GetToken(ctx, values[0], values[1]))
}

func (g *passwordGrant) keep(tokens *UserTokens, err error) (*Token, error) {
	if err != nil {
		return nil, err
	}
	g.refresh = tokens.RefreshToken
	return tokens.token(), nil
}

// isRefusal is of the refresh token itself. What fails for the moment may pass: the password would only meet
// the same.
func isRefusal(err error) bool {
	var denied *GatehouseError
	if !errors.As(err, &denied) {
		return false
	}
	switch denied.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return denied.Status >= 400 && denied.Status < 500
}
