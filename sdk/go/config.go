package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Config says who calls. Exactly one method: APIKey; AccessToken; ClientID and ClientSecret; or Email and
// Password, where the platform has user tokens. With none of them the platform's environment variables are
// read; as soon as one is given, no credential comes from the environment.
//
// A Config prints, logs and marshals without its secrets.
type Config struct {
	// APIKey, else <PREFIX>_API_KEY.
	APIKey string
	// AccessToken of OAuth or of a user, else <PREFIX>_ACCESS_TOKEN. It is used as it is, never refreshed.
	AccessToken string
	// ClientID, else <PREFIX>_CLIENT_ID. Tokens are fetched by themselves (RFC 6749 §4.4).
	ClientID string
	// ClientSecret, else <PREFIX>_CLIENT_SECRET.
	ClientSecret string
	// Email, else <PREFIX>_EMAIL. Tokens are fetched and refreshed by themselves.
	Email string
	// Password, else <PREFIX>_PASSWORD.
	Password string

	// OrganizationID, else <PREFIX>_ORG_ID.
	OrganizationID string
	// BaseURL, else <PREFIX>_BASE_URL, else production.
	BaseURL string
	// Scopes of tokens that are fetched; empty for all that the client or user may have.
	Scopes []string
	// TokenURL of an authorization server elsewhere; empty for the platform's own below the base URL.
	TokenURL string

	// Timeout of one attempt with its whole answer; 30 s if zero.
	Timeout time.Duration
	// MaxRetries after the first attempt; 2 if nil.
	MaxRetries *int
	// HTTPClient gives the transport. Its redirects, cookies and timeout are not used.
	HTTPClient *http.Client

	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Random is the jitter, from 0 up to 1; a random number of the system if nil.
	Random func() float64
	// Sleep waits between attempts until the context ends.
	Sleep func(ctx context.Context, wait time.Duration) error
	// Getenv reads the environment; os.Getenv if nil.
	Getenv func(name string) string
}

// Retries is a value for Config.MaxRetries.
func Retries(count int) *int { return &count }

// String names the fields that are set, and no secret.
func (c Config) String() string {
	var set []string
	for _, field := range c.credentialFields() {
		if field.value != "" {
			set = append(set, field.option+":[redacted]")
		}
	}
	if c.OrganizationID != "" {
		set = append(set, "OrganizationID:"+c.OrganizationID)
	}
	return "{" + strings.Join(set, " ") + "}"
}

// Format has every verb of fmt print String.
func (c Config) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(c.String())) }

// MarshalJSON writes String.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

type method string

const (
	byAPIKey            method = "apiKey"
	byAccessToken       method = "accessToken"
	byClientCredentials method = "clientCredentials"
	byPassword          method = "password"
)

type credentialField struct {
	method method
	// option is the name in Config, variable what follows the prefix in the environment.
	option, variable string
	value            string
}

func (c Config) credentialFields() []credentialField {
	return []credentialField{
		{byAPIKey, "APIKey", "API_KEY", c.APIKey},
		{byAccessToken, "AccessToken", "ACCESS_TOKEN", c.AccessToken},
		{byClientCredentials, "ClientID", "CLIENT_ID", c.ClientID},
		{byClientCredentials, "ClientSecret", "CLIENT_SECRET", c.ClientSecret},
		{byPassword, "Email", "EMAIL", c.Email},
		{byPassword, "Password", "PASSWORD", c.Password},
	}
}

// credential is the one method that counts, with its one or two values.
type credential struct {
	method method
	values []string
}

// settings is a Config after all defaults.
type settings struct {
	Config
	platform   Platform
	credential credential
	retries    int
	http       *http.Client
}

func resolve(platform Platform, config Config) (*settings, error) {
	fillIn(&config)
	if config.OrganizationID == "" {
		config.OrganizationID = config.Getenv(platform.EnvPrefix + "_ORG_ID")
	}
	if !isVisibleASCII(config.OrganizationID) {
		return nil, misconfigured("OrganizationID has white space, control characters or letters beyond ASCII")
	}
	if config.BaseURL == "" {
		config.BaseURL = config.Getenv(platform.EnvPrefix + "_BASE_URL")
	}
	if config.BaseURL == "" {
		config.BaseURL = platform.BaseURL
	}
	if !isPlainURL(config.BaseURL) {
		return nil, misconfigured("BaseURL must be http:// or https:// with a host, without user, password, query or fragment")
	}
	config.BaseURL = strings.TrimRight(config.BaseURL, "/")
	if config.TokenURL == "" {
		config.TokenURL = config.BaseURL + platform.TokenURL
	} else if !isPlainURL(config.TokenURL) {
		return nil, misconfigured("TokenURL must be http:// or https:// with a host, without user, password, query or fragment")
	}
	found, err := findCredential(platform, config)
	if err != nil {
		return nil, err
	}
	retries := 2
	if config.MaxRetries != nil && *config.MaxRetries < 0 {
		retries = 0
	} else if config.MaxRetries != nil {
		retries = *config.MaxRetries
	}
	return &settings{config, platform, found, retries, withoutRedirects(config.HTTPClient)}, nil
}

