package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// liveServer is what sdk/live/start.ts says of one server.
type liveServer map[string]any

// liveCase is a case of sdk/vectors/live.json.
type liveCase struct {
	Name, Where, Unless string
	Input               struct {
		Options       map[string]string
		Ask, Do, Body string
		Calls         int
	}
	Expect struct {
		Credential, Kind, Error, Reason, Code string
		Status                                int
		RequestID, RetryAfter                 bool
	}
}

// echo is what the API behind the gate answers: what reached it.
type echo struct {
	Method, Path, Body string
	Headers            map[string]string
}

// live is one case on one server.
type live struct {
	*testing.T
	id     string
	server liveServer
	liveCase
}

var liveDeeds = map[string]func(live){
	"environment": live.environment, "bodies": live.bodies, "refresh": live.refresh,
	"noRefreshToken": live.noRefreshToken, "webhook": live.webhook, "assertion": live.assertion,
	"accessToken": live.accessToken,
}

// TestLive plays the cases of sdk/vectors/live.json against servers that sdk/live/start.ts started, and reports
// each. GATEHOUSE_LIVE is the path of what it wrote.
func TestLive(t *testing.T) {
	path := os.Getenv("GATEHOUSE_LIVE")
	if path == "" {
		t.Skip("GATEHOUSE_LIVE is not set: see sdk/live/start.ts")
	}
	var servers map[string]liveServer
	readJSON(t, path, &servers)
	var list struct{ Cases []liveCase }
	readJSON(t, "../vectors/live.json", &list)
	for _, id := range []string{"kliq", "kaie", "klen", "kloakd"} {
		for _, one := range list.Cases {
			server := servers[id]
			if !one.isFor(server) {
				fmt.Printf("\nlive: %s: %s: none\n", id, one.Name)
			} else if t.Run(id+"/"+one.Name, func(t *testing.T) { live{t, id, server, one}.play() }) {
				fmt.Printf("\nlive: %s: %s: ok\n", id, one.Name)
			}
		}
		t.Run(id+"/middleware", func(t *testing.T) { live{T: t, id: id, server: servers[id]}.middleware() })
	}
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (c liveCase) isFor(server liveServer) bool {
	has := func(field string) bool {
		value := server[field]
		return value != nil && value != false
	}
	return (c.Where == "" || has(c.Where)) && (c.Unless == "" || !has(c.Unless))
}

// text is a field of the server, by its dotted path.
func (s liveServer) text(path string) string {
	var value any = map[string]any(s)
	for _, name := range strings.Split(path, ".") {
		fields, _ := value.(map[string]any)
		value = fields[name]
	}
	text, _ := value.(string)
	return text
}

func (s liveServer) ask(name string) Request {
	return Request{Method: s.text(name + ".method"), Path: s.text(name + ".path")}
}

func (l live) play() {
	if deed, known := liveDeeds[l.Input.Do]; known {
		deed(l)
		return
	} else if l.Input.Do != "" {
		l.Fatal("nobody knows how to do", l.Input.Do)
	}
	config := l.config()
	seen, err := l.call(config, l.server.ask(l.Input.Ask))
	for call := 1; call < l.Input.Calls && err == nil; call++ {
		seen, err = l.call(config, l.server.ask(l.Input.Ask))
	}
	if l.Expect.Credential != "" {
		if err != nil {
			l.Fatal(err)
		}
		l.heard(seen, l.Input.Ask)
		return
	}
	l.refused(err, config)
}

// config is of the case's options.
func (l live) config() Config {
	var config Config
	fields := map[string]*string{
		"apiKey": &config.APIKey, "accessToken": &config.AccessToken, "clientId": &config.ClientID,
		"clientSecret": &config.ClientSecret, "email": &config.Email, "password": &config.Password,
		"organizationId": &config.OrganizationID,
	}
	for option, place := range l.Input.Options {
		if option == "scopes" {
			config.Scopes = []string{l.server.text(place)}
		} else {
			*fields[option] = l.server.text(place)
		}
	}
	return config
}

func (l live) newClient(config Config) (*Client, error) {
	config.BaseURL = l.server.text("baseUrl")
	config.MaxRetries = Retries(0)
	if config.OrganizationID == "" {
		config.OrganizationID = l.server.text("organizationId")
	}
	return New(Preset(l.id), config)
}

func (l live) client(config Config) *Client {
	l.Helper()
	client, err := l.newClient(config)
	if err != nil {
		l.Fatal(err)
	}
	return client
}

func (l live) call(config Config, request Request) (seen echo, err error) {
	client, err := l.newClient(config)
	if err != nil {
		return seen, err
	}
	return hear(client, request)
}

func hear(client *Client, request Request) (seen echo, err error) {
	answer, err := client.Do(context.Background(), request)
	if err == nil {
		err = answer.Decode(&seen)
	}
	return seen, err
}

func (l live) heard(seen echo, ask string) {
	l.Helper()
	organization := l.server.text("organizationId")
	equal(l.T, "method", seen.Method, l.server.text(ask+".method"))
	equal(l.T, "path", seen.Path, strings.ReplaceAll(l.server.text(ask+".path"), "{organization}", organization))
	equal(l.T, "organization", seen.Headers["x-gatehouse-organization"], organization)
	equal(l.T, "credential", seen.Headers["x-gatehouse-credential"], l.Expect.Credential)
	equal(l.T, "the key arrived", strings.Contains(fmt.Sprint(seen), l.server.text("apiKey")), false)
}

func (l live) refused(err error, config Config) {
	l.Helper()
	equal(l.T, "class", classOf(err), l.Expect.Error)
	var denied *GatehouseError
	errors.As(err, &denied)
	if denied == nil {
		denied = &GatehouseError{}
	}
	if l.Expect.Status != 0 {
		equal(l.T, "status", denied.Status, l.Expect.Status)
	}
	if l.Expect.Reason != "" {
		equal(l.T, "reason", string(denied.Reason), l.Expect.Reason)
	}
	if l.Expect.Code != "" {
		equal(l.T, "code", denied.Code, l.Expect.Code)
	}
	if l.Expect.RequestID {
		equal(l.T, "has a request id", denied.RequestID != "", true)
	}
	if l.Expect.RetryAfter && (denied.RetryAfter == nil || *denied.RetryAfter <= 0 || *denied.RetryAfter > time.Minute) {
		l.Error("retry after", denied.RetryAfter)
	}
	for _, secret := range []string{config.APIKey, config.AccessToken, config.ClientSecret, config.Password} {
		if secret != "" && strings.Contains(fmt.Sprintf("%v %+v %#v", err, denied, denied), secret) {
			l.Error("a secret is printed")
		}
	}
}
