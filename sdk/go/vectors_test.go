package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

const vectorsNow = 1795219200

type vector struct {
	Name   string
	Input  json.RawMessage
	Expect json.RawMessage
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("../vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// each runs every case of a file.
func each[I, E any](t *testing.T, name string, check func(t *testing.T, input I, expect E)) {
	t.Helper()
	var file struct{ Cases []vector }
	read(t, name, &file)
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, one := range file.Cases {
		t.Run(one.Name, func(t *testing.T) {
			var input I
			var expect E
			if err := json.Unmarshal(one.Input, &input); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(one.Expect, &expect); err != nil {
				t.Fatal(err)
			}
			check(t, input, expect)
		})
	}
}

type options struct {
	APIKey, AccessToken, ClientID, ClientSecret, Email, Password, OrganizationID, BaseURL, TokenURL string
	Scopes                                                                                          []string
	MaxRetries                                                                                      *int
}

// config begins with no environment, no network and a clock that stands still.
func (o options) config(env map[string]string) Config {
	return Config{
		APIKey: o.APIKey, AccessToken: o.AccessToken, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		Email: o.Email, Password: o.Password, OrganizationID: o.OrganizationID, BaseURL: o.BaseURL,
		TokenURL: o.TokenURL, Scopes: o.Scopes, MaxRetries: o.MaxRetries,
		Getenv:     func(name string) string { return env[name] },
		Now:        func() time.Time { return time.Unix(vectorsNow, 0) },
		Random:     func() float64 { return 0.5 },
		Sleep:      func(context.Context, time.Duration) error { return nil },
		HTTPClient: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) { return answerWith(200, nil, "{}"), nil })},
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answerWith(status int, headers map[string]string, body string) *http.Response {
	header := http.Header{}
	for name, value := range headers {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

// classOf names an error as the vectors do.
func classOf(err error) string {
	var (
		configuration  *ConfigurationError
		timeout        *TimeoutError
		connection     *ConnectionError
		notEntitled    *NotEntitledError
		authentication *AuthenticationError
		forbidden      *ForbiddenError
		limited        *RateLimitError
		server         *ServerError
		any            *GatehouseError
	)
	switch {
	case errors.As(err, &configuration):
		return "ConfigurationError"
	case errors.As(err, &timeout):
		return "TimeoutError"
	case errors.As(err, &connection):
		return "ConnectionError"
	case errors.As(err, &notEntitled):
		return "NotEntitledError"
	case errors.As(err, &authentication):
		return "AuthenticationError"
	case errors.As(err, &forbidden):
		return "ForbiddenError"
	case errors.As(err, &limited):
		return "RateLimitError"
	case errors.As(err, &server):
		return "ServerError"
	case errors.As(err, &any):
		return "GatehouseError"
	}
	return ""
}

// unwrapped is what all errors of answers have in common, with its fields.
func unwrapped(err error) *GatehouseError {
	var found *GatehouseError
	errors.As(err, &found)
	return found
}

type wantError struct {
	Error           string
	Mentions, Hides []string
}

func (w wantError) check(t *testing.T, err error) {
	t.Helper()
	if class := classOf(err); class != w.Error {
		t.Fatalf("%q (%v), want %q", class, err, w.Error)
	}
	if err == nil {
		return
	}
	text := strings.ReplaceAll(strings.ToLower(err.Error()), "_", "")
	for _, part := range w.Mentions {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not mention %s", text, part)
		}
	}
	for _, part := range w.Hides {
		if strings.Contains(text, part) {
			t.Errorf("%q gives %s away", text, part)
		}
	}
}

func equal(t *testing.T, what string, is, want any) {
	t.Helper()
	if !reflect.DeepEqual(is, want) {
		t.Errorf("%s: %v, want %v", what, is, want)
	}
}

func TestPresetsAreThoseOfTheVectors(t *testing.T) {
	shared, err := os.ReadFile("../vectors/presets.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(shared, presetsJSON) {
		t.Error("copy sdk/vectors/presets.json to sdk/go/presets.json")
	}
}

func TestConfig(t *testing.T) {
	type input struct {
		Preset  string
		Options options
		Env     map[string]string
	}
	type expect struct {
		wantError
		Method, BaseURL *string
		OrganizationID  json.RawMessage
	}
	each(t, "config.json", func(t *testing.T, in input, want expect) {
		client, err := New(Preset(in.Preset), in.Options.config(in.Env))
		want.check(t, err)
		if err != nil {
			return
		}
		if want.Method != nil {
			equal(t, "method", string(client.settings.credential.method), *want.Method)
		}
		if want.BaseURL != nil {
			equal(t, "base URL", client.BaseURL(), *want.BaseURL)
		}
		if want.OrganizationID != nil {
			var id string
			_ = json.Unmarshal(want.OrganizationID, &id)
			equal(t, "organization", client.OrganizationID(), id)
		}
	})
}

// query keeps the order of an object's names, as JSON has it.
type query []Param

func (q *query) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, _ := decoder.Token()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		values, isList := value.([]any)
		if !isList {
			values = []any{value}
		}
		for _, one := range values {
			*q = append(*q, Param{name.(string), one.(string)})
		}
	}
	return nil
}

