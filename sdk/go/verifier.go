package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// Principal is who calls, as the gate knows it. Empty text: not known, or none.
type Principal struct {
	// Kind of credential: api_key, access_token, service_jwt and so on.
	Kind string
	// ID of the credential.
	ID             string
	Subject        string
	OrganizationID string
	Environment    string
	Scopes         []string
	Plan           string
}

// HasScopes says whether the principal has every one of them.
func (p *Principal) HasScopes(scopes ...string) bool {
	for _, scope := range scopes {
		if !contains(p.Scopes, scope) {
			return false
		}
	}
	return true
}

// VerifierConfig says whose tokens are taken.
type VerifierConfig struct {
	// Issuer of Gatehouse, exactly as it is in iss.
	Issuer string
	// Audience is the identifier of your API.
	Audience string
	// JWKSURL is <Issuer>/oauth/jwks if empty.
	JWKSURL string
	// ClockTolerance is 5 s if zero.
	ClockTolerance time.Duration
	// HTTPClient fetches the keys; one with a timeout of 5 s if nil.
	HTTPClient *http.Client
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Verifier checks tokens by the server's keys, without asking the server about each. It is safe for use by
// many goroutines; make one and keep it.
type Verifier struct {
	config VerifierConfig
	keys   *keySet
}

// NewVerifier returns a *ConfigurationError where Issuer, Audience or JWKSURL can't be used.
func NewVerifier(config VerifierConfig) (*Verifier, error) {
	if config.JWKSURL == "" {
		config.JWKSURL = strings.TrimRight(config.Issuer, "/") + "/oauth/jwks"
	}
	if !isPlainURL(config.Issuer) || !isPlainURL(config.JWKSURL) {
		return nil, misconfigured("Issuer and JWKSURL must be http:// or https:// addresses")
	}
	if config.Audience == "" {
		return nil, misconfigured("Audience is missing: the identifier of your API")
	}
	if config.ClockTolerance <= 0 {
		config.ClockTolerance = 5 * time.Second
	}
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{Timeout: 5 * time.Second}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	keys := &keySet{url: config.JWKSURL, http: config.HTTPClient, now: config.Now}
	return &Verifier{config, keys}, nil
}

// ErrInvalidToken is a token that must not be taken, whatever is wrong with it.
var ErrInvalidToken = errors.New("gatehouse: invalid token")

// ErrKeysUnavailable means that nobody can tell: the keys could not be fetched, and there are no older ones.
var ErrKeysUnavailable = errors.New("gatehouse: the issuer's keys are not available")

const (
	assertionType   = "gatehouse-assertion+jwt"
	accessTokenType = "at+jwt"
)

// VerifyAssertion checks what the gate put into X-Gatehouse-Assertion.
//
// Errors: ErrInvalidToken, ErrKeysUnavailable, the context's own.
func (v *Verifier) VerifyAssertion(ctx context.Context, token string) (*Principal, error) {
	claims, err := v.verify(ctx, token, assertionType)
	if err != nil {
		return nil, err
	}
	found := claims.principal()
	found.Kind, found.ID = claims.text("credential"), claims.text("credential_id")
	found.Environment, found.Plan = claims.text("environment"), claims.text("plan")
	if found.Kind == "" || found.ID == "" {
		return nil, ErrInvalidToken
	}
	return found, nil
}

// VerifyAccessToken checks an access token of RFC 9068. One that is bound to a key (cnf) is refused: that
// takes a proof, which only the gate looks at.
//
// Errors: ErrInvalidToken, ErrKeysUnavailable, the context's own.
func (v *Verifier) VerifyAccessToken(ctx context.Context, token string) (*Principal, error) {
	claims, err := v.verify(ctx, token, accessTokenType)
	if err != nil {
		return nil, err
	}
	if claims["cnf"] != nil {
		return nil, ErrInvalidToken
	}
	found := claims.principal()
	found.Kind, found.ID = "access_token", claims.text("grant_id")
	if found.ID == "" {
		found.ID = claims.text("client_id")
	}
	return found, nil
}

type claimSet map[string]any

func (c claimSet) text(name string) string {
	text, _ := c[name].(string)
	return text
}

func (c claimSet) principal() *Principal {
	return &Principal{
		Subject: c.text("sub"), OrganizationID: c.text("org_id"), Scopes: strings.Fields(c.text("scope")),
	}
}

// verify checks everything that both sorts of tokens have in common (RFC 7515 §5.2, RFC 7519 §7.2).
func (v *Verifier) verify(ctx context.Context, token, typ string) (claimSet, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, ErrInvalidToken
	}
	var header, claims claimSet
	if !decodeJSON(parts[0], &header) || !decodeJSON(parts[1], &claims) {
		return nil, ErrInvalidToken
	}
	kid := header.text("kid")
	_, isCritical := header["crit"]
	if header.text("alg") != "ES256" || header.text("typ") != typ || kid == "" || isCritical {
		return nil, ErrInvalidToken
	}
	key, err := v.keys.find(ctx, kid)
	if err != nil {
		return nil, err
	}
	if !isSignedBy(key, parts[0]+"."+parts[1], parts[2]) || !v.isForUs(claims) {
		return nil, ErrInvalidToken
	}
	return claims, nil
}

func decodeJSON(part string, into *claimSet) bool {
	data, isCanonical := decodeBase64URL(part)
	return isCanonical && json.Unmarshal(data, into) == nil && *into != nil
}

// decodeBase64URL takes one spelling only: no padding, no line breaks, no bits that mean nothing.
func decodeBase64URL(text string) ([]byte, bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return data, err == nil && !strings.ContainsAny(text, "\r\n")
}

// isSignedBy: RFC 7518 §3.4.
func isSignedBy(key *ecdsa.PublicKey, input, encoded string) bool {
	signature, isCanonical := decodeBase64URL(encoded)
	if key == nil || !isCanonical || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(input))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key, digest[:], r, s)
}

func (v *Verifier) isForUs(claims claimSet) bool {
	now := float64(v.config.Now().Unix())
	tolerance := v.config.ClockTolerance.Seconds()
	expires, hasExpiry := claims["exp"].(float64)
	issued, hasIssued := claims["iat"].(float64)
	_, namesIssued := claims["iat"]
	switch {
	case !hasExpiry || expires+tolerance <= now:
		return false
	case namesIssued && (!hasIssued || issued-tolerance > now):
		return false
	default:
		return claims.text("iss") == v.config.Issuer && claims.text("sub") != "" && isAudience(claims["aud"], v.config.Audience)
	}
}

func isAudience(claim any, audience string) bool {
	if several, isList := claim.([]any); isList {
		for _, one := range several {
			if one == audience {
				return true
			}
		}
		return false
	}
	return claim == audience
}

func contains(all []string, wanted string) bool {
	for _, one := range all {
		if one == wanted {
			return true
		}
	}
	return false
}
