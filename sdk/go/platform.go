// Package client calls APIs that stand behind Gatehouse, verifies what they are sent, and verifies their webhooks.
//
// A platform's own package (kliq, kaie, klen, kloakd) is this one with that platform's configuration:
//
//	client := kloakd.MustNew(kloakd.Config{APIKey: "sk-live-...", OrganizationID: "your-org-uuid"})
//
// Nothing here needs more than the standard library.
package client

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// Version of this package, as it is sent in User-Agent.
const Version = "0.1.0"

// Platform is what tells one platform's client from another's. Presets are in presets.json.
type Platform struct {
	// Name for people: "Kloakd".
	Name string `json:"name"`
	// EnvPrefix begins the environment variables: KLOAKD_API_KEY and so on.
	EnvPrefix string `json:"envPrefix"`
	// BaseURL of production.
	BaseURL string `json:"baseUrl"`
	// OrganizationHeader carries the organization id; empty where no header does.
	OrganizationHeader string `json:"organizationHeader"`
	// APIKeyHeader carries API keys; empty where they go as a bearer.
	APIKeyHeader string `json:"apiKeyHeader"`
	// TokenURL of the token endpoint, below the base URL.
	TokenURL string `json:"tokenUrl"`
	// UserTokenPaths is nil where nobody gets tokens for email and password.
	UserTokenPaths *UserTokenPaths `json:"userTokenPaths"`
	// FieldStyle of the bodies at UserTokenPaths: camelCase or snake_case.
	FieldStyle string        `json:"fieldStyle"`
	Webhook    WebhookFormat `json:"webhook"`
	ErrorBody  ErrorBody     `json:"errorBody"`
	// ErrorTable turns an answer into its canonical reason: the first row that fits counts.
	ErrorTable []ErrorRow `json:"errorTable"`
}

// UserTokenPaths are below the base URL.
type UserTokenPaths struct {
	Token   string `json:"token"`
	Refresh string `json:"refresh"`
}

// WebhookFormat is the platform's own signature header, beside those of Standard Webhooks.
type WebhookFormat struct {
	Header string `json:"header"`
	// Style is timestamped (t=<seconds>,v1=<hex>) or plain (sha256=<hex>).
	Style string `json:"style"`
}

// ErrorBody has dotted paths into the JSON of an error.
type ErrorBody struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter string `json:"retryAfter"`
}

// ErrorRow fits an answer when all its columns do; nil fits everything.
type ErrorRow struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	// Message is what the platform says word for word.
	Message *string `json:"message"`
	// Credential that the client sends: api_key, or token for all others.
	Credential *string `json:"credential"`
	// Challenge is the error parameter of WWW-Authenticate.
	Challenge *string `json:"challenge"`
	Reason    string  `json:"reason"`
}

//go:embed presets.json
var presetsJSON []byte

// Preset returns the configuration of kliq, kaie, klen or kloakd. It panics for any other name, which is a
// mistake in the program.
func Preset(id string) Platform {
	var file struct {
		Presets map[string]Platform `json:"presets"`
	}
	if err := json.Unmarshal(presetsJSON, &file); err != nil {
		panic(fmt.Sprintf("gatehouse: presets.json: %v", err))
	}
	platform, known := file.Presets[id]
	if !known {
		panic(fmt.Sprintf("gatehouse: there is no preset %q", id))
	}
	return platform
}