func TestRequests(t *testing.T) {
	type input struct {
		Preset  string
		Options options
		Env     map[string]string
		Request struct {
			Method, Path string
			Query        query
			Headers      map[string]string
			JSON         any
			Body         *string
		}
	}
	type expect struct {
		wantError
		Method, URL string
		Headers     map[string]string
		Absent      []string
		Body        *string
		JSON        any
	}
	each(t, "requests.json", func(t *testing.T, in input, want expect) {
		config := in.Options.config(in.Env)
		var sent *http.Request
		config.HTTPClient.Transport = transport(func(r *http.Request) (*http.Response, error) {
			sent = r
			return answerWith(200, nil, "{}"), nil
		})
		client, err := New(Preset(in.Preset), config)
		if err != nil {
			t.Fatal(err)
		}
		request := Request{Method: in.Request.Method, Path: in.Request.Path, Query: in.Request.Query, JSON: in.Request.JSON, Header: http.Header{}}
		for name, value := range in.Request.Headers {
			request.Header[name] = []string{value}
		}
		if in.Request.Body != nil {
			request.Body = []byte(*in.Request.Body)
		}
		_, err = client.Do(context.Background(), request)
		want.check(t, err)
		if err != nil {
			if sent != nil {
				t.Error("sent all the same")
			}
			return
		}
		if want.Method != "" {
			equal(t, "method", sent.Method, want.Method)
		}
		if want.URL != "" {
			equal(t, "URL", sent.URL.String(), want.URL)
		}
		for name, value := range want.Headers {
			equal(t, name, sent.Header.Values(name), []string{value})
		}
		for _, name := range want.Absent {
			equal(t, name, len(sent.Header.Values(name)), 0)
		}
		if !strings.HasPrefix(sent.Header.Get("User-Agent"), "gatehouse-client-") {
			t.Error("User-Agent: " + sent.Header.Get("User-Agent"))
		}
		if want.Body != nil || want.JSON != nil {
			body, _ := io.ReadAll(sent.Body)
			if want.Body != nil {
				equal(t, "body", string(body), *want.Body)
			} else {
				var value any
				_ = json.Unmarshal(body, &value)
				equal(t, "body", value, want.JSON)
			}
		}
	})
}

type answerVector struct {
	Status  int
	Headers map[string]string
	Body    json.RawMessage
	Failure string
}

func (a answerVector) give() (*http.Response, error) {
	switch a.Failure {
	case "connection":
		return nil, errors.New("connection refused")
	case "timeout":
		return nil, context.DeadlineExceeded
	default:
		return answerWith(a.Status, a.Headers, string(a.Body)), nil
	}
}

