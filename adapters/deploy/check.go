package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/scaler"
)

// workloadName is what may stand in the name of a file and in a path.
var workloadName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$`)

// checker collects what is wrong with a decoded document.
type checker struct {
	d      *Deployment
	faults Faults
}

func (c *checker) check(ok bool, path, value, wanted string) {
	if !ok {
		c.faults.at(c.d.root, path, value, wanted)
	}
}

// faults returns what schema.json cannot see: what is missing, leads nowhere or does not fit together, and what the parts
// refuse that are made of it.
func (d *Deployment) faults(t *form) Faults {
	c := checker{d: d}
	c.missing(d.root, t, "")
	cfg := &d.Config
	c.check(cfg.Version == version || d.root.member("version") == nil, "version", strconv.Itoa(cfg.Version), strconv.Itoa(version))
	c.check(len(cfg.Workloads) > 0, keyLoads, "empty", "one at least")
	for _, name := range []string{"cluster", "workload"} {
		_, taken := cfg.Tags[name]
		c.check(!taken, "tags."+name, "there", "another name: this tag is there anyway")
	}
	for i := range cfg.Limits {
		l, at := &cfg.Limits[i], fmt.Sprintf("limits[%d]", i)
		c.check(l.Rate > 0, at+".rate", fmt.Sprint(l.Rate), "more than 0 calls a second")
		c.check(l.Burst >= 0, at+".burst", strconv.Itoa(l.Burst), "0 (1) or more calls")
	}
	for i := range cfg.Datadog {
		org, at := &cfg.Datadog[i], fmt.Sprintf("datadog[%d]", i)
		c.check(!org.APIKey.IsZero(), at+".api_key", "missing", wantedSecret)
		c.check(!org.ApplicationKey.IsZero(), at+".application_key", "missing", wantedSecret)
		c.limit(org.Limit, at+".limit")
	}
	for i := range cfg.Workloads {
		c.workload(&cfg.Workloads[i], fmt.Sprintf("workloads[%d]", i))
	}
	for i := range cfg.Calendars.List {
		cal, at := &cfg.Calendars.List[i], fmt.Sprintf("calendars.list[%d]", i)
		c.workloads(cal.Workloads, at)
		c.location(cal.Location, at)
	}
	for i := range cfg.Announcements {
		a, at := &cfg.Announcements[i], fmt.Sprintf("announcements[%d]", i)
		c.workloads(a.Workloads, at)
		c.check(workloadName.MatchString(a.Name), at+".name", strconv.Quote(clip(a.Name)), wantedName)
	}
	c.check(cfg.Calendars.Every >= 0, "calendars.every", cfg.Calendars.Every.String(), "0s (1m) or more")
	trial := assembling{deployment: d, trial: true}
	trial.assemble()
	for _, f := range trial.faults { // what is missing is said once, and not of its parts again
		if !slices.ContainsFunc(c.faults, func(known Fault) bool { return strings.HasPrefix(f.Field, known.Field) && known.Value == "missing" }) {
			c.faults = append(c.faults, f)
		}
	}
	return c.faults
}

const wantedName = "1 to 64 letters, digits, or ., _ and - between them"

func (c *checker) workload(w *Workload, at string) {
	c.check(workloadName.MatchString(w.Name), at+".name", strconv.Quote(clip(w.Name)), wantedName)
	c.check(!strings.HasSuffix(w.Name, calendarState), at+".name", strconv.Quote(clip(w.Name)), "another end than "+calendarState+", which names what was announced to a workload")
	c.location(w.Location, at)
	c.limit(w.ActLimit, at+".act_limit")
	engine := w.Engine.WithDefaults()
	var signals []string
	for _, s := range engine.Signals {
		signals = append(signals, s.Name)
		fed := slices.ContainsFunc(w.Feeds, func(f Feed) bool { return f.Signal == s.Name })
		c.check(fed, at+".feeds", "without "+strconv.Quote(clip(s.Name)), "one for each signal of the engine")
	}
	for i := range w.Feeds {
		feed, at := &w.Feeds[i], fmt.Sprintf("%s.feeds[%d]", at, i)
		c.check(slices.Contains(signals, feed.Signal), at+".signal", strconv.Quote(clip(feed.Signal)), "one of the engine's: "+strings.Join(signals, ", "))
		for k := range feed.Inputs {
			in, at := &feed.Inputs[k], fmt.Sprintf("%s.inputs[%d]", at, k)
			c.limit(in.Limit, at+".limit")
			if in.Datadog != nil {
				c.org(in.Datadog.Org, at+".datadog")
			}
		}
	}
	if err := engine.Validate(); err != nil {
		c.faults.below(c.d.root, at+".engine", err)
	}
}

// missing looks for what must be there, and for what must be one of several kinds.
func (c *checker) missing(n *node, t *form, path string) {
	if n == nil || t == nil || t.free {
		return
	}
	for _, name := range t.musts {
		c.check(n.member(name) != nil, join(path, name), "missing", t.of(name).wanted)
	}
	if len(t.kinds) > 0 {
		var there []string
		for _, name := range t.kinds {
			if v := n.member(name); v != nil {
				there = append(there, name)
				c.check(v.kind != text || v.text != "", join(path, name), `""`, "a path")
			}
		}
		wanted := "one of " + strings.Join(t.kinds, ", ")
		c.check(len(there) > 0, path, "of no kind", wanted)
		c.check(len(there) < 2, path, strings.Join(there, " and "), wanted)
	}
	for _, m := range n.members {
		if path != "" || m.name != keyDefaults { // which need not be whole
			c.missing(m.value, t.of(m.name), join(path, m.name))
		}
	}
	for i, item := range n.items {
		c.missing(item, t.elem, fmt.Sprintf("%s[%d]", path, i))
	}
	if actuator := t.of("actuator"); t.named && actuator != nil {
		c.check(n.member("actuator") != nil, path+".actuator", "missing", actuator.wanted)
	}
}

func (c *checker) limit(name, path string) {
	c.check(name == "" || slices.ContainsFunc(c.d.Config.Limits, func(l Limit) bool { return l.Name == name }), path, strconv.Quote(clip(name)), "the name of one of limits")
}

func (c *checker) org(name, path string) {
	orgs := c.d.Config.Datadog
	if name == "" {
		c.check(len(orgs) == 1, path+".org", `""`, fmt.Sprintf("the name of one of datadog, since there are %d", len(orgs)))
		return
	}
	c.check(slices.ContainsFunc(orgs, func(o Datadog) bool { return o.Name == name }), path+".org", strconv.Quote(clip(name)), "the name of one of datadog")
}

func (c *checker) workloads(names []string, at string) {
	for i, name := range names {
		known := slices.ContainsFunc(c.d.Config.Workloads, func(w Workload) bool { return w.Name == name })
		c.check(known && !slices.Contains(names[:i], name), fmt.Sprintf("%s.workloads[%d]", at, i), strconv.Quote(clip(name)), "the name of one of workloads, once")
	}
}

func (c *checker) location(name, at string) {
	_, err := time.LoadLocation(name)
	c.check(err == nil && name != "Local", at+".location", strconv.Quote(clip(name)), "the name of a time zone, such as Europe/Berlin")
}

// signalIndex returns the place of a signal in the engine.
func signalIndex(engine *scaler.Config, name string) int {
	return slices.IndexFunc(engine.Signals, func(s scaler.Signal) bool { return s.Name == name })
}
