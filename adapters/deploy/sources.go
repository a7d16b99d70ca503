package deploy

import (
	"fmt"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/adapters/file"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/adapters/webhook"
)

// source makes that of an input.
func (a *assembling) source(w *Workload, in *Input, step time.Duration, at string) adapters.Source {
	stand, _ := memory.NewSource(memory.SourceConfig{Step: time.Second})
	var out adapters.Source = stand
	var err error
	switch {
	case in.Datadog != nil:
		org := a.orgs[in.Datadog.Org]
		if org == nil { // which has been said
			return stand
		}
		out, err = org.Source(datadog.SourceConfig{Query: in.Datadog.Query, Step: step, Delay: in.Delay.Std(), Points: in.Datadog.Points})
		at += ".datadog"
	case in.Prometheus != nil:
		p := in.Prometheus
		out, err = prometheus.NewSource(prometheus.SourceConfig{
			URL: p.URL, Query: p.Query, Guard: p.Guard, Step: step, Delay: in.Delay.Std(), Points: p.Points, Timeout: p.QueryTimeout.Std(), Partial: p.Partial,
			Token: a.reveal(p.Token), TokenFile: p.TokenFile, User: p.User, Password: a.reveal(p.Password), Header: a.header(p.Header),
			Client: a.parts.Client, Logger: a.parts.Logger.With("workload", w.Name, "input", in.Name),
		})
		at += ".prometheus"
	case in.Webhook != nil:
		out, err = webhook.NewSource(webhook.SourceConfig{
			Endpoint: a.endpoint(&in.Webhook.Endpoint), Method: in.Webhook.Method, Step: step, Delay: in.Delay.Std(), Points: in.Webhook.Points,
		})
		at += ".webhook"
	case in.Current != nil:
		c := in.Current
		out, err = webhook.NewCurrent(webhook.CurrentConfig{Endpoint: a.endpoint(&c.Endpoint), Value: c.Value, Time: c.Time, Step: step, Keep: c.Keep.Std()})
		at += ".current"
	case in.File != nil:
		out, err = file.NewSource(file.SourceConfig{Path: in.File.Path, Step: step, Logger: a.parts.Logger.With("workload", w.Name, "input", in.Name)})
		at += ".file"
	case in.Other != nil:
		part := a.part(w, in.Name, in.Other)
		part.Delay = in.Delay.Std()
		var ok bool
		if out, ok = construct(a, a.parts.Sources, in.Other, part, at, out); !ok {
			return stand
		}
	}
	if !a.made(at, err) {
		return stand
	}
	return out
}

// organisations makes a client for each organisation of Datadog.
func (a *assembling) organisations() {
	orgs := a.deployment.Config.Datadog
	a.orgs = make(map[string]*datadog.Client)
	for i := range orgs {
		org := &orgs[i]
		keys := datadog.Keys{API: a.reveal(org.APIKey), Application: a.reveal(org.ApplicationKey)}
		client, err := datadog.NewClient(datadog.ClientConfig{
			Site: org.Site, URL: org.URL, Keys: func() (datadog.Keys, error) { return keys, nil }, Version: org.Version, Batch: org.Batch,
			Timeout: org.Timeout.Std(), Limiter: a.limits[org.Limit], HTTP: a.parts.Client,
		})
		if !a.made(fmt.Sprintf("datadog[%d]", i), err) { // its inputs have faults of their own
			client, _ = datadog.NewClient(datadog.ClientConfig{Keys: func() (datadog.Keys, error) { return keys, nil }})
		}
		a.orgs[org.Name] = client
		if len(orgs) == 1 {
			a.orgs[""] = client
		}
	}
}