func TestErrors(t *testing.T) {
	type input struct {
		Preset, Credential, Secret string
		Now                        int64
		Answer                     struct {
			Status  int
			Headers map[string]string
			Body    string
		}
	}
	each(t, "errors.json", func(t *testing.T, in input, want map[string]any) {
		if in.Secret == "" {
			in.Secret = "secret-credential"
		}
		options := options{AccessToken: in.Secret}
		if in.Credential == "api_key" {
			options.AccessToken, options.APIKey = "", in.Secret
		}
		config := options.config(nil)
		config.MaxRetries = Retries(0)
		config.HTTPClient.Transport = transport(func(*http.Request) (*http.Response, error) {
			return answerWith(in.Answer.Status, in.Answer.Headers, in.Answer.Body), nil
		})
		_, err := MustNew(Preset(in.Preset), config).Do(context.Background(), Request{Path: "/x"})
		found := unwrapped(err)
		if found == nil {
			t.Fatal(err)
		}
		var seconds any
		if found.RetryAfter != nil {
			seconds = found.RetryAfter.Seconds()
		}
		is := map[string]any{
			"class": classOf(err), "reason": found.Reason, "status": float64(found.Status), "code": orNil(found.Code),
			"message": found.Message, "requestId": orNil(found.RequestID), "retryAfter": seconds,
		}
		for name, value := range want {
			if name == "message" && value == nil {
				if found.Message == "" {
					t.Error("no message at all")
				}
				continue
			}
			equal(t, name, is[name], value)
		}
		if len(in.Secret) >= 8 && strings.Contains(fmt.Sprintf("%v %+v %#v", err, found, found), in.Secret) {
			t.Error("given away")
		}
	})
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func TestRetries(t *testing.T) {
	type input struct {
		Method  string
		Options options
		Answers []answerVector
	}
	type expect struct {
		Attempts      int
		Delays        []float64
		Status        int
		Error, Reason string
	}
	each(t, "retries.json", func(t *testing.T, in input, want expect) {
		in.Options.APIKey = "key"
		config := in.Options.config(nil)
		attempts, delays := 0, []float64{}
		config.Sleep = func(_ context.Context, wait time.Duration) error {
			delays = append(delays, wait.Seconds())
			return nil
		}
		config.HTTPClient.Transport = transport(func(*http.Request) (*http.Response, error) {
			attempts++
			return in.Answers[attempts-1].give()
		})
		answer, err := MustNew(Preset("kloakd"), config).Do(context.Background(), Request{Method: in.Method, Path: "/x"})
		equal(t, "attempts", attempts, want.Attempts)
		equal(t, "delays", delays, want.Delays)
		equal(t, "class", classOf(err), want.Error)
		if err == nil {
			equal(t, "status", answer.Status, want.Status)
		}
		var found *GatehouseError
		if errors.As(err, &found) {
			equal(t, "reason", found.Reason, want.Reason)
		}
	})
}

type tokenRequest struct {
	URL        string
	Basic      *string
	Form, JSON map[string]string
}

func TestTokens(t *testing.T) {
	type input struct {
		Preset                   string
		Options                  options
		TokenAnswers, APIAnswers []answerVector
		Steps                    []struct{ At, Calls int }
	}
	type expect struct {
		TokenRequests  []tokenRequest
		Authorizations []string
		Results        []any
		Hides          []string
	}
	each(t, "tokens.json", func(t *testing.T, in input, want expect) {
		config := in.Options.config(nil)
		if config.MaxRetries == nil {
			config.MaxRetries = Retries(0)
		}
		now := time.Unix(vectorsNow, 0)
		config.Now = func() time.Time { return now }
		var mutex sync.Mutex
		var joined *sync.WaitGroup
		requests, authorizations, results := []tokenRequest{}, []string{}, []any{}
		var said strings.Builder
		config.HTTPClient.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/v1/x" {
				joined.Wait()
				requests = append(requests, readTokenRequest(t, r))
				return in.TokenAnswers[len(requests)-1].give()
			}
			mutex.Lock()
			defer mutex.Unlock()
			authorizations = append(authorizations, r.Header.Get("Authorization"))
			if len(authorizations) <= len(in.APIAnswers) {
				return in.APIAnswers[len(authorizations)-1].give()
			}
			return answerWith(200, nil, "{}"), nil
		})
		client := MustNew(Preset(in.Preset), config)
		for _, step := range in.Steps {
			now = time.Unix(vectorsNow+int64(step.At), 0)
			joined = new(sync.WaitGroup)
			atOnce(orOne(step.Calls), joined, func(ctx context.Context) {
				answer, err := client.Do(ctx, Request{Path: "/v1/x"})
				var result any = classOf(err)
				if err == nil {
					result = float64(answer.Status)
				}
				mutex.Lock()
				defer mutex.Unlock()
				results = append(results, result)
				fmt.Fprintf(&said, "%v %+v %#v\n", err, err, unwrapped(err))
			})
		}
		equal(t, "token requests", requests, want.TokenRequests)
		equal(t, "authorizations", authorizations, want.Authorizations)
		equal(t, "results", results, want.Results)
		for _, text := range want.Hides {
			if strings.Contains(said.String(), text) {
				t.Errorf("%q gives %s away", said.String(), text)
			}
		}
	})
}

