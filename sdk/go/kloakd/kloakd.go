// Package kloakd calls the Kloakd API. Without a credential in Config it reads KLOAKD_API_KEY and the other
// variables that begin with KLOAKD_.
package kloakd

import client "gatehouse.dev/client"

// Platform is Kloakd's configuration, also for VerifyWebhook.
var Platform = client.Preset("kloakd")

// Names of the package below, so that one import is enough.
type (
	Config   = client.Config
	Request  = client.Request
	Response = client.Response
	Param    = client.Param
	Webhook  = client.Webhook
)

// Client of Kloakd.
type Client = client.Client

// New makes a client, or returns a *client.ConfigurationError.
func New(config Config) (*Client, error) { return client.New(Platform, config) }

// MustNew is New that panics instead of an error.
func MustNew(config Config) *Client { return client.MustNew(Platform, config) }
