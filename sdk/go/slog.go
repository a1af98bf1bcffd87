//go:build go1.21

package client

import "log/slog"

// LogValue has slog print String.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// LogValue has slog leave the tokens out.
func (t UserTokens) LogValue() slog.Value { return slog.StringValue(redacted(t.Expiry)) }

// LogValue has slog leave the token out.
func (t Token) LogValue() slog.Value { return slog.StringValue(redacted(t.Expiry)) }
