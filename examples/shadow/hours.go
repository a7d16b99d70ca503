package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/internal/command"
	"github.com/headroom-go/headroom/scaler"
)

// hours is an observer that prints what each hour has cost, and remembers the decisions that are worth explaining.
type hours struct {
	out io.Writer
	err error // of writing

	until time.Time           // the end of the hour that runs; zero before the first step is accounted
	last  adapters.Comparison // when it began
	sum   adapters.Comparison
	this  hour
	done  []hour
}

// hour is what one has brought.
type hour struct {
	start  time.Time
	peak   float64         // largest demand
	order  scaler.Decision // the largest order, or else the zero decision
	saving float64         // replica-hours
}

func newHours(out io.Writer) *hours { return &hours{out: out} }

func (h *hours) printf(format string, args ...any) {
	if err := command.Write(h.out, fmt.Appendf(nil, format, args...)); h.err == nil {
		h.err = err
	}
}

// header says what the fleets are, and names the columns.
func (h *hours) header(provenance string) {
	h.printf("%s\n\n", provenance)
	h.printf("%-16s %7s | %30s | %30s | %9s\n", "", "demand", "HPA      ", "Headroom    ", "saved")
	h.printf("%-16s %7s | %10s %9s %9s | %10s %9s %9s | %9s\n", "hour", "at most", "replicas", "unserved", "cost", "replicas", "unserved", "cost", "so far")
}

// Decision implements adapters.Observer.
func (h *hours) Decision(_ context.Context, d *scaler.Decision) {
	if d.Observed > h.this.peak { // not NaN
		h.this.peak = d.Observed
	}
	if d.Change() > h.this.order.Change() {
		h.this.order = *d
	}
}

// Report implements adapters.Reporter.
func (h *hours) Report(_ context.Context, r *adapters.Report) {
	s := &r.Shadow
	if s.Steps == 0 {
		return
	}
	h.sum = *s
	if h.until.IsZero() {
		h.until = s.Since.Truncate(time.Hour).Add(time.Hour)
		h.this.start = s.Since
	}
	if !s.Until.Before(h.until) {
		h.end()
		h.until = s.Until.Truncate(time.Hour).Add(time.Hour)
	}
}

// end prints the hour and begins the next.
func (h *hours) end() {
	there, own := less(h.sum.There, h.last.There), less(h.sum.Own, h.last.Own)
	h.this.saving = there.Cost - own.Cost
	line := func(name string, a, b adapters.Account) {
		h.printf("%-16s %7.0f | %10.1f %9.2f %9.1f | %10.1f %9.2f %9.1f | %9.1f\n",
			name, h.this.peak, a.Replicas, a.Unserved, a.Cost, b.Replicas, b.Unserved, b.Cost, h.sum.Saving())
	}
	line(h.this.start.Format("Mon 02 Jan 15:04"), there, own)
	h.done = append(h.done, h.this)
	h.last = h.sum
	h.this = hour{start: h.sum.Until}
}

// less returns what came to an account since it was b.
func less(a, b adapters.Account) adapters.Account {
	return adapters.Account{Replicas: a.Replicas - b.Replicas, Unserved: a.Unserved - b.Unserved, Changes: a.Changes - b.Changes, Cost: a.Cost - b.Cost}
}

// summary prints the whole, and explains the largest order in each of the hours that saved most.
func (h *hours) summary(explain int) error {
	s := &h.sum
	if s.Steps == 0 {
		h.printf("No step has been accounted.\n")
		return h.err
	}
	h.printf("\nFrom %s to %s, in replica-hours:\n\n", s.Since.Format("Mon 02 Jan 15:04"), s.Until.Format("Mon 02 Jan 15:04"))
	h.printf("%-10s %10s %9s %9s %9s\n", "", "replicas", "unserved", "changes", "cost")
	for _, a := range []struct {
		name string
		adapters.Account
	}{{"HPA", s.There}, {"Headroom", s.Own}} {
		h.printf("%-10s %10.1f %9.2f %9d %9.1f\n", a.name, a.Replicas, a.Unserved, a.Changes, a.Cost)
	}
	switch part := s.Saving() / s.There.Cost; {
	case math.IsNaN(part):
	case part >= 0:
		h.printf("\nHeadroom would have saved %.1f replica-hours, %.0f %% of what the HPA cost.\n", s.Saving(), 100*part)
	default:
		h.printf("\nHeadroom would have cost %.1f replica-hours more, %.0f %% of what the HPA cost.\n", -s.Saving(), -100*part)
	}
	if s.Unknown > 0 {
		h.printf("In %d of %d steps demand is not known: both fleets are paid for, and judged for nothing that they did not serve.\n", s.Unknown, s.Steps)
	}

	best := slices.Clone(h.done)
	best = slices.DeleteFunc(best, func(x hour) bool { return x.saving <= 0 || x.order.Change() <= 0 })
	slices.SortStableFunc(best, func(a, b hour) int { return cmp.Compare(b.saving, a.saving) })
	best = best[:min(len(best), explain)]
	if len(best) > 0 {
		h.printf("\nThe largest orders of the hours that saved most:\n")
	}
	for i := range best {
		h.printf("\n%s (the hour saved %.1f)\n%s\n", best[i].order.Time.Format("Mon 02 Jan 15:04"), best[i].saving, best[i].order.Explain())
	}
	return h.err
}
