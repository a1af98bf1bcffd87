package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

type ask struct{ Method, Path, Scope string }

func (a ask) request() Request { return Request{Method: a.Method, Path: a.Path} }

type liveServer struct {
	BaseURL, Issuer, Audience, OrganizationID, OtherOrganizationID string
	APIKey, NarrowAPIKey, WrongAPIKey, MistypedAPIKey              string
	LimitedAPIKey                                                  string
	ClientID, ClientSecret, Email, Password                        string
	HasUserTokens                                                  bool
	Allowed, Forbidden                                             ask
	NotEntitled                                                    *ask
	Webhook                                                        struct {
		Secret, Payload string
		Headers         map[string]string
	}
}

// echo is what the API behind the gate answers: what reached it.
type echo struct {
	Method, Path, Body string
	Headers            map[string]string
}

// TestLive runs against servers that sdk/live/start.ts started. GATEHOUSE_LIVE is the path of what it wrote.
func TestLive(t *testing.T) {
	path := os.Getenv("GATEHOUSE_LIVE")
	if path == "" {
		t.Skip("GATEHOUSE_LIVE is not set: see sdk/live/start.ts")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var servers map[string]liveServer
	if err := json.Unmarshal(data, &servers); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"kliq", "kaie", "klen", "kloakd"} {
		server := servers[id]
		t.Run(id, func(t *testing.T) {
			t.Run("keys", func(t *testing.T) { liveKeys(t, id, server) })
			t.Run("bodies", func(t *testing.T) { liveBodies(t, id, server) })
			t.Run("neighbour", func(t *testing.T) { liveNeighbour(t, id, server) })
			t.Run("tokens", func(t *testing.T) { liveTokens(t, id, server) })
			t.Run("webhooks", func(t *testing.T) { liveWebhooks(t, id, server) })
			t.Run("middleware", func(t *testing.T) { liveMiddleware(t, id, server) })
		})
	}
}

