// Package kaie calls the Kaie API. Without a credential in Config it reads KAIE_API_KEY and the other
// variables that begin with KAIE_.
package kaie

import client "gatehouse.dev/client"

// Platform is Kaie's configuration, also for VerifyWebhook.
var Platform = client.Preset("kaie")

// Names of the package below, so that one import is enough.
type (
	Config   = client.Config
	Request  = client.Request
	Response = client.Response
	Param    = client.Param
	Webhook  = client.Webhook
)

// Client of Kaie.
type Client = client.Client

// New makes a client, or returns a *client.ConfigurationError.
func New(config Config) (*Client, error) { return client.New(Platform, config) }

// MustNew is New that panics instead of an error.
func MustNew(config Config) *Client { return client.MustNew(Platform, config) }
