package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/DataDog/datadog-go/v5/statsd"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/adapters/file"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/scaler"
)

// observers makes those of a workload.
func (a *assembling) observers(w *Workload, at string) []adapters.Observer {
	var out []adapters.Observer
	for i := range w.Observers {
		o, at := &w.Observers[i], fmt.Sprintf("%s.observers[%d]", at, i)
		switch {
		case o.Datadog != nil:
			if made := a.datadogObserver(w, at+".datadog"); made != nil {
				out = append(out, made)
			}
		case o.File != "":
			made, err := file.NewObserver(o.File, a.parts.Logger)
			if a.made(at+".file", err) {
				out = append(out, made)
			}
		case o.Recommendations != nil:
			if made := a.recommendations(w, o.Recommendations, at+".recommendations"); made != nil {
				out = append(out, made)
			}
		case o.Other != nil:
			if made, ok := construct(a, a.parts.Observers, o.Other, a.part(w, o.Name, o.Other), at, adapters.Observer(&memory.Recorder{})); ok {
				out = append(out, made)
			}
		}
	}
	if a.deployment.Config.Metrics != nil {
		made, err := prometheus.NewObserver(a.tags(w.Name))
		var own scaler.Faults
		if errors.As(err, &own) {
			for _, f := range own {
				a.check(false, "tags", f.Value, f.Wanted)
			}
			return out
		}
		a.metrics = append(a.metrics, made)
		out = append(out, made)
	}
	return out
}

// datadogObserver makes what sends to a Datadog agent; a trial has no client.
func (a *assembling) datadogObserver(w *Workload, at string) adapters.Observer {
	var client datadog.Statsd = new(statsd.NoOpClient)
	if !a.trial {
		client = a.parts.Statsd
	}
	if client == nil {
		a.check(false, at, "there", "none, since the program gives Build no Statsd")
		return nil
	}
	cfg := datadog.ObserverConfig{Statsd: client, Service: w.Name, Cluster: a.deployment.Cluster, Logger: a.parts.Logger}
	for _, name := range slices.Sorted(maps.Keys(a.deployment.Config.Tags)) {
		cfg.Tags = append(cfg.Tags, name+":"+a.deployment.Config.Tags[name])
	}
	made, err := datadog.NewObserver(cfg)
	var own scaler.Faults
	if errors.As(err, &own) {
		for _, f := range own {
			path := at // service is the name of the workload, and cluster that of the cluster
			if strings.HasPrefix(f.Field, "tags[") {
				path = "tags"
			}
			a.check(false, path, f.Value, f.Wanted)
		}
		return nil
	}
	return made
}

func (a *assembling) recommendations(w *Workload, c *Recommendations, at string) adapters.Observer {
	tokens := make([]webhook.Secret, len(c.Tokens))
	for i, t := range c.Tokens {
		tokens[i] = a.reveal(t)
	}
	made, err := webhook.NewRecommendations(webhook.RecommendationsConfig{MaxAge: c.MaxAge.Std(), Tokens: tokens, Clock: a.parts.Clock})
	if !a.made(at, err) {
		return nil
	}
	path := cmp.Or(c.Path, "/recommendations/"+w.Name)
	a.route(path, at+".path", http.HandlerFunc(made.ServeValue))
	a.route(path+"/decision", at+".path", http.HandlerFunc(made.ServeDecision))
	return made
}