func (s liveServer) client(t *testing.T, preset string, config Config) *Client {
	t.Helper()
	config.BaseURL = s.BaseURL
	config.OrganizationID = s.OrganizationID
	client, err := New(Preset(preset), config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func liveKeys(t *testing.T, id string, server liveServer) {
	call := func(key string, of ask) (echo, error) {
		var seen echo
		answer, err := server.client(t, id, Config{APIKey: key, MaxRetries: Retries(0)}).Do(context.Background(), of.request())
		if err == nil {
			err = answer.Decode(&seen)
		}
		return seen, err
	}
	seen, err := call(server.APIKey, server.Allowed)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "path", seen.Path, strings.ReplaceAll(server.Allowed.Path, "{organization}", server.OrganizationID))
	equal(t, "organization", seen.Headers["x-gatehouse-organization"], server.OrganizationID)

	var denied *GatehouseError
	for _, key := range []string{server.WrongAPIKey, server.MistypedAPIKey} {
		_, err = call(key, server.Allowed)
		equal(t, "an unknown or mistyped key", classOf(err), "AuthenticationError")
		if !errors.As(err, &denied) || denied.Reason != "invalid_api_key" || denied.RequestID == "" {
			t.Errorf("%+v", denied)
		}
	}
	_, err = call(server.NarrowAPIKey, server.Forbidden)
	equal(t, "a missing scope", classOf(err), "ForbiddenError")
	if !errors.As(err, &denied) || denied.Reason != "insufficient_permission" {
		t.Errorf("%+v", denied)
	}
	if server.NotEntitled != nil {
		_, err = call(server.APIKey, *server.NotEntitled)
		equal(t, "another plan", classOf(err), "NotEntitledError")
	}
	if server.LimitedAPIKey != "" {
		for i := 0; i < 3; i++ {
			if _, err = call(server.LimitedAPIKey, server.Allowed); err != nil {
				break
			}
		}
		equal(t, "more than allowed", classOf(err), "RateLimitError")
		if !errors.As(err, &denied) || denied.RetryAfter == nil {
			t.Errorf("%+v", denied)
		}
	}
}

func liveBodies(t *testing.T, id string, server liveServer) {
	const text = `{ "text": "Grüße, 世界" }`
	client := server.client(t, id, Config{APIKey: server.APIKey})
	for _, request := range []Request{
		{Body: []byte(text), Header: http.Header{"Content-Type": {"application/json"}}},
		{JSON: json.RawMessage(text)},
	} {
		request.Method, request.Path = server.Forbidden.Method, server.Forbidden.Path
		answer, err := client.Do(context.Background(), request)
		if err != nil {
			t.Fatal(err)
		}
		var seen echo
		if err := answer.Decode(&seen); err != nil {
			t.Fatal(err)
		}
		want := text
		if request.JSON != nil {
			want = `{"text":"Grüße, 世界"}`
		}
		equal(t, "body", seen.Body, want)
	}
}

func liveNeighbour(t *testing.T, id string, server liveServer) {
	if !strings.Contains(server.Allowed.Path, "{organization}") {
		return // Its paths name none.
	}
	server.OrganizationID = server.OtherOrganizationID
	_, err := server.client(t, id, Config{APIKey: server.APIKey}).Do(context.Background(), server.Allowed.request())
	equal(t, "another's organization", classOf(err), "ForbiddenError")
	var denied *GatehouseError
	if !errors.As(err, &denied) || denied.Reason != "organization_mismatch" {
		t.Errorf("%+v", denied)
	}
}

func liveTokens(t *testing.T, id string, server liveServer) {
	_, err := server.client(t, id, Config{ClientID: server.ClientID, ClientSecret: server.ClientSecret}).Do(context.Background(), server.Allowed.request())
	if err != nil {
		t.Error("client credentials:", err)
	}
	_, err = server.client(t, id, Config{ClientID: server.ClientID, ClientSecret: "wrong"}).Do(context.Background(), server.Allowed.request())
	equal(t, "a wrong secret", classOf(err), "AuthenticationError")
	if !server.HasUserTokens {
		return
	}
	auth := server.client(t, id, Config{APIKey: server.APIKey}).Auth
	first, err := auth.GetToken(context.Background(), server.Email, server.Password)
	if err != nil {
		t.Fatal(err)
	}
	next, err := auth.Refresh(context.Background(), first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.client(t, id, Config{AccessToken: next.AccessToken}).Do(context.Background(), server.Allowed.request()); err != nil {
		t.Error("a user's token:", err)
	}
	_, err = auth.GetToken(context.Background(), server.Email, "not the password")
	equal(t, "a wrong password", classOf(err), "AuthenticationError")
	byItself := server.client(t, id, Config{Email: server.Email, Password: server.Password})
	if _, err := byItself.Do(context.Background(), server.Allowed.request()); err != nil {
		t.Error("email and password:", err)
	}
}

func liveWebhooks(t *testing.T, id string, server liveServer) {
	webhook := Webhook{Payload: []byte(server.Webhook.Payload), Header: http.Header{}, Secrets: []string{server.Webhook.Secret}}
	for name, value := range server.Webhook.Headers {
		webhook.Header.Set(name, value)
	}
	if _, err := Preset(id).VerifyWebhook(webhook); err != nil {
		t.Error("Standard Webhooks:", err)
	}
	webhook.Header.Del("webhook-signature")
	if _, err := Preset(id).VerifyWebhook(webhook); err != nil {
		t.Error("the platform's own header:", err)
	}
	webhook.Payload = append(webhook.Payload, ' ')
	if _, err := Preset(id).VerifyWebhook(webhook); err == nil {
		t.Error("a changed body was taken")
	}
}

// liveMiddleware has the gate's own assertion and a token of the server pass.
func liveMiddleware(t *testing.T, id string, server liveServer) {
	verifier, err := NewVerifier(VerifierConfig{Issuer: server.Issuer, Audience: server.Audience})
	if err != nil {
		t.Fatal(err)
	}
	var seen echo
	if err := server.client(t, id, Config{APIKey: server.APIKey}).callAs(t, server.Allowed, &seen); err != nil {
		t.Fatal(err)
	}
	pass := func(name, value string) *Principal {
		var principal *Principal
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set(name, value)
		recorder := httptest.NewRecorder()
		verifier.Require(server.Allowed.Scope)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			principal, _ = PrincipalFrom(r.Context())
		})).ServeHTTP(recorder, request)
		if principal == nil {
			t.Fatal(name, recorder.Code, recorder.Body)
		}
		return principal
	}
	byKey := pass("X-Gatehouse-Assertion", seen.Headers["x-gatehouse-assertion"])
	equal(t, "kind", byKey.Kind, "api_key")
	equal(t, "organization", byKey.OrganizationID, server.OrganizationID)
	token, err := server.client(t, id, Config{ClientID: server.ClientID, ClientSecret: server.ClientSecret}).Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "kind", pass("Authorization", "Bearer "+token.AccessToken).Kind, "access_token")
}

func (c *Client) callAs(t *testing.T, of ask, into any) error {
	answer, err := c.Do(context.Background(), of.request())
	if err != nil {
		return err
	}
	return answer.Decode(into)
}
