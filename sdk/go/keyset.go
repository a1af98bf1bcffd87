package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	keysKept = 300 * time.Second
	// Strangers cause one fetch in this time.
	strangerInterval = 60 * time.Second
	// While old keys serve and the server is away, it is asked this often.
	outageInterval = 10 * time.Second
	largestKeySet  = 1 << 20
)

// keySet keeps the keys of the issuer (RFC 7517), and has at most one request for them on its way.
type keySet struct {
	url  string
	http *http.Client
	now  func() time.Time

	mutex       sync.Mutex
	keys        map[string]*ecdsa.PublicKey
	fetchedAt   time.Time
	failedAt    time.Time
	strangersAt time.Time
	flight      chan struct{}
}

// find returns nil for a kid that the issuer doesn't have.
func (k *keySet) find(ctx context.Context, kid string) (*ecdsa.PublicKey, error) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if k.keys == nil || k.isStale() {
		if err := k.refresh(ctx); err != nil {
			return nil, err
		}
	}
	if k.keys == nil {
		return nil, ErrKeysUnavailable
	}
	if key := k.keys[kid]; key != nil {
		return key, nil
	}
	now := k.now()
	if k.flight == nil && !k.strangersAt.IsZero() && now.Sub(k.strangersAt) < strangerInterval {
		return nil, nil
	}
	if k.flight == nil {
		k.strangersAt = now
	}
	if err := k.refresh(ctx); err != nil {
		return nil, err
	}
	return k.keys[kid], nil
}

func (k *keySet) isStale() bool {
	now := k.now()
	isBackingOff := !k.failedAt.IsZero() && now.Sub(k.failedAt) < outageInterval
	return now.Sub(k.fetchedAt) > keysKept && !isBackingOff
}

// refresh joins the request on its way or begins one. The mutex is held on entry and on return.
func (k *keySet) refresh(ctx context.Context) error {
	if k.flight == nil {
		k.flight = make(chan struct{})
		// Whoever began it may leave: others wait for the same.
		go k.fly(detached{ctx}, k.flight)
	}
	flight := k.flight
	k.mutex.Unlock()
	defer k.mutex.Lock()
	select {
	case <-flight:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keySet) fly(ctx context.Context, flight chan struct{}) {
	keys, err := k.fetch(ctx)
	k.mutex.Lock()
	if err == nil {
		k.keys, k.fetchedAt, k.failedAt = keys, k.now(), time.Time{}
	} else {
		k.failedAt = k.now()
	}
	k.flight = nil
	k.mutex.Unlock()
	close(flight)
}

func (k *keySet) fetch(ctx context.Context) (map[string]*ecdsa.PublicKey, error) {
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := k.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the key set's address answered %d", answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, largestKeySet))
	if err != nil {
		return nil, err
	}
	return readKeys(data)
}

type jwk struct {
	Kty, Crv, X, Y, Kid, Use, Alg string
}

// readKeys takes keys for ES256 and passes over all others.
func readKeys(data []byte) (map[string]*ecdsa.PublicKey, error) {
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, err
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, key := range set.Keys {
		fits := key.Kty == "EC" && key.Crv == "P-256" && (key.Use == "" || key.Use == "sig") && (key.Alg == "" || key.Alg == "ES256")
		x, hasX := decodeBase64URL(key.X)
		y, hasY := decodeBase64URL(key.Y)
		if !fits || !hasX || !hasY || len(x) != 32 || len(y) != 32 {
			continue
		}
		point := append(append([]byte{4}, x...), y...)
		// Nil for a point that is not on the curve.
		if x, y := elliptic.Unmarshal(elliptic.P256(), point); x != nil {
			keys[key.Kid] = &ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}
		}
	}
	return keys, nil
}
