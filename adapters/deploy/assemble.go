package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/adapters/file"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/scaler"
)

// assembling makes the parts of a deployment. A trial makes them too, to hear what they refuse, but puts something else in the
// place of what only the program has.
type assembling struct {
	deployment *Deployment
	parts      Parts
	trial      bool
	faults     Faults

	out     Assembly
	limits  map[string]*rate.Limiter
	orgs    map[string]*datadog.Client
	metrics []*prometheus.Observer
}

// check adds a fault of what stands at path, unless ok.
func (a *assembling) check(ok bool, path, value, wanted string) {
	if !ok {
		a.faults.at(a.deployment.root, path, value, wanted)
	}
}

// made adds what the maker of the part at path has refused, and says whether it has made one.
func (a *assembling) made(path string, err error) bool {
	a.faults.below(a.deployment.root, path, err)
	return err == nil
}

func (a *assembling) assemble() {
	cfg := &a.deployment.Config
	if a.parts.Client == nil {
		a.parts.Client = &http.Client{}
	}
	if a.parts.Clock == nil {
		a.parts.Clock = time.Now
	}
	if a.parts.Logger == nil {
		a.parts.Logger = slog.New(slog.DiscardHandler)
	}
	a.out = Assembly{log: a.parts.Logger, every: cmp.Or(cfg.Calendars.Every.Std(), defaultEvery), routes: make(map[string]http.Handler)}
	a.limits = make(map[string]*rate.Limiter)
	for _, l := range cfg.Limits {
		a.limits[l.Name] = rate.NewLimiter(rate.Limit(l.Rate), max(1, l.Burst))
	}
	a.organisations()
	group := adapters.GroupConfig{Workers: cfg.Workers, Spread: cfg.Spread}
	for i := range cfg.Workloads {
		group.Workloads = append(group.Workloads, a.workload(&cfg.Workloads[i], fmt.Sprintf("workloads[%d]", i)))
	}
	runners, err := adapters.NewGroup(group)
	if !a.madeGroup(&group, err) { // what is made for its Runners may have faults, too
		runners = a.standIns()
	}
	a.out.Group = runners
	a.calendars()
	a.announcements()
	if cfg.Metrics != nil {
		handler, err := prometheus.NewHandler(a.metrics...)
		if a.made("metrics", err) {
			a.route(cmp.Or(cfg.Metrics.Path, "/metrics"), "metrics.path", handler)
		}
	}
}

// standIns are Runners of the right names.
func (a *assembling) standIns() *adapters.Group {
	var group adapters.GroupConfig
	for i := range a.deployment.Config.Workloads {
		engine, _ := scaler.New(scaler.Config{})
		fleet, _ := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute})
		group.Workloads = append(group.Workloads, adapters.Config{
			Name: a.deployment.Config.Workloads[i].Name, Engine: engine, Feeds: []adapters.Feed{standInFeed()}, Actuator: fleet,
		})
	}
	runners, err := adapters.NewGroup(group)
	if err != nil { // a name that comes twice, which has been said
		runners, _ = adapters.NewGroup(adapters.GroupConfig{})
	}
	return runners
}

// standInEngine has the signals of one that is refused, as far as they can be had.
func standInEngine(w *Workload) *scaler.Engine {
	var signals []scaler.Signal
	for _, s := range w.Engine.Signals {
		signals = append(signals, scaler.Signal{Name: s.Name})
	}
	engine, err := scaler.New(scaler.Config{Signals: signals})
	if err != nil {
		engine, _ = scaler.New(scaler.Config{})
	}
	return engine
}

// standInFeed is one that has nothing wrong.
func standInFeed() adapters.Feed {
	source, _ := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	return adapters.Feed{Inputs: []adapters.Input{{Source: source}}}
}

// madeGroup adds the faults of a Group, which knows feeds in the order of the signals.
func (a *assembling) madeGroup(group *adapters.GroupConfig, err error) bool {
	var own scaler.Faults
	if !errors.As(err, &own) {
		return a.made("", err)
	}
	for _, f := range own {
		var w, feed int
		if n, _ := fmt.Sscanf(f.Field, "workloads[%d].feeds[%d]", &w, &feed); n == 2 {
			engine := group.Workloads[w].Engine.Config()
			before := fmt.Sprintf("workloads[%d].feeds[", w)
			f.Field = before + engine.Signals[feed].Name + strings.TrimPrefix(f.Field, before+strconv.Itoa(feed))
		}
		a.check(false, f.Field, f.Value, f.Wanted)
	}
	return false
}

