package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// logged writes a value as a logger does that knows more than fmt; before Go 1.21 there is none.
var logged = func(io.Writer, any) {}

func TestNoSecretIsPrintedLoggedOrMarshalled(t *testing.T) {
	const secret = "hush-hush-hush"
	for _, config := range []Config{
		{APIKey: secret}, {AccessToken: secret}, {ClientID: "c", ClientSecret: secret}, {Email: "e@example.com", Password: secret},
	} {
		client := MustNew(Preset("kliq"), config)
		tokens := &UserTokens{AccessToken: secret, RefreshToken: secret}
		var out bytes.Buffer
		for _, value := range []any{
			config, &config, client, struct{ C *Client }{client}, struct{ c *Client }{client}, client.Auth, tokens, *tokens, Token{AccessToken: secret},
		} {
			fmt.Fprintf(&out, "%v %+v %#v %s %q %x\n", value, value, value, value, value, value)
			logged(&out, value)
		}
		for _, value := range []any{config, client} {
			data, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(data)
		}
		if strings.Contains(out.String(), secret) || strings.Contains(out.String(), fmt.Sprintf("%x", secret)) {
			t.Error("given away")
		}
	}
}

func TestAnErrorDoesNotRepeatTheKey(t *testing.T) {
	const secret = "sk-live-hush-hush"
	config := options{APIKey: secret}.config(nil)
	config.HTTPClient.Transport = transport(func(*http.Request) (*http.Response, error) {
		return answerWith(401, nil, `{"error":"AuthenticationError","message":"what is `+secret+`?"}`), nil
	})
	_, err := MustNew(Preset("kloakd"), config).Do(context.Background(), Request{Path: "/x"})
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}

func TestAConnectionErrorDoesNotRepeatTheQuery(t *testing.T) {
	config := options{APIKey: "key", MaxRetries: Retries(0)}.config(nil)
	config.HTTPClient.Transport = transport(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") })
	_, err := MustNew(Preset("kliq"), config).Do(context.Background(), Request{Path: "/x", Query: []Param{{"q", "hush"}}})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	_, err := MustNew(Preset("kliq"), Config{APIKey: "key", BaseURL: server.URL}).Do(context.Background(), Request{Path: "/x"})
	equal(t, "class", classOf(err), "GatehouseError")
}

func TestATimeoutCoversTheBody(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-ended
	}))
	defer server.Close()
	defer close(ended)
	config := Config{APIKey: "key", BaseURL: server.URL, Timeout: 50 * time.Millisecond, MaxRetries: Retries(0)}
	_, err := MustNew(Preset("kliq"), config).Do(context.Background(), Request{Path: "/x"})
	equal(t, "class", classOf(err), "TimeoutError")
}

func TestACanceledContextEndsACallAndIsNotTriedAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	config := options{APIKey: "key"}.config(nil)
	attempts := 0
	config.HTTPClient.Transport = transport(func(*http.Request) (*http.Response, error) {
		attempts++
		cancel()
		return nil, ctx.Err()
	})
	_, err := MustNew(Preset("kliq"), config).Do(ctx, Request{Path: "/x"})
	equal(t, "canceled", errors.Is(err, context.Canceled), true)
	equal(t, "attempts", attempts, 1)
}

func TestWhoLeavesDoesNotTakeTheTokenFromTheOthers(t *testing.T) {
	answered := make(chan struct{})
	var fetches int32
	config := options{ClientID: "c", ClientSecret: "s"}.config(nil)
	config.HTTPClient.Transport = transport(func(r *http.Request) (*http.Response, error) {
		atomic.AddInt32(&fetches, 1)
		select {
		case <-answered:
			return answerWith(200, nil, `{"access_token":"a1"}`), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
	client := MustNew(Preset("kaie"), config)
	impatient, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	var first, second sync.WaitGroup
	impatient = arriving(impatient, &first)
	go func() {
		_, err := client.Token(impatient)
		left <- err
	}()
	first.Wait()
	cancel()
	equal(t, "left", errors.Is(<-left, context.Canceled), true)

	patient := arriving(context.Background(), &second)
	go func() {
		second.Wait()
		close(answered)
	}()
	token, err := client.Token(patient)
	equal(t, "error", err, nil)
	equal(t, "token", token.AccessToken, "a1")
	equal(t, "fetches", atomic.LoadInt32(&fetches), int32(1))
}

// oauth2Token and oauth2TokenSource have the shape of golang.org/x/oauth2's.
type oauth2Token struct{ AccessToken string }

type oauth2TokenSource interface{ Token() (*oauth2Token, error) }

func TestATokenSourceFitsOAuth2(t *testing.T) {
	client := MustNew(Preset("kaie"), options{AccessToken: "given"}.config(nil))
	var source oauth2TokenSource = NewTokenSource(context.Background(), client, func(t Token) *oauth2Token { return &oauth2Token{t.AccessToken} })
	token, err := source.Token()
	equal(t, "error", err, nil)
	equal(t, "token", token.AccessToken, "given")
}

func TestMustNewPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	MustNew(Preset("kloakd"), options{}.config(nil))
}

func TestUserTokensOnlyWhereThePlatformHasThem(t *testing.T) {
	client := MustNew(Preset("kaie"), options{APIKey: "key"}.config(nil))
	_, err := client.Auth.GetToken(context.Background(), "ada@example.com", "p")
	equal(t, "class", classOf(err), "ConfigurationError")
}
