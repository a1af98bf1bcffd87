package client

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sent is what an error depends on, beside the answer.
type sent struct {
	platform Platform
	// credential as the error table has it: api_key or token.
	credential string
	// secrets must not come back in an error, whatever the answer repeats.
	secrets []string
	now     func() time.Time
}

// readError turns an answer that is no success into an error of this package.
func readError(answer *Response, about sent) error {
	var body any
	_ = json.Unmarshal(answer.Body, &body)
	paths := about.platform.ErrorBody
	code, hasCode := at(body, paths.Code).(string)
	message, hasMessage := at(body, paths.Message).(string)
	if !hasCode {
		if oauthCode, isText := at(body, "error").(string); isText {
			code = oauthCode
			message, hasMessage = at(body, "error_description").(string)
		}
	}
	found := &GatehouseError{
		Reason:     reasonOf(answer, about, code, message),
		Status:     answer.Status,
		Code:       masked(code, about.secrets),
		Message:    masked(message, about.secrets),
		RequestID:  masked(answer.Header.Get("X-Request-Id"), about.secrets),
		RetryAfter: retryAfter(answer.Header.Get("Retry-After"), at(body, paths.RetryAfter), about.now),
	}
	if !hasMessage {
		found.Message = strings.TrimSpace(fmt.Sprintf("the answer was %d %s", answer.Status, http.StatusText(answer.Status)))
	}
	return classify(found)
}

// at follows a dotted path; nil where it leads nowhere.
func at(body any, path string) any {
	for _, step := range strings.Split(path, ".") {
		object, isObject := body.(map[string]any)
		if !isObject {
			return nil
		}
		body = object[step]
	}
	return body
}

func masked(text string, secrets []string) string {
	for _, secret := range secrets {
		// A shorter one may be a word of the message by chance, and is no secret anyway.
		if len(secret) >= 8 {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

var bearerError = regexp.MustCompile(`(?i)(?:^|[\s,])error="([^"]*)"`)

func reasonOf(answer *Response, about sent, code, message string) string {
	challenge := ""
	if match := bearerError.FindStringSubmatch(strings.Join(answer.Header.Values("Www-Authenticate"), ", ")); match != nil {
		challenge = match[1]
	}
	fits := func(want *string, is string) bool { return want == nil || *want == is }
	for _, row := range about.platform.ErrorTable {
		if row.Status == answer.Status && row.Code == code && fits(row.Message, message) &&
			fits(row.Credential, about.credential) && fits(row.Challenge, challenge) {
			return row.Reason
		}
	}
	return reasonByStatus(answer.Status, about.credential)
}

func reasonByStatus(status int, credential string) string {
	ofKey := map[int]string{401: "invalid_api_key", 403: "insufficient_permission"}
	ofToken := map[int]string{401: "invalid_token", 403: "insufficient_scope"}
	ofAny := map[int]string{
		400: "malformed_request", 429: "rate_limited", 502: "upstream_unreachable",
		503: "temporarily_unavailable", 504: "upstream_timeout",
	}
	own := ofToken
	if credential == "api_key" {
		own = ofKey
	}
	for _, reasons := range []map[int]string{own, ofAny} {
		if reason, known := reasons[status]; known {
			return reason
		}
	}
	return "unknown"
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// A time longer than this says no more than this; a Duration holds it.
const longestWaitSeconds = 1e9

// retryAfter reads seconds or an HTTP date (RFC 9110 §10.2.3), rounded up, never below 0.
func retryAfter(header string, inBody any, now func() time.Time) *time.Duration {
	if digits.MatchString(header) {
		seconds, err := strconv.ParseFloat(header, 64)
		if err == nil || seconds > 0 {
			return inSeconds(seconds)
		}
	}
	if date, err := http.ParseTime(header); err == nil {
		return inSeconds(math.Ceil(date.Sub(now()).Seconds()))
	}
	if seconds, isNumber := inBody.(float64); isNumber && seconds >= 0 {
		return inSeconds(math.Ceil(seconds))
	}
	return nil
}

func inSeconds(seconds float64) *time.Duration {
	wait := time.Duration(math.Min(math.Max(seconds, 0), longestWaitSeconds)) * time.Second
	return &wait
}
