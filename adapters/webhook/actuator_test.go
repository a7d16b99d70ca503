package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// platform is the other side of an Actuator. It believes only what is signed.
type platform struct {
	verifier        *webhook.Verifier
	ready, starting int
	broken          bool
}

func newPlatform(t testing.TB) *platform {
	v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: keys[:1]})
	require.NoError(t, err)
	return &platform{verifier: v, ready: 4}
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if _, err := p.verifier.Verify(r, body); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if p.broken {
		http.Error(w, "", http.StatusBadGateway)
		return
	}
	if r.Method == http.MethodPost {
		var order struct{ Replicas int }
		if err := json.Unmarshal(body, &order); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.ready = min(p.ready, order.Replicas)
		p.starting = order.Replicas - p.ready
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer := fmt.Appendf(nil, `{"ready":%d,"starting":%d}`, p.ready, p.starting)
	webhook.SignAnswer(w.Header(), r, http.StatusOK, answer, time.Now(), keys[0])
	_, _ = w.Write(answer)
}

func TestActuatorConforms(t *testing.T) {
	adaptertest.RunActuator(t, func(t *testing.T) adaptertest.ActuatorHarness {
		p := newPlatform(t)
		s := newServer(t, p.ServeHTTP)
		a := newActuator(t, s, nil)
		return adaptertest.ActuatorHarness{
			Actuator: a, Start: 4,
			Settle: func() { p.ready, p.starting = p.ready+p.starting, 0 },
			Break:  func() { p.broken = true },
		}
	})
}

func newActuator(t testing.TB, s *server, change func(c *webhook.ActuatorConfig)) *webhook.Actuator {
	cfg := webhook.ActuatorConfig{Endpoint: s.endpoint()}
	if change != nil {
		change(&cfg)
	}
	a, err := webhook.NewActuator(cfg)
	require.NoError(t, err)
	return a
}

func decision(n int) *scaler.Decision {
	return &scaler.Decision{Time: minute(0), Replicas: n, Ready: 10, Signal: "visits", Capacity: 10, Observed: math.NaN()}
}

func TestActuatorSendsTheDecision(t *testing.T) {
	s := newServer(t, says(202, "thank you"))
	a := newActuator(t, s, func(c *webhook.ActuatorConfig) { c.Workload = "shop" })
	require.NoError(t, a.Apply(t.Context(), decision(12)))
	r := s.asked[0]
	require.Equal(t, "POST /hook?shop=1", r.Method+" "+r.RequestURI)
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	require.Equal(t, "Bearer "+token, r.Header.Get("Authorization"))
	reason, err := json.Marshal(decision(12))
	require.NoError(t, err)
	require.Equal(t, `{"workload":"shop","replicas":12,"decision":`+string(reason)+`}`, s.bodies[0])

	require.NoError(t, newActuator(t, s, func(c *webhook.ActuatorConfig) { c.Workload = "shop" }).Apply(t.Context(), decision(12)))
	require.NoError(t, a.Apply(t.Context(), decision(13)))
	require.NoError(t, newActuator(t, s, nil).Apply(t.Context(), decision(12)))
	key := func(i int) string { return s.asked[i].Header.Get("Idempotency-Key") }
	require.Len(t, key(0), 32)
	require.Equal(t, key(0), key(1), "the same decision, also from another process")
	require.NotEqual(t, key(0), key(2), "another decision")
	require.NotEqual(t, key(0), key(3), "another workload")
	require.NotEqual(t, r.Header.Get(webhook.SignatureHeader), s.asked[1].Header.Get(webhook.SignatureHeader), "each request has a signature of its own")
}

func TestActuatorReadsTheFleet(t *testing.T) {
	cases := []struct {
		name, text string
		want       policy.Fleet
		err        string
	}{
		{"ready alone", `{"ready": 0}`, policy.Fleet{}, ""},
		{"everything", `{"ready":3,"starting":2,"boot":"90s","size":"m5.large"}`, policy.Fleet{Size: "m5.large", Ready: 3, Starting: 2, Boot: 90 * time.Second}, ""},
		{"missing is not zero", `{"starting":2}`, policy.Fleet{}, "ready is missing; wanted 0 or more"},
		{"null is not zero", `{"ready":null}`, policy.Fleet{}, "ready is missing; wanted 0 or more"},
		{"unknown", `{"ready":1,"redy":2}`, policy.Fleet{}, `json: unknown field "redy"; wanted one JSON object`},
		{"nothing", ``, policy.Fleet{}, "it ends too early; wanted one JSON object"},
		{"a page to log in", "<html>{token}", policy.Fleet{}, "it is not quoted"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, says(200, c.text))
			got, err := newActuator(t, s, func(cfg *webhook.ActuatorConfig) { cfg.FleetURL = s.URL + "/fleet" }).Fleet(t.Context())
			require.Equal(t, "GET /fleet", s.asked[0].Method+" "+s.asked[0].RequestURI)
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "webhook actuator: ")
			require.ErrorContains(t, err, c.err)
			requireDiscreet(t, err.Error())
		})
	}
}

