package scaler

import (
	"log/slog"
	"math"
	"time"

	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/sizing"
)

// announcedJSON is Decision.Next.
type announcedJSON struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind,omitempty"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Others int       `json:"others"`
}

// turnJSON is where the count would change.
type turnJSON struct {
	Demand   float64 `json:"demand"`
	Measured bool    `json:"measured"` // demand is the newest value, not the median of the forecast
	Replicas int     `json:"replicas"` // the count beyond it
	Policy   string  `json:"policy"`
}

// explainJSON fills in the facts of the explanation.
func (d *Decision) explainJSON(out *decisionJSON) {
	out.Severity, out.Explained, out.HeldS = d.Level(), d.Explain(), d.Held.Seconds()
	out.Experts = []ExpertShare{}
	for _, x := range d.Experts {
		if x.Weight > 0 {
			out.Experts = append(out.Experts, x)
		}
	}
	out.Leaders = d.Leaders(nil)
	if n := d.Next; n.ID != "" {
		out.Announced = &announcedJSON{n.ID, n.Kind, n.Start, n.End, n.Others}
	}
	if turn, ok := d.More(); ok {
		out.More = &turnJSON{turn.Demand, turn.Measured, d.Advised + 1, policy.Shadow(int(d.grounds.up))}
	}
	if turn, remain, ok := d.Less(); ok {
		out.Less = &turnJSON{turn.Demand, turn.Measured, remain, policy.Shadow(int(d.grounds.down))}
	}
}

// Level returns how much a decision is worth somebody's attention:
//
//	Debug   the fleet stays, for good reasons
//	Info    the count changes, or the nodes of a size
//	Warn    the engine is blind (no data, stale data, a fall that it doubts, a wrong clock), the maximum or a freeze keeps a replica
//	        back that would earn its price, or the replicas that serve now cannot carry what was measured last
//	Error   the count cannot carry what is expected at the lead time as likely as not, and a limit forbids more
//
// Advice that is not followed counts as if it were.
func (d *Decision) Level() slog.Level {
	t := newTeller(d)
	capped := t.capped() || t.rule == policy.RuleStepUp
	switch {
	case capped && d.Quantile(.5) > float64(float64(d.Advised)*d.Capacity):
		return slog.LevelError
	case t.capped() || d.short() || d.Stale || t.rule == policy.RuleNoData || t.rule == policy.RuleClock || t.rule == policy.RuleDoubt:
		return slog.LevelWarn
	case d.Advised != d.Ready+d.Starting || d.Acts():
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// LogValue implements slog.LogValuer with the fields that a log line wants. Log it at its own level:
//
//	logger.Log(ctx, d.Level(), "decided", "decision", d)
func (d Decision) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.Int("replicas", d.Replicas), slog.Int("change", d.Change()), slog.Int("ready", d.Ready), slog.Int("starting", d.Starting),
		slog.Duration("lead", d.Lead), slog.String("signal", d.Signal), slog.Bool("stale", d.Stale), slog.Bool("event", d.Event),
		slog.Int("advised", d.Advised), slog.String("leader", d.Leader),
	}
	if d.Costs.Leader.Day > 0 {
		day := []any{slog.Float64("own", d.Costs.Own.Day), slog.Float64("leader", d.Costs.Leader.Day), slog.Float64("hpa", d.Costs.HPA.Day)}
		if d.Costs.Today.Day > 0 {
			day = append(day, slog.Float64("today", d.Costs.Today.Day), slog.Float64("unpinned", d.Costs.Unpinned.Day))
		}
		attrs = append(attrs, slog.Group("cost_day", day...))
	}
	if !math.IsNaN(d.Demand[0]) {
		attrs = append(attrs, slog.Float64("demand_p50", d.Quantile(.5)), slog.Float64("demand_p95", d.Quantile(.95)))
	}
	if turn, ok := d.More(); ok {
		attrs = append(attrs, slog.Float64("more_above", turn.Demand))
	}
	if turn, _, ok := d.Less(); ok {
		attrs = append(attrs, slog.Float64("less_below", turn.Demand))
	}
	if d.Next.ID != "" {
		attrs = append(attrs, slog.String("announced", d.Next.ID), slog.Time("announced_start", d.Next.Start))
	}
	if d.Late > 0 {
		attrs = append(attrs, slog.Duration("late", d.Late))
	}
	if d.Held > 0 {
		attrs = append(attrs, slog.Duration("held", d.Held))
	}
	if z := &d.Sizing; z.Swing != "" {
		var pools []any
		for _, p := range z.Pools() {
			pools = append(pools, slog.Int(p.Size, p.Nodes))
		}
		attrs = append(attrs, slog.String("swing", z.Swing), slog.Group("nodes", pools...))
		if z.Veto != sizing.VetoNone {
			attrs = append(attrs, slog.String("size_veto", z.Veto.String()))
		}
	}
	for _, s := range d.Steps() {
		attrs = append(attrs, slog.Group(s.Rule.String(), slog.Int("before", s.Before), slog.Int("after", s.After)))
	}
	return slog.GroupValue(attrs...)
}