// route puts a handler at a path of HTTP.
func (a *assembling) route(route, path string, handler http.Handler) {
	_, taken := a.out.routes[route]
	ok := strings.HasPrefix(route, "/") && !strings.ContainsAny(route, " ?#%")
	a.check(ok && !taken, path, strconv.Quote(clip(route)), "a path of its own, such as /metrics")
	a.out.routes[route] = handler
}

// tags are those of a workload.
func (a *assembling) tags(workload string) map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, a.deployment.Config.Tags)
	tags["cluster"], tags["workload"] = a.deployment.Cluster, workload
	return tags
}

// part is what the constructor of an other is told.
func (a *assembling) part(w *Workload, name string, o *Other) Part {
	p := Part{Cluster: a.deployment.Cluster, Name: name, Settings: o.Settings, Secrets: maps.Clone(o.Secrets), Client: a.parts.Client, Logger: a.parts.Logger}
	if w != nil {
		engine := w.Engine.WithDefaults()
		p.Workload, p.Step, p.Boot, p.Tags = w.Name, engine.Step.Std(), engine.Boot.Std(), a.tags(w.Name)
		p.Logger = p.Logger.With("workload", w.Name)
	}
	return p
}

// construct makes what the document calls other, and returns false where it cannot.
func construct[T any](a *assembling, makers map[string]func(Part) (T, error), o *Other, p Part, path string, stand T) (T, bool) {
	if a.trial {
		return stand, true
	}
	var none T
	path += ".other"
	maker := makers[o.Type]
	if maker == nil {
		known := slices.Sorted(maps.Keys(makers))
		a.check(false, path+".type", strconv.Quote(clip(o.Type)), "one that the program has a constructor for: "+cmp.Or(strings.Join(known, ", "), "there is none"))
		return none, false
	}
	out, err := maker(p)
	return out, a.made(path+".settings", err)
}

// workload returns the configuration of a Runner. Whatever could not be made has something in its place, so that the Runner has
// no more faults than the document.
func (a *assembling) workload(w *Workload, at string) adapters.Config {
	engine, err := scaler.New(w.Engine)
	if !a.made(at+".engine", err) {
		engine = standInEngine(w)
	}
	full := engine.Config()
	location, _ := time.LoadLocation(w.Location) // it has been checked; UTC for ""
	out := adapters.Config{
		Name: w.Name, Engine: engine, Feeds: make([]adapters.Feed, len(full.Signals)), Actuator: a.actuator(w, &full, at+".actuator"),
		Observers: a.observers(w, at), Store: a.store(w, w.Name, at+".store"),
		Mode: w.Mode, Interval: w.Interval.Std(), Offset: w.Offset.Std(), Backfill: w.Backfill.Std(), Overlap: w.Overlap.Std(), Location: location,
		Retry: adapters.Retry{Attempts: w.Retry.Attempts, First: w.Retry.First.Std()}, ActLimiter: a.limits[w.ActLimit],
		SaveEvery: w.SaveEvery.Std(), Strict: w.Strict, Grace: w.Grace.Std(), Logger: a.parts.Logger,
	}
	if err != nil { // how long they may be the engine says
		out.Interval, out.Offset = 0, 0
	}
	if a.trial {
		for i := range out.Feeds { // that one is missing has been said
			out.Feeds[i] = standInFeed()
		}
	}
	for i := range w.Feeds {
		feed := &w.Feeds[i]
		signal := signalIndex(&full, feed.Signal)
		if signal < 0 {
			continue
		}
		inputs := make([]adapters.Input, len(feed.Inputs))
		for k := range feed.Inputs {
			in := &feed.Inputs[k]
			inputs[k] = adapters.Input{
				Name: in.Name, Source: a.source(w, in, full.Step.Std(), fmt.Sprintf("%s.feeds[%d].inputs[%d]", at, i, k)),
				Delay: in.Delay.Std(), MaxAge: in.MaxAge.Std(), Timeout: in.Timeout.Std(), Limiter: a.limits[in.Limit],
			}
		}
		out.Feeds[signal] = adapters.Feed{Inputs: inputs, SwitchAfter: feed.SwitchAfter}
	}
	return out
}

// store makes one that keeps under a name.
func (a *assembling) store(w *Workload, name, at string) adapters.Store {
	switch {
	case w.Store.Directory != "":
		made, err := file.NewStore(strings.TrimSuffix(w.Store.Directory, "/")+"/"+name+".snapshot", a.parts.Logger)
		if a.made(at, err) {
			return made
		}
	case w.Store.Other != nil:
		made, _ := construct(a, a.parts.Stores, w.Store.Other, a.part(w, name, w.Store.Other), at, adapters.Store(&memory.Store{}))
		return made
	}
	return nil
}
