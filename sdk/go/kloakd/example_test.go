package kloakd_test

import (
	"testing"

	"gatehouse.dev/client/kloakd"
)

// The document's example, word for word.
func TestTheDocumentsExample(t *testing.T) {
	client := kloakd.MustNew(kloakd.Config{
		APIKey:         "sk-live-...",
		OrganizationID: "your-org-uuid",
	})
	if client.OrganizationID() != "your-org-uuid" || client.BaseURL() != "https://api.kloakd.dev" {
		t.Error(client.OrganizationID(), client.BaseURL())
	}
}

func TestTheDocumentsEnvironmentVariables(t *testing.T) {
	t.Setenv("KLOAKD_API_KEY", "sk-live-...")
	t.Setenv("KLOAKD_ORG_ID", "your-org-uuid")
	client, err := kloakd.New(kloakd.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if client.OrganizationID() != "your-org-uuid" {
		t.Error(client.OrganizationID())
	}
}