func fillIn(config *Config) {
	if config.Timeout <= 0 {
		config.Timeout = 30 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Random == nil {
		config.Random = jitter
	}
	if config.Sleep == nil {
		config.Sleep = sleep
	}
	if config.Getenv == nil {
		config.Getenv = os.Getenv
	}
}

// withoutRedirects keeps the transport: a credential goes to no other address.
func withoutRedirects(given *http.Client) *http.Client {
	var transport http.RoundTripper
	if given != nil {
		transport = given.Transport
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stay}
}

func findCredential(platform Platform, config Config) (credential, error) {
	fields := config.credentialFields()
	name := func(field credentialField) string { return field.option }
	if !anySet(fields) {
		name = func(field credentialField) string { return platform.EnvPrefix + "_" + field.variable }
		fields = fromEnvironment(platform, config, fields)
	}
	if !anySet(fields) {
		return credential{}, misconfigured(howToSignIn(platform))
	}
	begun := methodsBegun(fields, name)
	if len(begun) > 1 {
		return credential{}, misconfigured(fmt.Sprintf("%s and %s are two methods: give one", begun[0].names, begun[1].names))
	}
	return complete(platform, begun[0].method, fields, name)
}

func anySet(fields []credentialField) bool {
	for _, field := range fields {
		if field.value != "" {
			return true
		}
	}
	return false
}

func fromEnvironment(platform Platform, config Config, fields []credentialField) []credentialField {
	for i, field := range fields {
		if field.method != byPassword || platform.UserTokenPaths != nil {
			fields[i].value = config.Getenv(platform.EnvPrefix + "_" + field.variable)
		}
	}
	return fields
}

func howToSignIn(platform Platform) string {
	text := "give APIKey, AccessToken, or ClientID and ClientSecret"
	if platform.UserTokenPaths != nil {
		text = "give APIKey, AccessToken, ClientID and ClientSecret, or Email and Password"
	}
	return fmt.Sprintf("no credential: %s; or set %s_API_KEY in the environment", text, platform.EnvPrefix)
}

type begunMethod struct {
	method method
	// names of all its fields, for people.
	names string
}

func methodsBegun(fields []credentialField, name func(credentialField) string) []begunMethod {
	var begun []begunMethod
	for _, method := range []method{byAPIKey, byAccessToken, byClientCredentials, byPassword} {
		var names []string
		isBegun := false
		for _, field := range fields {
			if field.method == method {
				names = append(names, name(field))
				isBegun = isBegun || field.value != ""
			}
		}
		if isBegun {
			begun = append(begun, begunMethod{method, strings.Join(names, " with ")})
		}
	}
	return begun
}

func complete(platform Platform, method method, fields []credentialField, name func(credentialField) string) (credential, error) {
	if method == byPassword && platform.UserTokenPaths == nil {
		return credential{}, misconfigured(fmt.Sprintf("%s takes no Email and Password: use another method", platform.Name))
	}
	found := credential{method: method}
	for _, field := range fields {
		if field.method != method {
			continue
		}
		if field.value == "" {
			return credential{}, misconfigured(name(field) + " is missing")
		}
		isHeader := method == byAPIKey || method == byAccessToken
		if isHeader && !isVisibleASCII(field.value) {
			return credential{}, misconfigured(name(field) + " has white space, control characters or letters beyond ASCII")
		}
		found.values = append(found.values, field.value)
	}
	return found, nil
}

// isVisibleASCII: what may stand in a header without meaning anything else.
func isVisibleASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func isPlainURL(text string) bool {
	if !isVisibleASCII(text) || strings.ContainsAny(text, "?#\\") {
		return false
	}
	parsed, err := url.Parse(text)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Hostname() != "" && parsed.User == nil
}

// jitter is from 0 up to 1. Not by math/rand: before Go 1.20 it is alike in every process, and all would come back
// at once.
func jitter() float64 {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return 0.5
	}
	return float64(binary.BigEndian.Uint64(random[:])>>11) / (1 << 53)
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
