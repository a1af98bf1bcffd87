package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type assertionsFile struct {
	Issuer, Audience string
	Now              int64
	KeySets          map[string]json.RawMessage
	Cases            []struct {
		Name  string
		Input struct {
			Header, Token, JWKS string
			RequireScopes       []string
		}
		Expect struct {
			Principal *Principal
			Forbidden bool
			Challenge *string
		}
	}
	Caching []struct {
		Name  string
		Steps []struct {
			At                  int64
			Token, JWKS, Result string
			Fetches, AtOnce     int
		}
	}
}

// keyServer answers with one of the key sets, or not at all.
type keyServer struct {
	file    assertionsFile
	serving string
	fetches int
	// joined is done when all who share an answer wait for it.
	joined *sync.WaitGroup
}

func (s *keyServer) RoundTrip(*http.Request) (*http.Response, error) {
	if s.joined != nil {
		s.joined.Wait()
	}
	s.fetches++
	if s.serving == "down" {
		return nil, errors.New("connection refused")
	}
	return answerWith(200, nil, string(s.file.KeySets[s.serving])), nil
}

func (s *keyServer) verifier(t *testing.T, now func() time.Time) *Verifier {
	verifier, err := NewVerifier(VerifierConfig{
		Issuer: s.file.Issuer, Audience: s.file.Audience, Now: now, HTTPClient: &http.Client{Transport: s},
	})
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func TestAssertions(t *testing.T) {
	var file assertionsFile
	read(t, "assertions.json", &file)
	now := func() time.Time { return time.Unix(file.Now, 0) }
	for _, one := range file.Cases {
		t.Run(one.Name, func(t *testing.T) {
			serving := one.Input.JWKS
			if serving == "" {
				serving = "both"
			}
			verifier := (&keyServer{file: file, serving: serving}).verifier(t, now)
			request := httptest.NewRequest("GET", "/", nil)
			require := verifier.RequireAssertion
			if one.Input.Header == "bearer" {
				require = verifier.RequireAccessToken
			}
			if one.Input.Token != "" && one.Input.Header == "bearer" {
				request.Header.Set("Authorization", "Bearer "+one.Input.Token)
			} else if one.Input.Token != "" {
				request.Header.Set("X-Gatehouse-Assertion", one.Input.Token)
			}
			var seen *Principal
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen, _ = PrincipalFrom(r.Context()) })
			for _, guard := range []func(...string) func(http.Handler) http.Handler{require, verifier.Require} {
				seen = nil
				recorder := httptest.NewRecorder()
				guard(one.Input.RequireScopes...)(handler).ServeHTTP(recorder, request)
				challenge := recorder.Header().Get("WWW-Authenticate")
				switch want := one.Expect; {
				case want.Principal != nil:
					if seen == nil {
						t.Fatal(recorder.Code, challenge)
					}
					equal(t, "principal", *seen, *want.Principal)
				case want.Forbidden:
					equal(t, "status", recorder.Code, 403)
					equal(t, "challenge", challenge, `Bearer error="insufficient_scope", scope="`+strings.Join(one.Input.RequireScopes, " ")+`"`)
				default:
					equal(t, "status", recorder.Code, 401)
					expected := "Bearer"
					if want.Challenge != nil {
						expected = `Bearer error="` + *want.Challenge + `"`
					}
					equal(t, "challenge", challenge, expected)
				}
				equal(t, "let through", seen != nil, one.Expect.Principal != nil)
			}
		})
	}
}

func TestKeysAreCached(t *testing.T) {
	var file assertionsFile
	read(t, "assertions.json", &file)
	for _, one := range file.Caching {
		t.Run(one.Name, func(t *testing.T) {
			server := &keyServer{file: file}
			now := file.Now
			verifier := server.verifier(t, func() time.Time { return time.Unix(now, 0) })
			for _, step := range one.Steps {
				now, server.serving, server.joined = file.Now+step.At, step.JWKS, new(sync.WaitGroup)
				atOnce(orOne(step.AtOnce), server.joined, func(ctx context.Context) {
					_, err := verifier.VerifyAccessToken(ctx, step.Token)
					result := map[bool]string{true: "ok", false: "refused"}[err == nil]
					if errors.Is(err, ErrKeysUnavailable) {
						result = "unavailable"
					}
					equal(t, "result", result, step.Result)
				})
				equal(t, "fetches", server.fetches, step.Fetches)
			}
		})
	}
}

func orOne(count int) int {
	if count == 0 {
		return 1
	}
	return count
}

func TestWhoLeavesDoesNotTakeTheKeysFromTheOthers(t *testing.T) {
	var file assertionsFile
	read(t, "assertions.json", &file)
	answered := make(chan struct{})
	var fetches int32
	fetching := transport(func(r *http.Request) (*http.Response, error) {
		atomic.AddInt32(&fetches, 1)
		select {
		case <-answered:
			return answerWith(200, nil, string(file.KeySets["both"])), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
	verifier, err := NewVerifier(VerifierConfig{
		Issuer: file.Issuer, Audience: file.Audience, HTTPClient: &http.Client{Transport: fetching},
		Now: func() time.Time { return time.Unix(file.Now, 0) },
	})
	equal(t, "error", err, nil)
	token := file.Caching[0].Steps[0].Token
	impatient, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = verifier.VerifyAccessToken(impatient, token)
	equal(t, "left", errors.Is(err, context.Canceled), true)

	var joined sync.WaitGroup
	patient := arriving(context.Background(), &joined)
	go func() {
		joined.Wait()
		close(answered)
	}()
	_, err = verifier.VerifyAccessToken(patient, token)
	equal(t, "error", err, nil)
	equal(t, "fetches", atomic.LoadInt32(&fetches), int32(1))
}

func TestAHandlerBehindNothingRefusesEverybody(t *testing.T) {
	recorder := httptest.NewRecorder()
	inner := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	RequireScopes("notes:read")(inner).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	equal(t, "status", recorder.Code, 401)
}

func TestWithoutKeysTheAnswerSaysWhenToComeAgain(t *testing.T) {
	var file assertionsFile
	read(t, "assertions.json", &file)
	verifier := (&keyServer{file: file, serving: "down"}).verifier(t, func() time.Time { return time.Unix(file.Now, 0) })
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Authorization", "Bearer "+file.Caching[0].Steps[0].Token)
	recorder := httptest.NewRecorder()
	inner := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	verifier.Require()(inner).ServeHTTP(recorder, request)
	equal(t, "status", recorder.Code, 503)
	equal(t, "retry after", recorder.Header().Get("Retry-After"), "2")
}

func TestABadAssertionIsNotSavedByAGoodToken(t *testing.T) {
	var file assertionsFile
	read(t, "assertions.json", &file)
	verifier := (&keyServer{file: file, serving: "both"}).verifier(t, func() time.Time { return time.Unix(file.Now, 0) })
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("X-Gatehouse-Assertion", "nonsense")
	request.Header.Set("Authorization", "Bearer "+file.Caching[0].Steps[0].Token)
	recorder := httptest.NewRecorder()
	inner := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("let through") })
	verifier.Require()(inner).ServeHTTP(recorder, request)
	equal(t, "status", recorder.Code, 401)
}
