package scalertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// world is the workload of a script: the engine, its fleet, the clock and the demand.
type world struct {
	engine *scaler.Engine
	cfg    scaler.Config
	fleet  *fleet
	report time.Duration // boot time that the fleet reports, 0 for none
	share  float64       // part of the configured capacity that a replica carries
	now    time.Time
	begin  time.Time
	base   float64
	rng    *rand.Rand
	last   scaler.Decision
}

// do carries out one command and returns its output.
func (w *world) do(line string, input []string) (string, error) {
	words := strings.Fields(line)
	args := parseArgs(words[1:])
	if w.engine == nil && words[0] != "config" {
		return "", errors.New("wanted config first")
	}
	if w.fleet == nil && words[0] != "config" && words[0] != "start" {
		return "", errors.New("wanted start before this")
	}
	var out strings.Builder
	var err error
	switch words[0] {
	case "config":
		w.configure(strings.Join(input, "\n"), &out)
	case "start":
		err = w.start(args)
	case "feed":
		err = w.feed(args, &out)
	case "gap":
		err = w.gap(args, &out)
	case "announce":
		err = w.announce(args, &out)
	case "withdraw":
		if err := w.engine.Withdraw(args.name); err != nil {
			fmt.Fprintf(&out, "error: %v\n", err)
		}
	case "pause":
		err = w.pause(args)
	case "resume":
		w.engine.Resume()
	case "clock":
		err = w.clock(args, &out)
	case "peek":
		err = w.peek(args, &out)
	case "restart":
		err = w.restart(&out)
	case "boot":
		err = w.boot(args)
	case "lose":
		w.fleet.lose()
	case "capacity":
		w.share, err = strconv.ParseFloat(args.name, 64)
	case "whatif":
		err = w.whatIf(args, &out)
	case "why":
		fmt.Fprintf(&out, "%s\n", w.last.Explain())
	case "explain":
		b, e := json.MarshalIndent(&w.last, "", "  ")
		out.WriteString(string(b) + "\n")
		err = e
	default:
		return "", errors.New("unknown command")
	}
	if err == nil {
		err = args.unused()
	}
	return out.String(), err
}

func (w *world) configure(text string, out *strings.Builder) {
	cfg, err := scaler.ParseConfig([]byte(text))
	if err == nil {
		w.engine, err = scaler.New(cfg)
	}
	if err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return
	}
	w.cfg = w.engine.Config()
}

func (w *world) start(a args) error {
	t, err := time.Parse(time.RFC3339, a.name)
	if err != nil {
		return err
	}
	w.now, w.begin = t, t
	w.rng = rand.New(rand.NewPCG(1, 2))
	boot := int((w.cfg.Boot + w.cfg.Step - 1) / w.cfg.Step)
	w.fleet = &fleet{boot: boot, ready: int(a.number("replicas", 1))}
	w.share = 1
	if w.cfg.Zero.Below == 0 {
		w.fleet.floor = 1
	}
	return nil
}

// feed plays steps of demand: a sample and, at the end of its step, a decision.
func (w *world) feed(a args, out *strings.Builder) error {
	steps, err := strconv.Atoi(a.name)
	if err != nil {
		return fmt.Errorf("%q is not a number of steps", a.name)
	}
	w.base = a.number("base", w.base)
	season, noise, ramp := a.number("season", 0), a.number("noise", 0), a.number("ramp", 0)
	spike, from, width := a.number("spike", 0), int(a.number("at", 0)), int(a.number("width", 1))
	fixed := a.number("fixed", math.NaN())
	quiet := a.flag("quiet")
	var s summary
	for i := range steps {
		day := w.now.Sub(w.begin).Hours() / 24
		v := w.base * (1 + season*math.Sin(2*math.Pi*day))
		v += noise * v * w.rng.NormFloat64()
		if spike != 0 && i >= from && i < from+width {
			v += spike
		}
		w.base += ramp
		v = math.Round(math.Max(0, v)*1000) / 1000
		if err := w.observe(v, fixed); err != nil {
			return err
		}
		s.serve(w, v)
		w.step(&s, out, quiet)
	}
	s.print(out)
	return nil
}

// gap plays steps without samples: nobody knows the demand, so nothing counts as unserved.
func (w *world) gap(a args, out *strings.Builder) error {
	steps, err := strconv.Atoi(a.name)
	if err != nil {
		return fmt.Errorf("%q is not a number of steps", a.name)
	}
	quiet := a.flag("quiet")
	var s summary
	for range steps {
		s.serve(w, 0)
		w.step(&s, out, quiet)
	}
	s.print(out)
	return nil
}

// step ends the current step, lets ordered replicas arrive, decides and applies.
func (w *world) step(s *summary, out *strings.Builder, quiet bool) {
	w.now = w.now.Add(w.cfg.Step.Std())
	w.fleet.arrive()
	if err := w.engine.Recommend(&w.last, w.now, w.observed()); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return
	}
	d := &w.last
	if d.Change() != 0 {
		s.changes++
	}
	why := rules(d)
	if !quiet && (d.Change() != 0 || why != "" && why != s.why) {
		out.WriteString(line(d))
	}
	s.why = why
	w.fleet.set(d.Replicas)
}

// rules names the rules that took part in a decision.
func rules(d *scaler.Decision) string {
	var names []string
	for _, s := range d.Steps() {
		names = append(names, s.Rule.String())
	}
	return strings.Join(names, " ")
}

