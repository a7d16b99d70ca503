package prometheus

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// Observer keeps the newest decision of one engine, and counts them, for a Handler to show; beside a Runner also what the newest
// tick had from each input, and the accounts of shadow mode. It is safe for concurrent use.
type Observer struct {
	labels string // as text, in ascending order

	mu     sync.Mutex
	record record
}

var (
	_ adapters.Observer = (*Observer)(nil)
	_ adapters.Reporter = (*Observer)(nil)
)

// record is what is shown of one Observer.
type record struct {
	labels    string
	newest    scaler.Decision
	decisions uint64
	ups       uint64 // that order replicas
	downs     uint64 // that release some
	rules     [maxRules]uint64

	ticks  uint64 // that were reported
	failed uint64 // of these, in which something went wrong
	tick   time.Time
	inputs []adapters.InputReport // as of then
	shadow adapters.Comparison
}

// maxRules bounds the numbers of rules; there are fewer.
const maxRules = 64

// ownLabels are the names that metrics give to labels of their own.
var ownLabels = []string{"direction", "fleet", "input", "level", "policy", "rule", "signal", "window"}

// labelName is what Prometheus takes for one (documentation, "Data model").
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// NewObserver returns an Observer whose metrics have these labels, for example service and cluster; nil means none. The
// error is scaler.Faults, with every name that cannot be one.
func NewObserver(labels map[string]string) (*Observer, error) {
	var faults scaler.Faults
	var names []string
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	var text []string
	for _, name := range names {
		if !labelName.MatchString(name) || strings.HasPrefix(name, "__") || slices.Contains(ownLabels, name) {
			wanted := "letters, digits and _, without a digit or __ in front, and none of " + strings.Join(ownLabels, ", ")
			faults = append(faults, scaler.Fault{Field: "labels", Value: strconv.Quote(name), Wanted: wanted})
		}
		text = append(text, labelPair(name, labels[name]))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return &Observer{labels: strings.Join(text, ",")}, nil
}

// Decision implements adapters.Observer.
func (o *Observer) Decision(_ context.Context, d *scaler.Decision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &o.record
	r.newest = *d
	r.decisions++
	switch change := d.Change(); {
	case change > 0:
		r.ups++
	case change < 0:
		r.downs++
	}
	for _, s := range d.Steps() {
		if int(s.Rule) < maxRules {
			r.rules[s.Rule]++
		}
	}
}

// Report implements adapters.Reporter.
func (o *Observer) Report(_ context.Context, report *adapters.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &o.record
	if r.ticks++; report.Err != nil {
		r.failed++
	}
	r.tick, r.shadow = report.Time, report.Shadow
	r.inputs = slices.Clone(report.Inputs) // and not into the old one, which a Handler may be reading
}

// look returns what there is to show now.
func (o *Observer) look() record {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.record
	out.labels = o.labels
	return out
}

// ruleName returns the name of rule i, and false where there is none.
func ruleName(i int) (string, bool) {
	name := policy.Rule(i).String()
	return name, name != policy.Rule(maxRules).String()
}
