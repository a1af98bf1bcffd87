package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"
)

const (
	longestRetryAfter = 60 * time.Second
	firstBackoff      = 0.5
	longestBackoff    = 8.0
)

// outgoing is a request that can be sent again.
type outgoing struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
	about  sent
}

// deliver sends a request until there is an answer to keep. An answer that is no success is an error.
//
// Asked again: 429 and 503 that say when; 502, 503, 504 and failed connections where the method is idempotent.
func (s *settings) deliver(ctx context.Context, request outgoing) (*Response, error) {
	for waits := 0; ; waits++ {
		answer, err := s.attempt(ctx, request)
		if err == nil && answer.Status >= 200 && answer.Status < 300 {
			return answer, nil
		}
		if err == nil {
			err = readError(answer, request.about)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("gatehouse: %w", ctx.Err())
		}
		wait, worthIt := s.waitBefore(err, request.method, waits)
		if !worthIt || waits >= s.retries {
			return nil, err
		}
		if err := s.Sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("gatehouse: %w", err)
		}
	}
}

// attempt reads the whole answer, so that the timeout covers it.
func (s *settings) attempt(ctx context.Context, request outgoing) (*Response, error) {
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	sending := &http.Request{
		Method: request.method, URL: request.url, Host: request.url.Host, Header: request.header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if request.body != nil {
		sending.Body = io.NopCloser(bytes.NewReader(request.body))
		sending.ContentLength = int64(len(request.body))
	}
	answer, err := s.http.Do(sending.WithContext(limited))
	if err != nil {
		return nil, s.connectionError(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, s.connectionError(err)
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

func (s *settings) connectionError(err error) error {
	var timed interface{ Timeout() bool }
	isTimeout := errors.As(err, &timed) && timed.Timeout()
	failed := &ConnectionError{withoutURL(err)}
	if isTimeout || errors.Is(err, context.DeadlineExceeded) {
		return &TimeoutError{failed, s.Timeout}
	}
	return failed
}

// waitBefore says how long to wait before the next attempt, if there is any point in one.
func (s *settings) waitBefore(err error, method string, waits int) (time.Duration, bool) {
	backoff := s.Random() * math.Min(longestBackoff, firstBackoff*math.Pow(2, float64(waits)))
	wait := time.Duration(backoff * float64(time.Second))
	var denied *GatehouseError
	if !errors.As(err, &denied) {
		return wait, isIdempotent(method)
	}
	switch denied.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if denied.RetryAfter != nil {
			return *denied.RetryAfter, *denied.RetryAfter <= longestRetryAfter
		}
		return wait, denied.Status == http.StatusServiceUnavailable && isIdempotent(method)
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return wait, isIdempotent(method)
	default:
		return 0, false
	}
}

// isIdempotent: RFC 9110 §9.2.2.
func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}
