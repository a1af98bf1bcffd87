package interop

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"gatehouse.dev/client"
	"gatehouse.dev/client/kaie"
	"golang.org/x/oauth2"
)

// The client fetches the token; x/oauth2 sends it.
func TestAClientIsATokenSourceOfOAuth2(t *testing.T) {
	fetches := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/oauth/token":
			fetches++
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"access_token":"a1","token_type":"Bearer","expires_in":3600}`)
		default:
			fmt.Fprint(w, r.Header.Get("Authorization"))
		}
	}))
	defer server.Close()
	caller := kaie.MustNew(kaie.Config{ClientID: "c", ClientSecret: "s", BaseURL: server.URL})

	ctx := context.Background()
	var source oauth2.TokenSource = client.NewTokenSource(ctx, caller, func(t client.Token) *oauth2.Token {
		return &oauth2.Token{AccessToken: t.AccessToken, TokenType: "Bearer", Expiry: t.Expiry}
	})
	for i := 0; i < 2; i++ {
		answer, err := oauth2.NewClient(ctx, source).Get(server.URL + "/v1/x")
		if err != nil {
			t.Fatal(err)
		}
		var authorization string
		_, _ = fmt.Fscanf(answer.Body, "Bearer %s", &authorization)
		_ = answer.Body.Close()
		if authorization != "a1" {
			t.Errorf("sent %q", authorization)
		}
	}
	if fetches != 1 {
		t.Errorf("%d fetches", fetches)
	}
}
