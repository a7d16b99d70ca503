package deploy

import (
	"github.com/headroom-go/headroom/adapters/webhook"
)

// standIn is a secret that was not looked up, for a trial.
const standIn = "a-secret-that-was-not-looked-up-0"

func (a *assembling) reveal(s Secret) webhook.Secret {
	if a.trial && !a.deployment.looked && !s.IsZero() {
		return standIn
	}
	return webhook.Secret(s.Reveal())
}

func (a *assembling) header(header map[string]Secret) map[string]webhook.Secret {
	out := make(map[string]webhook.Secret, len(header))
	for name, s := range header {
		out[name] = a.reveal(s)
	}
	return out
}

func (a *assembling) keys(keys []Key) []webhook.Key {
	out := make([]webhook.Key, len(keys))
	for i, k := range keys {
		out[i] = webhook.Key{Name: k.Name, Secret: a.reveal(k.Secret)}
	}
	return out
}

func (a *assembling) endpoint(e *Endpoint) webhook.Endpoint {
	return webhook.Endpoint{
		URL: e.URL, Token: a.reveal(e.Token), Header: a.header(e.Header), Keys: a.keys(e.Keys), Verify: e.Verify, Timeout: e.Timeout.Std(),
		Client: a.parts.Client, Clock: a.parts.Clock,
	}
}