func TestActuatorFaults(t *testing.T) {
	for name, c := range faults() {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.answer)
			a := newActuator(t, s, func(cfg *webhook.ActuatorConfig) { cfg.Attempts, cfg.First = 3, time.Nanosecond })
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // less than any Retry-After here
			defer cancel()
			for name, err := range map[string]error{"apply": a.Apply(ctx, decision(12)), "fleet": second(a.Fleet(ctx))} {
				require.ErrorContains(t, err, c.want, name)
				requireDiscreet(t, err.Error())
				require.Equal(t, c.passes, temporary(err), "%s: %v", name, err)
			}
			switch {
			case !c.passes || name == "429 and when" || name == "429 and next year":
				require.Equal(t, 2, s.count(), "one attempt each: what is for ever, or longer than there is time")
			default:
				require.Equal(t, 6, s.count(), "three attempts each")
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

func TestActuatorTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []http.HandlerFunc{
			says(503, ""), says(429, "", "Retry-After", "20"), func(http.ResponseWriter, *http.Request) {}, // which is 200
		}
		var at []time.Duration
		var requests []*http.Request
		begin := time.Now()
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests = append(requests, r)
			at = append(at, time.Since(begin))
			answers[len(at)-1](w, r)
		})
		a, err := webhook.NewActuator(webhook.ActuatorConfig{
			Endpoint: webhook.Endpoint{URL: "http://shop/hook", Keys: keys, Client: &http.Client{Transport: direct{handler}}},
			Attempts: 3, First: 2 * time.Second,
		})
		require.NoError(t, err)
		require.NoError(t, a.Apply(t.Context(), decision(12)))
		require.Len(t, at, 3)
		require.InDelta(t, 2, at[1].Seconds(), 1, "the first wait, longer or shorter by up to half of it")
		require.Equal(t, 20*time.Second, at[2]-at[1], "as long as the server wants to be left alone")
		require.Equal(t, requests[0].Header.Get("Idempotency-Key"), requests[2].Header.Get("Idempotency-Key"))
		ids := map[string]bool{}
		for _, r := range requests {
			ids[r.Header.Get(webhook.SignatureHeader)] = true
		}
		require.Len(t, ids, 3, "each attempt is signed anew")
	})
}

func TestActuatorGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			says(503, "")(w, r)
		})
		a, err := webhook.NewActuator(webhook.ActuatorConfig{
			Endpoint: webhook.Endpoint{URL: "http://shop/hook", Client: &http.Client{Transport: direct{handler}}},
			Attempts: 10, First: 4 * time.Second,
		})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		begin := time.Now()
		err = a.Apply(ctx, decision(12))
		require.ErrorContains(t, err, "attempts, the last: HTTP 503")
		require.Less(t, asked, 4, "waits of 4 s, 8 s, 16 s")
		require.LessOrEqual(t, time.Since(begin), 15*time.Second)
	})
}

// net/http repeats what has an Idempotency-Key on a fresh connection, and the signature would come twice.
func TestActuatorSendsASignatureOnce(t *testing.T) {
	s := newServer(t, says(200, ""))
	a := newActuator(t, s, nil)
	require.NoError(t, a.Apply(t.Context(), decision(12)))
	s.become(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	err := a.Apply(t.Context(), decision(13))
	require.Error(t, err)
	require.True(t, temporary(err))
	require.Equal(t, 2, s.count())
}

func TestNewActuatorReportsEveryFault(t *testing.T) {
	_, err := webhook.NewActuator(webhook.ActuatorConfig{FleetURL: "fleet", Attempts: 11, First: -1})
	require.EqualError(t, err, `config: 4 faults: endpoint.url is ""; wanted an address such as https://shop/headroom, without user, password and fragment`+
		` | fleet_url is [hidden]; wanted an address such as https://shop/headroom, without user, password and fragment`+
		` | attempts is 11; wanted 0 (1) to 10 | first is -1ns; wanted 0s (500ms) or more`)
}
