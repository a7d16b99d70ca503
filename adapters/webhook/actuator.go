package webhook

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/fleetform"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// ActuatorConfig says whom to tell of decisions, and how. A zero field means the value in brackets.
type ActuatorConfig struct {
	// Endpoint is sent decisions.
	Endpoint Endpoint
	// FleetURL is asked for the fleet, with the same keys, token and header [Endpoint.URL].
	FleetURL string
	// Workload says whose decision it is, where one address serves several [nothing].
	Workload string
	// Attempts is how often a request is made at most before Apply or Fleet fails, 1 to 10. Only what may pass is
	// repeated (see StatusError.Temporary; no answer counts too), after Retry-After or else with backoff, and never beyond
	// what ctx leaves [1: a Runner repeats what fails, by its own Retry].
	Attempts int
	// First is the wait before the second attempt; each further one is twice as long, and all are longer or shorter by up
	// to half of it at random [500ms].
	First time.Duration
}

const (
	maxAttempts  = 10
	defaultFirst = 500 * time.Millisecond
)

// Actuator sends decisions to a server:
//
//	POST {"workload":"shop","replicas":12,"decision":{...}}
//
// with the JSON form of the scaler.Decision, and takes any 2xx for a placed order. The header Idempotency-Key is the
// same whenever the same decision is sent again. replicas is what the fleet should become, so that to do it twice is to do
// it once; whoever gets decisions late goes by decision.time.
//
// The fleet comes from a GET, such as
//
//	{"ready":10,"starting":2,"boot":"90s","size":"m5.large"}
//
// of which only "ready" is required; unknown members are refused. The other side must count replicas as starting as soon as it
// has answered a decision.
//
// Its methods are safe for concurrent use.
type Actuator struct {
	url, fleetURL string
	workload      string
	attempts      int
	first         time.Duration
	patience      time.Duration // how long all attempts may take where ctx does not say
	client        *client
}

var _ adapters.Actuator = (*Actuator)(nil)

// NewActuator returns an Actuator that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewActuator(cfg ActuatorConfig) (*Actuator, error) {
	var faults faultList
	e := cfg.Endpoint.complete(&faults)
	if cfg.FleetURL != "" {
		checkAddress(&faults, "fleet_url", cfg.FleetURL)
	}
	cfg.Attempts = cmp.Or(cfg.Attempts, 1)
	cfg.First = cmp.Or(cfg.First, defaultFirst)
	faults.check(cfg.Attempts >= 1 && cfg.Attempts <= maxAttempts, "attempts", strconv.Itoa(cfg.Attempts), fmt.Sprintf("0 (1) to %d", maxAttempts))
	faults.check(cfg.First > 0, "first", cfg.First.String(), fmt.Sprintf("0s (%v) or more", defaultFirst))
	if len(faults.Faults) > 0 {
		return nil, faults.Faults
	}
	return &Actuator{
		url: e.URL, fleetURL: cmp.Or(cfg.FleetURL, e.URL), workload: cfg.Workload,
		attempts: cfg.Attempts, first: cfg.First, patience: time.Duration(cfg.Attempts) * (e.Timeout + cfg.First), client: newClient(e),
	}, nil
}

// order is what is sent for a decision.
type order struct {
	Workload string           `json:"workload,omitempty"`
	Replicas int              `json:"replicas"`
	Decision *scaler.Decision `json:"decision"`
}

// Apply implements adapters.Actuator. Its errors are *StatusError where the server has answered with one.
func (a *Actuator) Apply(ctx context.Context, d *scaler.Decision) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	body, err := json.Marshal(order{a.workload, d.Replicas, d})
	if err != nil {
		return fmt.Errorf("webhook actuator: %w", err)
	}
	sum := sha256.Sum256(body)
	q := request{method: http.MethodPost, url: a.url, body: body, key: hex.EncodeToString(sum[:16])}
	if err := a.ask(ctx, q, func([]byte) error { return nil }); err != nil {
		return fmt.Errorf("webhook actuator: %w", err)
	}
	return nil
}

// Fleet implements adapters.Actuator. Its errors are *StatusError where the server has answered with one.
func (a *Actuator) Fleet(ctx context.Context) (policy.Fleet, error) {
	if ctx.Err() != nil {
		return policy.Fleet{}, ctx.Err()
	}
	var fleet policy.Fleet
	err := a.ask(ctx, request{method: http.MethodGet, url: a.fleetURL}, func(text []byte) (err error) {
		fleet, err = fleetform.Parse("fleet", text)
		return err
	})
	if err != nil {
		return policy.Fleet{}, fmt.Errorf("webhook actuator: %w", err)
	}
	return fleet, nil
}

// ask makes attempts until one succeeds, fails for good, or there is no time left, and returns the error of the last.
func (a *Actuator) ask(ctx context.Context, q request, read func(text []byte) error) error {
	left := a.patience
	if end, ok := ctx.Deadline(); ok {
		left = time.Until(end)
	}
	calls := 0
	var last error
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		calls++
		last = a.client.ask(ctx, q, read)
		return struct{}{}, verdict(last)
	}, backoff.WithMaxTries(uint(a.attempts)), backoff.WithMaxElapsedTime(max(left, 1)), backoff.WithBackOff(&backoff.ExponentialBackOff{
		InitialInterval: a.first, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: a.patience,
	}))
	if last != nil && calls > 1 {
		return fmt.Errorf("%d attempts, the last: %w", calls, last)
	}
	return last
}

// verdict returns err as package backoff understands it.
func verdict(err error) error {
	var answer *StatusError
	var network net.Error // of which Temporary has another meaning, by which a connection that was reset is for ever
	switch {
	case errors.As(err, &answer) && answer.Temporary():
		if answer.RetryAfter > 0 {
			return &backoff.RetryAfterError{Duration: answer.RetryAfter}
		}
		return err
	case errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	return backoff.Permanent(err)
}
