package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/webhook"
)

func TestSecretsAreNotPrinted(t *testing.T) {
	e := webhook.Endpoint{URL: "http://shop", Token: token, Header: map[string]webhook.Secret{"X-Api-Key": apiKey}, Keys: keys}
	source, err := webhook.NewSource(webhook.SourceConfig{Endpoint: e, Step: time.Minute})
	require.NoError(t, err)
	current, err := webhook.NewCurrent(webhook.CurrentConfig{Endpoint: e, Step: time.Minute})
	require.NoError(t, err)
	actuator, err := webhook.NewActuator(webhook.ActuatorConfig{Endpoint: e})
	require.NoError(t, err)
	verifier, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: keys})
	require.NoError(t, err)
	desk := newDesk(t, nil)
	recommendations, err := webhook.NewRecommendations(webhook.RecommendationsConfig{Tokens: []webhook.Secret{newKey}})
	require.NoError(t, err)
	plain := e // what has a function has no form in JSON
	plain.Clock = nil
	for _, v := range []any{
		e, &e, plain, keys, keys[0], e.Header, webhook.SourceConfig{Endpoint: e}, webhook.CurrentConfig{Endpoint: e}, webhook.ActuatorConfig{Endpoint: e},
		webhook.VerifierConfig{Keys: keys}, webhook.AnnouncementsConfig{Verify: webhook.VerifierConfig{Keys: keys}}, webhook.RecommendationsConfig{Tokens: []webhook.Secret{newKey}},
		source, current, actuator, verifier, desk.Announcements, recommendations,
		*actuator, struct{ s any }{source}, struct{ r any }{recommendations}, struct{ v *webhook.Verifier }{verifier},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			requireDiscreet(t, fmt.Sprintf(verb, v))
			if _, isSecret := v.(webhook.Secret); !isSecret {
				require.NotContains(t, fmt.Sprintf(verb, v), fmt.Sprintf("%x", newKey), "%s of %T", verb, v)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		requireDiscreet(t, log.String())
		if text, err := json.Marshal(v); err == nil {
			requireDiscreet(t, string(text))
		}
	}
}

var errTransport = errors.New("transport")

// indiscreet is a transport whose errors tell everything.
type indiscreet struct{}

func (indiscreet) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%w: %v %v", errTransport, r.URL, r.Header)
}

func TestErrorsOfATransportAreConcealed(t *testing.T) {
	source, err := webhook.NewSource(webhook.SourceConfig{Step: time.Minute, Endpoint: webhook.Endpoint{
		URL: "http://shop/hook", Token: token, Header: map[string]webhook.Secret{"X-Api-Key": apiKey}, Keys: keys, Client: &http.Client{Transport: indiscreet{}},
	}})
	require.NoError(t, err)
	_, err = source.Read(t.Context(), nil, minute(0), minute(1))
	require.ErrorIs(t, err, errTransport)
	require.ErrorContains(t, err, "Bearer [hidden]")
	require.NotContains(t, err.Error(), "v1=", "nor what could be sent again")
	for e := err; e != nil; e = errors.Unwrap(e) {
		requireDiscreet(t, e.Error())
	}
}