// line is a decision as the scripts show it.
func line(d *scaler.Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %d+%d -> %d", d.Time.Format(time.TimeOnly), d.Ready, d.Starting, d.Replicas)
	for i, s := range d.Steps() {
		sep := ", "
		if i == 0 {
			sep = "  "
		}
		if s.Before == s.After {
			fmt.Fprintf(&b, "%s%s", sep, s.Rule)
		} else {
			fmt.Fprintf(&b, "%s%s %d to %d", sep, s.Rule, s.Before, s.After)
		}
	}
	if d.Stale {
		fmt.Fprintf(&b, "  (newest sample %v old)", d.Age)
	}
	b.WriteString("\n")
	return b.String()
}

func (w *world) announce(a args, out *strings.Builder) error {
	at, err := a.duration("at")
	if err != nil {
		return err
	}
	window, err := a.duration("window")
	if err != nil {
		return err
	}
	length, err := a.duration("duration")
	if err != nil {
		return err
	}
	ev := forecast.Event{ID: a.name, Kind: a.text("kind"), Start: w.now.Add(at), Window: window, Duration: length, Weight: a.number("weight", 0)}
	if err := w.engine.Announce(ev); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
	}
	return nil
}

func (w *world) pause(a args) error {
	if a.name == "" {
		w.engine.Pause(time.Time{})
		return nil
	}
	d, err := time.ParseDuration(a.name)
	if err != nil {
		return err
	}
	w.engine.Pause(w.now.Add(d))
	return nil
}

func (w *world) clock(a args, out *strings.Builder) error {
	d, err := time.ParseDuration(a.name)
	if err != nil {
		return err
	}
	if err := w.engine.Recommend(&w.last, w.now.Add(d), w.observed()); err != nil {
		return err
	}
	out.WriteString(line(&w.last))
	return nil
}

func (w *world) peek(a args, out *strings.Builder) error {
	f := w.observed()
	f.Ready, f.Starting = int(a.number("ready", float64(f.Ready))), int(a.number("starting", float64(f.Starting)))
	var d scaler.Decision
	if err := w.engine.Peek(&d, w.now, f); err != nil {
		return err
	}
	out.WriteString(line(&d))
	return nil
}

// observe gives every signal its sample: the first measures demand, the others what replicas use to serve it, which rises
// as what they carry falls.
func (w *world) observe(v, fixed float64) error {
	for i, s := range w.cfg.Signals {
		used := v
		if i > 0 {
			used = v / (w.cfg.Signals[0].Capacity * w.share) * s.Capacity
			if !math.IsNaN(fixed) {
				used = fixed
			}
		}
		if err := w.engine.Observe(i, forecast.Sample{Time: w.now, Value: used}); err != nil {
			return err
		}
	}
	return nil
}

// observed is the fleet as the engine sees it.
func (w *world) observed() policy.Fleet {
	return policy.Fleet{Ready: w.fleet.ready, Starting: w.fleet.starting(), Boot: w.report}
}

// boot changes the boot time of later orders.
func (w *world) boot(a args) error {
	w.report = 0
	if a.name == "never" {
		w.fleet.boot = -1
		return nil
	}
	d, err := time.ParseDuration(a.name)
	if err != nil {
		return err
	}
	w.fleet.boot = int((d + w.cfg.Step.Std() - 1) / w.cfg.Step.Std())
	if a.flag("reported") {
		w.report = d
	}
	return nil
}

func (w *world) whatIf(a args, out *strings.Builder) error {
	f := w.observed()
	f.Ready, f.Starting = int(a.number("ready", float64(f.Ready))), int(a.number("starting", float64(f.Starting)))
	q := scaler.WhatIf{Next: a.number("next", 0), Demand: a.number("demand", 0), Penalty: a.number("penalty", 0)}
	if id := a.text("withdraw"); id != "" {
		q.Withdraw = []string{id}
	}
	if id := a.text("announce"); id != "" {
		at, err := a.duration("at")
		if err != nil {
			return err
		}
		q.Announce = []forecast.Event{{ID: id, Kind: a.text("kind"), Start: w.now.Add(at), Weight: a.number("weight", 0)}}
	}
	var d scaler.Decision
	if err := w.engine.WhatIf(&d, w.now, f, q); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return nil
	}
	out.WriteString(line(&d))
	return nil
}

func (w *world) restart(out *strings.Builder) error {
	b, err := w.engine.AppendBinary(nil)
	if err != nil {
		return err
	}
	e, err := scaler.Restore(w.cfg, b)
	if err != nil {
		return err
	}
	again, err := e.AppendBinary(nil)
	if err != nil {
		return err
	}
	if !slices.Equal(b, again) {
		return errors.New("the restored engine writes another snapshot")
	}
	w.engine = e
	out.WriteString("restored\n")
	return nil
}

// summary counts what a feed did.
type summary struct {
	steps, changes  int
	low, high       int
	demand, missing float64
	why             string // the rules of the decision before
}

// serve counts one step of demand v.
func (s *summary) serve(w *world, v float64) {
	if n := w.fleet.ordered(); s.steps == 0 {
		s.low, s.high = n, n
	} else {
		s.low, s.high = min(s.low, n), max(s.high, n)
	}
	s.steps++
	s.demand += v
	s.missing += math.Max(0, v-float64(w.fleet.ready)*w.cfg.Signals[0].Capacity*w.share)
}

func (s *summary) print(out *strings.Builder) {
	share := 0.0
	if s.demand > 0 {
		share = 100 * s.missing / s.demand
	}
	fmt.Fprintf(out, "%d steps: %d to %d replicas, %d changes, %.2f %% unserved\n", s.steps, s.low, s.high, s.changes, share)
}
