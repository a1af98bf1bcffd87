// Package klen calls the Klen API. Without a credential in Config it reads KLEN_API_KEY and the other
// variables that begin with KLEN_.
package klen

import client "gatehouse.dev/client"

// Platform is Klen's configuration, also for VerifyWebhook.
var Platform = client.Preset("klen")

// Names of the package below, so that one import is enough.
type (
	Config   = client.Config
	Request  = client.Request
	Response = client.Response
	Param    = client.Param
	Webhook  = client.Webhook
)

// Client of Klen.
type Client = client.Client

// New makes a client, or returns a *client.ConfigurationError.
func New(config Config) (*Client, error) { return client.New(Platform, config) }

// MustNew is New that panics instead of an error.
func MustNew(config Config) *Client { return client.MustNew(Platform, config) }
