package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Webhook is a delivery to be verified.
type Webhook struct {
	// Payload is the body as it arrived, byte for byte.
	Payload []byte
	Header  http.Header
	// Secrets as whsec_<base64>: more than one while a secret is being rotated.
	Secrets []string
	// Tolerance of the timestamp in whole seconds, to either side; five minutes if zero.
	Tolerance time.Duration
	// Now is the time it arrived; time.Now() if zero.
	Now time.Time
}

// Delivery is a webhook that was verified.
type Delivery struct {
	// ID is the same on every attempt; empty where the platform's own header was used.
	ID string
	// Timestamp of the attempt; zero where the style has none.
	Timestamp time.Time
}

// WebhookError is a delivery that must not be taken.
type WebhookError struct {
	// Reason: missing_signature, malformed_signature, timestamp_out_of_tolerance or signature_mismatch.
	Reason string
}

func (e *WebhookError) Error() string { return "gatehouse: webhook refused: " + e.Reason }

func refusal(reason string) (Delivery, error) { return Delivery{}, &WebhookError{reason} }

// VerifyWebhook takes a delivery or refuses it with a *WebhookError. Where webhook-signature is present,
// Standard Webhooks counts and nothing else, otherwise the platform's own header. Secrets that can't be
// used are a *ConfigurationError. Comparisons take constant time.
//
// See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func (p Platform) VerifyWebhook(webhook Webhook) (Delivery, error) {
	keys, err := webhookKeys(webhook.Secrets)
	if err != nil {
		return Delivery{}, err
	}
	if webhook.Now.IsZero() {
		webhook.Now = time.Now()
	}
	if webhook.Tolerance <= 0 {
		webhook.Tolerance = 5 * time.Minute
	}
	if _, present := headerOf(webhook.Header, "webhook-signature"); present {
		return verifyStandard(webhook, keys)
	}
	value, _ := headerOf(webhook.Header, p.Webhook.Header)
	switch {
	case value == "":
		return refusal("missing_signature")
	case p.Webhook.Style == "plain":
		return verifyPlain(webhook, keys, value)
	default:
		return verifyTimestamped(webhook, keys, value)
	}
}

const secretPrefix = "whsec_"

func webhookKeys(secrets []string) ([][]byte, error) {
	if len(secrets) == 0 {
		return nil, misconfigured("no webhook secret")
	}
	keys := make([][]byte, 0, len(secrets))
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
		if !strings.HasPrefix(secret, secretPrefix) || err != nil || len(key) == 0 {
			return nil, misconfigured("a webhook secret must be whsec_ and base64, as it was shown when it was made")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// headerOf joins repeated headers, and doesn't mind how the name is spelled.
func headerOf(header http.Header, name string) (string, bool) {
	var all []string
	for key, values := range header {
		if strings.EqualFold(key, name) {
			all = append(all, values...)
		}
	}
	return strings.Join(all, ","), len(all) > 0
}

func verifyStandard(webhook Webhook, keys [][]byte) (Delivery, error) {
	id, _ := headerOf(webhook.Header, "webhook-id")
	time, _ := headerOf(webhook.Header, "webhook-timestamp")
	list, _ := headerOf(webhook.Header, "webhook-signature")
	if id == "" || time == "" || list == "" {
		return refusal("missing_signature")
	}
	var signatures [][]byte
	for _, entry := range strings.Fields(list) {
		if version, value, _ := strings.Cut(entry, ","); version == "v1" {
			signature, _ := base64.StdEncoding.DecodeString(value)
			signatures = append(signatures, signature)
		}
	}
	return verifyTimed(webhook, keys, timed{id, time, id + "." + time + ".", signatures})
}

func verifyTimestamped(webhook Webhook, keys [][]byte, value string) (Delivery, error) {
	var times []string
	var signatures [][]byte
	for _, part := range strings.Split(value, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			times = append(times, text)
		case "v1":
			signature, _ := hex.DecodeString(text)
			signatures = append(signatures, signature)
		}
	}
	if len(times) != 1 {
		return refusal("malformed_signature")
	}
	return verifyTimed(webhook, keys, timed{"", times[0], times[0] + ".", signatures})
}

func verifyPlain(webhook Webhook, keys [][]byte, value string) (Delivery, error) {
	var signatures [][]byte
	for _, part := range strings.Split(value, ",") {
		if name, text, _ := strings.Cut(strings.TrimSpace(part), "="); name == "sha256" {
			signature, _ := hex.DecodeString(text)
			signatures = append(signatures, signature)
		}
	}
	if len(signatures) == 0 {
		return refusal("malformed_signature")
	}
	if !isSigned(webhook.Payload, "", keys, signatures) {
		return refusal("signature_mismatch")
	}
	return Delivery{}, nil
}

type timed struct {
	id, time string
	// before the body, in what is signed.
	before     string
	signatures [][]byte
}

// Up to the year 5138: beyond that a time is no time.
var epochSeconds = regexp.MustCompile(`^[0-9]{1,11}$`)

// verifyTimed looks at the signature first: who can't sign learns nothing about the clock.
func verifyTimed(webhook Webhook, keys [][]byte, claimed timed) (Delivery, error) {
	if !epochSeconds.MatchString(claimed.time) || len(claimed.signatures) == 0 {
		return refusal("malformed_signature")
	}
	if !isSigned(webhook.Payload, claimed.before, keys, claimed.signatures) {
		return refusal("signature_mismatch")
	}
	seconds, _ := strconv.ParseInt(claimed.time, 10, 64)
	away, tolerance := webhook.Now.Unix()-seconds, int64(webhook.Tolerance/time.Second)
	if away > tolerance || away < -tolerance {
		return refusal("timestamp_out_of_tolerance")
	}
	return Delivery{claimed.id, time.Unix(seconds, 0).UTC()}, nil
}

func isSigned(payload []byte, before string, keys, signatures [][]byte) bool {
	found := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(before))
		mac.Write(payload)
		expected := mac.Sum(nil)
		for _, signature := range signatures {
			found = hmac.Equal(expected, signature) || found
		}
	}
	return found
}
