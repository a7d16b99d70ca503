package controller

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/scaler"
)

// document is the newest version of the deployment file that is right.
type document struct {
	mu      sync.Mutex
	text    []byte // as it was read last, right or wrong
	newest  *deploy.Deployment
	changed chan struct{} // closed when there is another
	reloads int
	refused bool // the text that was read last is wrong
}

// current returns the newest version, and what is closed when there is another.
func (d *document) current() (*deploy.Deployment, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.newest, d.changed
}

// read looks at the file. An error leaves the version that was there.
func (c *controller) read(ctx context.Context) error {
	text, err := os.ReadFile(c.cfg.File)
	if err != nil {
		return err
	}
	d := &c.file
	d.mu.Lock()
	same := d.newest != nil && bytes.Equal(text, d.text)
	before := d.newest
	d.text = text
	d.mu.Unlock()
	if same {
		return nil
	}
	next, err := c.load(text)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused = err != nil; err != nil {
		return err
	}
	if before != nil {
		c.compare(ctx, before, next)
		d.reloads++
		close(d.changed)
	}
	d.newest, d.changed = next, make(chan struct{})
	return nil
}

// watch looks at the file again and again, because what kubelet does to a mounted ConfigMap is a change of links that not every
// notification sees.
func (c *controller) watch(ctx context.Context) {
	ticker := time.NewTicker(c.cfg.Reload)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := c.read(ctx); err != nil {
				c.cfg.Logger.ErrorContext(ctx, "the deployment file is refused; what runs goes on", "file", c.cfg.File, "error", err)
			}
		}
	}
}

// load reads a text, and builds it once to hear everything that is wrong with it.
func (c *controller) load(text []byte) (*deploy.Deployment, error) {
	d, err := deploy.Load(text, c.cfg.Cluster, c.cfg.Lookup)
	if err != nil {
		return nil, err
	}
	if err := c.fit(d); err != nil {
		return nil, err
	}
	whole := *d
	whole.Config = c.furnish(&d.Config)
	if _, err := whole.Build(c.parts(&fence{}, new([]*prometheus.Observer))); err != nil {
		return nil, err
	}
	return d, nil
}

// fit says what a document may not say here.
func (c *controller) fit(d *deploy.Deployment) error {
	var faults scaler.Faults
	for i := range d.Config.Workloads {
		w := &d.Config.Workloads[i]
		if a := &w.Actuator; a.Other == nil && (w.Mode == "" || w.Mode == adapters.ModeAct) {
			faults = append(faults, scaler.Fault{Field: "workloads[" + w.Name + "].actuator", Value: "one that knows of no lease", Wanted: "other, of type " + typeScale + " or " + typeFloor})
		}
	}
	if len(d.Config.Announcements) > 0 && c.cfg.Shards > 1 {
		faults = append(faults, scaler.Fault{Field: "announcements", Value: "there", Wanted: fmt.Sprintf("none with %d shards, since a request reaches one copy alone: one shard, or a calendar", c.cfg.Shards)})
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// compare logs what a change of the file means for each workload.
func (c *controller) compare(ctx context.Context, before, after *deploy.Deployment) {
	were := map[string]scaler.Fingerprint{}
	for i := range before.Config.Workloads {
		w := &before.Config.Workloads[i]
		were[w.Name] = w.Engine.Fingerprint()
	}
	c.cfg.Logger.InfoContext(ctx, "the deployment file has changed", "file", c.cfg.File)
	for i := range after.Config.Workloads {
		w := &after.Config.Workloads[i]
		was, known := were[w.Name]
		delete(were, w.Name)
		switch now := w.Engine.Fingerprint(); {
		case !known:
			c.cfg.Logger.InfoContext(ctx, "workload is new", "workload", w.Name)
		case was != now:
			c.cfg.Logger.WarnContext(ctx, "the engine of the workload is another one: it begins anew with the backfill", "workload", w.Name, "before", was, "after", now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(were)) {
		c.cfg.Logger.WarnContext(ctx, "workload is gone: what was ordered last stays", "workload", name)
	}
}

// furnish returns cfg with what this package adds to each workload.
func (c *controller) furnish(cfg *deploy.Config) deploy.Config {
	out := *cfg
	out.Metrics = nil // there is one page for all shards
	out.Workloads = slices.Clone(cfg.Workloads)
	for i := range out.Workloads {
		w := &out.Workloads[i]
		if w.Store.Directory == "" && w.Store.Other == nil {
			w.Store.Other = &deploy.Other{Type: typeConfigMap}
			if w.SaveEvery == 0 {
				w.SaveEvery = deploy.Duration(2 * time.Minute) // what a copy that dies takes with it
			}
		}
		w.Observers = append(slices.Clone(w.Observers), deploy.Observer{Name: "controller-metrics", Other: &deploy.Other{Type: typeMetrics}})
		if a := w.Actuator.Other; a != nil && (a.Type == typeScale || a.Type == typeFloor) {
			settings, _ := json.Marshal(eventSettings{Actuator: a.Type, Settings: a.Settings}) // of JSON already
			w.Observers = append(w.Observers, deploy.Observer{Name: "controller-events", Other: &deploy.Other{Type: typeEvents, Settings: settings}})
		}
	}
	return out
}

// part returns what of a document belongs to a shard.
func (c *controller) part(d *deploy.Deployment, index int) *deploy.Deployment {
	out := *d
	out.Config = c.furnish(&d.Config)
	var names []string
	out.Config.Workloads = slices.DeleteFunc(out.Config.Workloads, func(w deploy.Workload) bool {
		if shardOf(w.Name, c.cfg.Shards) != index {
			return true
		}
		names = append(names, w.Name)
		return false
	})
	// A list of names that becomes empty would mean everybody.
	others := func(list []string) (mine []string, none bool) {
		mine = slices.DeleteFunc(slices.Clone(list), func(name string) bool { return !slices.Contains(names, name) })
		return mine, len(list) > 0 && len(mine) == 0
	}
	var calendars []deploy.Calendar
	for i := range d.Config.Calendars.List {
		cal := d.Config.Calendars.List[i]
		var none bool
		if cal.Workloads, none = others(cal.Workloads); !none {
			calendars = append(calendars, cal)
		}
	}
	out.Config.Calendars.List = calendars
	return &out
}
