package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Request is any call of the platform's API.
type Request struct {
	// Method is GET if empty.
	Method string
	// Path begins with one slash, percent-encoded, without query. {organization} in it becomes the
	// organization id.
	Path  string
	Query []Param
	// Header of the caller. The credential and the organization are the client's: they can't be set here.
	Header http.Header
	// JSON is marshalled as the body, unless it is nil.
	JSON any
	// Body is sent as it is, unless it is nil.
	Body []byte
}

// Param of a query, in the order given. A name may occur more than once.
type Param struct{ Name, Value string }

// Response is a success: 2xx.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Decode unmarshals the body as JSON.
func (r *Response) Decode(into any) error { return json.Unmarshal(r.Body, into) }

var methodToken = regexp.MustCompile(`^[A-Za-z]+$`)

// prepare makes everything of the request but its credential.
func (s *settings) prepare(request Request) (outgoing, error) {
	made := outgoing{method: strings.ToUpper(request.Method), header: s.headersOf(request), body: request.Body}
	if made.method == "" {
		made.method = http.MethodGet
	}
	if !methodToken.MatchString(made.method) {
		return made, misconfigured("Method must be letters only")
	}
	if request.JSON != nil && request.Body != nil {
		return made, misconfigured("give JSON or Body, not both")
	}
	if request.JSON != nil {
		body, err := json.Marshal(request.JSON)
		if err != nil {
			return made, misconfigured("JSON can't be marshalled: " + err.Error())
		}
		made.body = body
		if made.header.Get("Content-Type") == "" {
			made.header.Set("Content-Type", "application/json")
		}
	}
	address, err := s.urlOf(request)
	made.url = address
	return made, err
}

func (s *settings) headersOf(request Request) http.Header {
	header := http.Header{}
	for name, values := range request.Header {
		for _, value := range values {
			header.Add(name, value)
		}
	}
	for _, own := range []string{"Authorization", "Cookie", s.platform.APIKeyHeader, s.platform.OrganizationHeader} {
		header.Del(own)
	}
	if header.Get("Accept") == "" {
		header.Set("Accept", "application/json")
	}
	header.Set("User-Agent", userAgent)
	if s.platform.OrganizationHeader != "" && s.OrganizationID != "" {
		header.Set(s.platform.OrganizationHeader, s.OrganizationID)
	}
	return header
}

const userAgent = "gatehouse-client-go/" + Version

func (s *settings) urlOf(request Request) (*url.URL, error) {
	path := request.Path
	if strings.Contains(path, "{organization}") {
		if s.OrganizationID == "" {
			return nil, misconfigured("the path names {organization}, and there is no OrganizationID")
		}
		path = strings.ReplaceAll(path, "{organization}", url.PathEscape(s.OrganizationID))
	}
	if err := checkPath(path); err != nil {
		return nil, misconfigured(err.Error())
	}
	address, err := url.Parse(s.BaseURL + path)
	if err != nil {
		return nil, misconfigured("Path is not percent-encoded properly")
	}
	address.RawQuery = encoded(request.Query)
	return address, nil
}

var encodedDot = regexp.MustCompile(`(?i)%2e`)

func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return errors.New("Path must begin with one slash: it is below the base URL")
	}
	if strings.Contains(path, "?") {
		return errors.New("Path has a question mark: give the query as Query, or encode it as %3F")
	}
	if strings.IndexFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == '#' }) >= 0 {
		return errors.New("Path has a backslash, a # or a control character: encode it")
	}
	for _, segment := range strings.Split(path, "/") {
		plain := encodedDot.ReplaceAllString(segment, ".")
		if plain == "." || plain == ".." {
			return errors.New("Path has a segment . or .., which would lead elsewhere")
		}
	}
	return nil
}

func encoded(query []Param) string {
	escape := func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
	parts := make([]string, 0, len(query))
	for _, param := range query {
		parts = append(parts, escape(param.Name)+"="+escape(param.Value))
	}
	return strings.Join(parts, "&")
}
