package adapters

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// ErrRunning is what Run returns while an earlier Run of the same Runner has not ended.
var ErrRunning = errors.New("the runner runs already")

// Runner drives one engine: it reads the sources, asks for a decision and carries it out. Make it with NewRunner; for many
// workloads there is Group.
//
// All methods are safe for concurrent use. Ticks exclude each other; Announce, Withdraw, Pause, Resume, Pin and AppendBinary
// wait for no I/O.
type Runner struct {
	cfg     Config
	log     *slog.Logger // with the name of the workload
	running sync.Mutex   // held by Run

	ticking  sync.Mutex // held by Tick; guards what follows
	routes   []route
	report   Report
	shadow   *shadow   // nil but in shadow mode, after the first tick
	restored bool      // the store was asked
	saved    time.Time // time of the tick in which the newest snapshot was saved, or of the first

	engine sync.Mutex                     // guards what follows, and is never held during I/O
	early  []func(e *scaler.Engine) error // what the engine was told before the store was asked
	asked  bool                           // the store was: there is no more to come

	published sync.Mutex // guards newest
	newest    Report
}

// NewRunner returns a Runner that has read nothing yet. The error wraps scaler.Faults, with every fault of cfg. The Runner
// keeps what cfg refers to; nobody else may use the Engine from now on.
func NewRunner(cfg Config) (*Runner, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, fmt.Errorf("runner: %w", faults)
	}
	r := &Runner{cfg: cfg, restored: cfg.Store == nil, asked: cfg.Store == nil}
	if r.log = cfg.Logger; cfg.Name != "" {
		r.log = cfg.Logger.With("workload", cfg.Name)
	}
	r.begin()
	r.warn()
	return r, nil
}

// warn logs what of the configuration is possible, but hardly meant.
func (r *Runner) warn() {
	engine := r.cfg.Engine.Config()
	for i := range r.routes {
		delay := r.cfg.Feeds[i].Inputs[0].Delay
		log := r.log.With("signal", r.routes[i].name, "delay", delay)
		if known := engine.Delay.Std(); delay > known {
			log.Warn("samples come later than the engine knows; its delay should be as long", "engine", known)
		}
		// The newest sample is as old as that just before the next one comes.
		if oldest := 2*engine.Step.Std() - r.cfg.Interval + delay; oldest > engine.MaxAge.Std() {
			log.Warn("samples are stale before the next ones come; the max_age of the engine should be longer", "engine", engine.MaxAge, "wanted", oldest)
		}
	}
}

// begin makes the routes for an engine that is new to the Runner.
func (r *Runner) begin() {
	engine := r.cfg.Engine.Config()
	var reports []InputReport
	for i, s := range engine.Signals {
		for _, in := range r.cfg.Feeds[i].Inputs {
			reports = append(reports, InputReport{Signal: s.Name, Input: in.Name})
		}
	}
	r.routes, r.report.Inputs = nil, reports
	for i, s := range engine.Signals {
		newest, _ := r.cfg.Engine.Newest(i) // zero for a new engine
		feed := r.cfg.Feeds[i]
		n := len(feed.Inputs)
		r.routes = append(r.routes, route{
			intake: intake{index: i, name: s.Name, newest: newest, since: newest},
			feed:   feed, step: engine.Step.Std(), inputs: make([]inputState, n), reports: reports[:n:n],
		})
		reports = reports[n:]
	}
}

// Name returns the name of the workload.
func (r *Runner) Name() string { return r.cfg.Name }

// inform has the engine told by f, and again the one that takes its place when the store turns out to have a snapshot.
func (r *Runner) inform(f func(e *scaler.Engine) error) error {
	r.engine.Lock()
	defer r.engine.Unlock()
	if !r.asked {
		r.early = append(r.early, f)
	}
	return f(r.cfg.Engine)
}

// Announce tells the engine of an event, as scaler.Engine.Announce does. The next tick takes it into account.
func (r *Runner) Announce(ev forecast.Event) error {
	return r.inform(func(e *scaler.Engine) error { return e.Announce(ev) })
}

// Withdraw takes an announced event back, as scaler.Engine.Withdraw does.
func (r *Runner) Withdraw(id string) error {
	return r.inform(func(e *scaler.Engine) error { return e.Withdraw(id) })
}

// Pause keeps the fleet as it is until a time, or until Resume if that is zero, as scaler.Engine.Pause does. Ticks go on: they
// read, and decide on the rule "pause". A snapshot remembers it.
func (r *Runner) Pause(until time.Time) {
	_ = r.inform(func(e *scaler.Engine) error { e.Pause(until); return nil })
}

// Resume ends a Pause.
func (r *Runner) Resume() {
	_ = r.inform(func(e *scaler.Engine) error { e.Resume(); return nil })
}

// Pin makes a policy decide, such as "today", or "" for those that have cost least, as scaler.Engine.Pin does.
func (r *Runner) Pin(name string) error {
	return r.inform(func(e *scaler.Engine) error { return e.Pin(name) })
}

// AppendBinary appends a snapshot of the engine to b, as scaler.Engine.AppendBinary does. A Runner with the restored
// engine reads on from its newest sample.
func (r *Runner) AppendBinary(b []byte) ([]byte, error) {
	r.engine.Lock()
	defer r.engine.Unlock()
	return r.cfg.Engine.AppendBinary(b)
}

// Report returns what happened in the newest tick; its Time is zero before the first.
func (r *Runner) Report() Report {
	r.published.Lock()
	defer r.published.Unlock()
	return r.newest.clone()
}
