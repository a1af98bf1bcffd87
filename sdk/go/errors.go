package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// GatehouseError is an answer that is no success. The classes below unwrap to it:
//
//	var denied *client.GatehouseError
//	if errors.As(err, &denied) { log.Print(denied.Reason, denied.RequestID) }
type GatehouseError struct {
	// Reason is canonical: the same on every platform, as invalid_api_key or rate_limited; else unknown.
	Reason string
	// Status of HTTP.
	Status int
	// Code in the platform's own words; empty if the answer had none.
	Code string
	// Message for people; one of this package where the answer had none.
	Message string
	// RequestID to tell the platform's support; empty if the answer had none.
	RequestID string
	// RetryAfter is nil where the answer didn't say.
	RetryAfter *time.Duration
}

func (e *GatehouseError) Error() string {
	text := fmt.Sprintf("gatehouse: %s (%d): %s", e.Reason, e.Status, e.Message)
	if e.RequestID != "" {
		text += " [request " + e.RequestID + "]"
	}
	return text
}

// AuthenticationError is 401: no credential, or one that isn't good.
type AuthenticationError struct{ *GatehouseError }

// Unwrap returns the *GatehouseError.
func (e *AuthenticationError) Unwrap() error { return e.GatehouseError }

// ForbiddenError is 403: a good credential that may not do this.
type ForbiddenError struct{ *GatehouseError }

// Unwrap returns the *GatehouseError.
func (e *ForbiddenError) Unwrap() error { return e.GatehouseError }

// NotEntitledError is a ForbiddenError, too: the organization's plan does not include this.
type NotEntitledError struct{ *ForbiddenError }

// Unwrap returns the *ForbiddenError.
func (e *NotEntitledError) Unwrap() error { return e.ForbiddenError }

// RateLimitError is 429: a rate limit or a quota is used up.
type RateLimitError struct{ *GatehouseError }

// Unwrap returns the *GatehouseError.
func (e *RateLimitError) Unwrap() error { return e.GatehouseError }

// ServerError is 500 and above.
type ServerError struct{ *GatehouseError }

// Unwrap returns the *GatehouseError.
func (e *ServerError) Unwrap() error { return e.GatehouseError }

// ConnectionError is a request without an answer.
type ConnectionError struct{ cause error }

func (e *ConnectionError) Error() string { return "gatehouse: no connection: " + e.cause.Error() }

// Unwrap returns what the transport said.
func (e *ConnectionError) Unwrap() error { return e.cause }

// TimeoutError is an attempt that took longer than Config.Timeout. It is a ConnectionError, too.
type TimeoutError struct {
	*ConnectionError
	after time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("gatehouse: no answer within %s", e.after) }

// Timeout makes it a net.Error's kind of timeout.
func (e *TimeoutError) Timeout() bool { return true }

// Unwrap returns the *ConnectionError.
func (e *TimeoutError) Unwrap() error { return e.ConnectionError }

// ConfigurationError is a mistake in the program or its environment. It never holds a secret.
type ConfigurationError struct{ problem string }

func (e *ConfigurationError) Error() string { return "gatehouse: " + e.problem }

func misconfigured(problem string) *ConfigurationError { return &ConfigurationError{problem} }

// withoutURL drops the address that net/http puts into its errors: a query may hold a secret.
func withoutURL(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}

// classify gives an answer its class.
func classify(found *GatehouseError) error {
	switch {
	case found.Reason == "not_entitled":
		return &NotEntitledError{&ForbiddenError{found}}
	case found.Status == http.StatusUnauthorized:
		return &AuthenticationError{found}
	case found.Status == http.StatusForbidden:
		return &ForbiddenError{found}
	case found.Status == http.StatusTooManyRequests:
		return &RateLimitError{found}
	case found.Status >= http.StatusInternalServerError:
		return &ServerError{found}
	default:
		return found
	}
}
