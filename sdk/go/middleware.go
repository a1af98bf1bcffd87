package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

type principalKey struct{}

// PrincipalFrom returns who calls, in a handler behind Require.
func PrincipalFrom(ctx context.Context) (*Principal, bool) {
	found, isThere := ctx.Value(principalKey{}).(*Principal)
	return found, isThere
}

// Require lets requests through that carry a good credential with all these scopes. That is
// X-Gatehouse-Assertion where it is present, and a bearer access token otherwise.
//
// All else is answered with 401 or 403 and WWW-Authenticate (RFC 6750 §3), or with 503 while nobody can
// tell.
//
//	mux.Handle("/v1/notes", verifier.Require("notes:read")(notes))
func (v *Verifier) Require(scopes ...string) func(http.Handler) http.Handler {
	return v.require(v.either, scopes)
}

// RequireAssertion is Require for an API that only the gate may call.
func (v *Verifier) RequireAssertion(scopes ...string) func(http.Handler) http.Handler {
	return v.require(v.fromAssertion, scopes)
}

// RequireAccessToken is Require for an API that is called without the gate.
func (v *Verifier) RequireAccessToken(scopes ...string) func(http.Handler) http.Handler {
	return v.require(v.fromBearer, scopes)
}

// RequireScopes is for a handler inside Require that needs more than its surroundings.
func RequireScopes(scopes ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			principal, isThere := PrincipalFrom(r.Context())
			switch {
			case !isThere:
				refuse(w, errNoCredential)
			case !principal.HasScopes(scopes...):
				forbid(w, scopes)
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}

var errNoCredential = errors.New("gatehouse: no credential")

type reader func(r *http.Request) (*Principal, error)

func (v *Verifier) require(read reader, scopes []string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		inner := RequireScopes(scopes...)(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			principal, err := read(r)
			if err != nil {
				refuse(w, err)
				return
			}
			inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, principal)))
		})
	}
}

func (v *Verifier) either(r *http.Request) (*Principal, error) {
	principal, err := v.fromAssertion(r)
	if errors.Is(err, errNoCredential) {
		return v.fromBearer(r)
	}
	return principal, err
}

func (v *Verifier) fromAssertion(r *http.Request) (*Principal, error) {
	values := r.Header.Values("X-Gatehouse-Assertion")
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return nil, errNoCredential
	}
	if len(values) > 1 {
		return nil, ErrInvalidToken
	}
	return v.VerifyAssertion(r.Context(), values[0])
}

var bearer = regexp.MustCompile(`(?i)^bearer +(\S+)$`)

func (v *Verifier) fromBearer(r *http.Request) (*Principal, error) {
	values := r.Header.Values("Authorization")
	if len(values) > 1 {
		return nil, ErrInvalidToken
	}
	match := bearer.FindStringSubmatch(strings.TrimSpace(r.Header.Get("Authorization")))
	if match == nil {
		return nil, errNoCredential
	}
	return v.VerifyAccessToken(r.Context(), match[1])
}

func refuse(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errNoCredential):
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer(w, http.StatusUnauthorized, "missing_credential", "A credential is required")
	case errors.Is(err, ErrInvalidToken):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, "invalid_token", "The credential is not valid here, or no longer")
	default:
		w.Header().Set("Retry-After", "2")
		answer(w, http.StatusServiceUnavailable, "temporarily_unavailable", "The credential can't be checked at the moment")
	}
}

func forbid(w http.ResponseWriter, scopes []string) {
	w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+strings.Join(scopes, " ")+`"`)
	answer(w, http.StatusForbidden, "insufficient_scope", "The credential may not do this")
}

func answer(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "message": message})
}