func readTokenRequest(t *testing.T, r *http.Request) tokenRequest {
	found := tokenRequest{URL: r.URL.String()}
	equal(t, "method", r.Method, "POST")
	if value := r.Header.Get("Authorization"); value != "" {
		decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(value, "Basic "))
		text := string(decoded)
		found.Basic = &text
	}
	body, _ := io.ReadAll(r.Body)
	if r.Header.Get("Content-Type") == "application/json" {
		_ = json.Unmarshal(body, &found.JSON)
		return found
	}
	form, _ := url.ParseQuery(string(body))
	found.Form = map[string]string{}
	for name := range form {
		found.Form[name] = form.Get(name)
	}
	return found
}

func (r tokenRequest) String() string {
	text, _ := json.Marshal(r)
	return string(text)
}

func TestWebhooks(t *testing.T) {
	type input struct {
		Payload, PayloadBase64 string
		Header, Style          string
		Headers                map[string]string
		Secrets                []string
		Now, ToleranceSeconds  int64
	}
	type expect struct {
		Valid     bool
		ID        string
		Timestamp int64
		Error     string
	}
	each(t, "webhooks.json", func(t *testing.T, in input, want expect) {
		webhook := Webhook{
			Payload: []byte(in.Payload), Header: http.Header{}, Secrets: in.Secrets,
			Now: time.Unix(in.Now, 0), Tolerance: time.Duration(in.ToleranceSeconds) * time.Second,
		}
		if in.PayloadBase64 != "" {
			webhook.Payload, _ = base64.StdEncoding.DecodeString(in.PayloadBase64)
		}
		for name, value := range in.Headers {
			webhook.Header[name] = []string{value}
		}
		platform := Platform{Webhook: WebhookFormat{in.Header, in.Style}}
		delivery, err := platform.VerifyWebhook(webhook)
		reason := ""
		var refused *WebhookError
		if errors.As(err, &refused) {
			reason = refused.Reason
		} else if err != nil && classOf(err) == "ConfigurationError" {
			reason = "configuration"
		}
		equal(t, "error", reason, want.Error)
		equal(t, "valid", err == nil, want.Valid)
		equal(t, "id", delivery.ID, want.ID)
		if want.Timestamp != 0 {
			equal(t, "timestamp", delivery.Timestamp.Unix(), want.Timestamp)
		} else {
			equal(t, "has no timestamp", delivery.Timestamp.IsZero(), true)
		}
	})
}
