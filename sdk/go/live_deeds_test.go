package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// What the cases of sdk/vectors/live.json are that are more than a call.

func (l live) environment() {
	preset := Preset(l.id)
	l.Setenv(preset.EnvPrefix+"_API_KEY", l.server.text("apiKey"))
	l.Setenv(preset.EnvPrefix+"_ORG_ID", l.server.text("organizationId"))
	l.Setenv(preset.EnvPrefix+"_BASE_URL", l.server.text("baseUrl"))
	client, err := New(preset, Config{})
	if err != nil {
		l.Fatal(err)
	}
	seen, err := hear(client, l.server.ask("allowed"))
	if err != nil {
		l.Fatal(err)
	}
	l.heard(seen, "allowed")
}

func (l live) bodies() {
	client := l.client(Config{APIKey: l.server.text("apiKey")})
	asText, asJSON := l.server.ask("forbidden"), l.server.ask("forbidden")
	asText.Body, asText.Header = []byte(l.Input.Body), http.Header{"Content-Type": {"application/json"}}
	asJSON.JSON = json.RawMessage(l.Input.Body)
	seen, err := hear(client, asText)
	if err != nil {
		l.Fatal(err)
	}
	equal(l.T, "body", seen.Body, l.Input.Body)
	l.heard(seen, "forbidden")
	if seen, err = hear(client, asJSON); err != nil {
		l.Fatal(err)
	}
	var is, want any
	for text, into := range map[string]*any{seen.Body: &is, l.Input.Body: &want} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			l.Fatal(err)
		}
	}
	equal(l.T, "JSON", is, want)
}

func (l live) refresh() {
	auth := l.client(Config{APIKey: l.server.text("apiKey")}).Auth
	first, err := auth.GetToken(context.Background(), l.server.text("email"), l.server.text("password"))
	if err != nil {
		l.Fatal(err)
	}
	next, err := auth.Refresh(context.Background(), first.RefreshToken)
	if err != nil {
		l.Fatal(err)
	}
	if _, err := l.call(Config{AccessToken: next.AccessToken}, l.server.ask("allowed")); err != nil {
		l.Error("the renewed token:", err)
	}
	_, err = auth.Refresh(context.Background(), first.RefreshToken)
	equal(l.T, "a refresh token again", classOf(err), l.Expect.Error)
}

func (l live) noRefreshToken() {
	auth := l.client(Config{APIKey: l.server.text("apiKey")}).Auth
	_, err := auth.Refresh(context.Background(), "")
	equal(l.T, "class", classOf(err), l.Expect.Error)
}

func (l live) webhook() {
	webhook := Webhook{
		Payload: []byte(l.server.text("webhook.payload")), Header: http.Header{},
		Secrets: []string{l.server.text("webhook.secret")}, Tolerance: time.Hour,
	}
	fields, _ := l.server["webhook"].(map[string]any)
	headers, _ := fields["headers"].(map[string]any)
	for name, value := range headers {
		webhook.Header.Set(name, fmt.Sprint(value))
	}
	both := webhook.Header.Clone()
	delivery, err := Preset(l.id).VerifyWebhook(webhook)
	if err != nil {
		l.Error("Standard Webhooks:", err)
	}
	equal(l.T, "id", delivery.ID, webhook.Header.Get("webhook-id"))
	for name := range both {
		if strings.HasPrefix(strings.ToLower(name), "webhook-") {
			webhook.Header.Del(name)
		}
	}
	if _, err := Preset(l.id).VerifyWebhook(webhook); err != nil {
		l.Error("the platform's own header:", err)
	}
	webhook.Header, webhook.Payload = both, append(webhook.Payload, ' ')
	_, err = Preset(l.id).VerifyWebhook(webhook)
	var refused *WebhookError
	if !errors.As(err, &refused) || refused.Reason != l.Expect.Reason {
		l.Error("a changed body:", err)
	}
}

func (l live) verifier(audience string) *Verifier {
	l.Helper()
	verifier, err := NewVerifier(VerifierConfig{Issuer: l.server.text("issuer"), Audience: audience})
	if err != nil {
		l.Fatal(err)
	}
	return verifier
}

// forwarded is the assertion that the gate forwards with an allowed call.
func (l live) forwarded() string {
	l.Helper()
	seen, err := l.call(Config{APIKey: l.server.text("apiKey")}, l.server.ask("allowed"))
	if err != nil {
		l.Fatal(err)
	}
	return seen.Headers["x-gatehouse-assertion"]
}

func (l live) assertion() {
	assertion := l.forwarded()
	verifier := l.verifier(l.server.text("audience"))
	caller, err := verifier.VerifyAssertion(context.Background(), assertion)
	if err != nil {
		l.Fatal(err)
	}
	equal(l.T, "kind", caller.Kind, l.Expect.Kind)
	equal(l.T, "organization", caller.OrganizationID, l.server.text("organizationId"))
	equal(l.T, "scope", strings.Contains(" "+strings.Join(caller.Scopes, " ")+" ", " "+l.server.text("allowed.scope")+" "), true)
	if _, err := l.verifier("https://else.example.com").VerifyAssertion(context.Background(), assertion); err == nil {
		l.Error("it is good for another API")
	}
	if _, err := verifier.VerifyAssertion(context.Background(), withOtherClaims(assertion)); err == nil {
		l.Error("other claims were believed")
	}
	if _, err := verifier.VerifyAccessToken(context.Background(), assertion); err == nil {
		l.Error("it passed for an access token")
	}
}

func withOtherClaims(jwt string) string {
	parts := strings.Split(jwt, ".")
	said, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	_ = json.Unmarshal(said, &claims)
	claims["org_id"] = "another"
	changed, _ := json.Marshal(claims)
	parts[1] = base64.RawURLEncoding.EncodeToString(changed)
	return strings.Join(parts, ".")
}

func (l live) accessToken() {
	token := l.server.text("accessToken")
	verifier := l.verifier(l.server.text("audience"))
	caller, err := verifier.VerifyAccessToken(context.Background(), token)
	if err != nil {
		l.Fatal(err)
	}
	equal(l.T, "kind", caller.Kind, l.Expect.Kind)
	equal(l.T, "subject", caller.Subject, l.server.text("clientId"))
	equal(l.T, "organization", caller.OrganizationID, l.server.text("organizationId"))
	if _, err := verifier.VerifyAccessToken(context.Background(), token+"x"); err == nil {
		l.Error("a changed token was believed")
	}
	if _, err := verifier.VerifyAssertion(context.Background(), token); err == nil {
		l.Error("it passed for an assertion")
	}
}

// middleware has the gate's own assertion and a token of the server pass.
func (l live) middleware() {
	verifier := l.verifier(l.server.text("audience"))
	pass := func(name, value string) *Principal {
		var principal *Principal
		request := httptest.NewRequest("GET", "/", nil)
		request.Header.Set(name, value)
		recorder := httptest.NewRecorder()
		verifier.Require(l.server.text("allowed.scope"))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			principal, _ = PrincipalFrom(r.Context())
		})).ServeHTTP(recorder, request)
		if principal == nil {
			l.Fatal(name, recorder.Code, recorder.Body)
		}
		return principal
	}
	byKey := pass("X-Gatehouse-Assertion", l.forwarded())
	equal(l.T, "kind", byKey.Kind, "api_key")
	equal(l.T, "organization", byKey.OrganizationID, l.server.text("organizationId"))
	equal(l.T, "kind", pass("Authorization", "Bearer "+l.server.text("accessToken")).Kind, "access_token")
}
