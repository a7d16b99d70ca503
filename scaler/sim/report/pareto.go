package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/headroom-go/headroom/scaler/sim"
)

// plot is the picture of replica-hours against the unserved share of demand, both on logarithmic axes, in the units of its
// view box.
type plot struct {
	Width, Height            int
	Left, Top, Right, Bottom float64 // of the frame
	XTicks, YTicks           []tick
	Curves                   []curve
	Marks                    []mark
	SameCost                 string // the path of all that costs what the engine cost, "" without one
}

type tick struct {
	At   float64
	Text string
}

// curve is a search in hindsight, or the engine over penalties.
type curve struct {
	Class, Name string
	Path        string // along the best of them
	Dots        []dot
}

type dot struct {
	X, Y  float64
	Title string
	Text  string // beside the dot
}

// mark is a policy, or several where they fall together.
type mark struct {
	X, Y   float64
	Text   string // letters
	Title  string
	Engine bool
}

// together is how far apart two marks must be to be drawn as two.
const together = 15.0

func newPlot(c *sim.Comparison, penalties []Priced) plot {
	p := plot{Width: 560, Height: 420, Left: 66, Top: 14, Right: 546, Bottom: 366}
	a := newAxes(&p, c, penalties)
	p.XTicks, p.YTicks = ticks(a.x0, a.x1, 1, a.x, ""), ticks(a.y0, a.y1, 100, a.y, "%")
	for i := range c.Results {
		if r := &c.Results[i]; len(r.Tried) > 0 {
			p.Curves = append(p.Curves, a.searched(r))
		}
	}
	if len(penalties) > 0 {
		p.Curves = append(p.Curves, a.engine(penalties))
	}
	for i := range c.Results {
		r := &c.Results[i]
		m := mark{X: round(a.x(r.ReplicaHours)), Y: round(a.y(r.Unserved)), Text: letter(i), Engine: r.Name == sim.Headroom}
		m.Title = r.Name + ": " + describe(&r.Scores)
		if at := slices.IndexFunc(p.Marks, func(o mark) bool { return math.Hypot(o.X-m.X, o.Y-m.Y) < together }); at >= 0 {
			p.Marks[at].Text += m.Text
			p.Marks[at].Title += "; " + m.Title
			p.Marks[at].Engine = p.Marks[at].Engine || m.Engine
			continue
		}
		p.Marks = append(p.Marks, m)
	}
	if r, ok := c.Result(sim.Headroom); ok {
		p.SameCost = a.sameCost(c, r.Cost)
	}
	return p
}

// axes turn replica-hours and unserved shares into places.
type axes struct {
	p              *plot
	x0, x1, y0, y1 float64
}

// newAxes chooses axes that show every policy, and of the curves what lies there.
func newAxes(p *plot, c *sim.Comparison, penalties []Priced) axes {
	shown := make([]sim.Scores, 0, len(c.Results)+len(penalties))
	for i := range c.Results {
		shown = append(shown, c.Results[i].Scores)
	}
	for _, one := range penalties {
		shown = append(shown, one.Scores)
	}
	a := axes{p, math.Inf(1), 0, math.Inf(1), 0}
	for _, s := range shown {
		if s.ReplicaHours > 0 {
			a.x0, a.x1 = min(a.x0, s.ReplicaHours), max(a.x1, s.ReplicaHours)
		}
		if s.Unserved > 0 {
			a.y0, a.y1 = min(a.y0, s.Unserved), max(a.y1, s.Unserved)
		}
	}
	if a.x1 == 0 {
		a.x0, a.x1 = 1, 1
	}
	if a.y1 == 0 {
		a.y0, a.y1 = 1e-4, 1e-4
	}
	a.x0, a.x1 = a.x0/1.15, a.x1*1.15
	a.y0, a.y1 = max(a.y0/1.6, 1e-7), max(a.y1*1.6, 1e-6)
	return a
}

func (a axes) x(hours float64) float64 {
	return a.p.Left + float64((a.p.Right-a.p.Left)*math.Log(max(hours, a.x0)/a.x0)/math.Log(a.x1/a.x0))
}

// y draws what is nearer to nothing than the axis goes on its lower end.
func (a axes) y(unserved float64) float64 {
	return a.p.Bottom - float64((a.p.Bottom-a.p.Top)*math.Log(max(unserved, a.y0)/a.y0)/math.Log(a.y1/a.y0))
}

func (a axes) inside(s *sim.Scores) bool {
	return s.ReplicaHours >= a.x0 && s.ReplicaHours <= a.x1 && s.Unserved >= a.y0 && s.Unserved <= a.y1
}

// round keeps the page small, and the same where a logarithm differs in its last bit.
func round(v float64) float64 { return math.Round(v*10) / 10 }

func (a axes) searched(r *sim.Result) curve {
	out := curve{Class: r.Name, Name: r.Name}
	for i := range r.Tried {
		if one := &r.Tried[i]; a.inside(&one.Scores) {
			out.Dots = append(out.Dots, dot{X: round(a.x(one.ReplicaHours)), Y: round(a.y(one.Unserved)), Title: setting(one) + ": " + describe(&one.Scores)})
		}
	}
	out.Path = path(front(out.Dots))
	return out
}

func (a axes) engine(penalties []Priced) curve {
	out := curve{Class: sim.Headroom, Name: "headroom over penalties"}
	for i := range penalties {
		one := &penalties[i]
		out.Dots = append(out.Dots, dot{round(a.x(one.ReplicaHours)), round(a.y(one.Unserved)),
			fmt.Sprintf("headroom, penalty %g: %s", one.Penalty, describe(&one.Scores)), strconv.FormatFloat(one.Penalty, 'g', 6, 64)})
	}
	out.Path = path(out.Dots)
	return out
}

// sameCost is the line of all pairs of replica-hours and unserved demand that cost as much.
func (a axes) sameCost(c *sim.Comparison, cost float64) string {
	o, hours := c.Case.Options, 0.0 // replica-hours of all demand
	for _, d := range c.Case.Trace.Demand[o.FirstScored(c.Case.Trace):] {
		if d >= 0 {
			hours += d / o.Capacity
		}
	}
	hours *= c.Case.Trace.Step.Hours()
	var line []dot
	const points = 80
	for i := range points + 1 {
		u := a.y0 * math.Exp(float64(i)/points*math.Log(a.y1/a.y0))
		if run := cost - float64(o.Penalty*u*hours); run >= a.x0 && run <= a.x1 {
			line = append(line, dot{X: round(a.x(run)), Y: round(a.y(u))})
		}
	}
	return path(line)
}

// front returns the dots on the front of replica-hours against unserved demand, from left to right.
func front(dots []dot) []dot {
	x, y := make([]float64, len(dots)), make([]float64, len(dots))
	for i, d := range dots {
		x[i], y[i] = d.X, -d.Y // the vertical axis of a picture points down
	}
	var out []dot
	for i, on := range sim.ParetoFront(x, y) {
		if on {
			out = append(out, dots[i])
		}
	}
	slices.SortStableFunc(out, func(a, b dot) int { return cmp.Compare(a.X, b.X) })
	return out
}

func path(dots []dot) string {
	if len(dots) < 2 {
		return ""
	}
	var b strings.Builder
	for i, d := range dots {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&b, "%s%g %g", command, d.X, d.Y)
	}
	return b.String()
}

func setting(t *sim.Tried) string {
	switch {
	case t.HPA != nil:
		return fmt.Sprintf("target %.2f, window %v", t.HPA.Target, t.HPA.Window)
	case t.Watermarks != nil:
		return fmt.Sprintf("watermarks %.3f to %.3f", t.Watermarks.LowWatermark, t.Watermarks.HighWatermark)
	}
	return fmt.Sprintf("%d replicas", t.Replicas)
}

func describe(s *sim.Scores) string {
	return fmt.Sprintf("%.1f replica-hours, %.3f%% unserved", s.ReplicaHours, 100*s.Unserved)
}

// ticks are round numbers between two values in the ratio of a logarithmic axis: powers of ten where there are many, 1, 2
// and 5 times them where there are some, and equal distances where there are few. Numbers are shown times scale.
func ticks(from, to, scale float64, place func(float64) float64, unit string) []tick {
	from, to = from*scale, to*scale
	var values []float64
	if to/from < 10 {
		step := math.Pow(10, math.Floor(math.Log10((to-from)/3)))
		for _, finer := range []float64{5, 2.5, 2} {
			if (to-from)/(step*finer) >= 3 {
				step *= finer
				break
			}
		}
		for i := math.Ceil(from / step); i*step <= to; i++ {
			values = append(values, i*step)
		}
	} else {
		parts := []float64{1, 2, 5}
		if to/from > 300 {
			parts = parts[:1]
		}
		for e := math.Floor(math.Log10(from)); e <= math.Log10(to); e++ {
			for _, part := range parts {
				// Negative powers of ten have no exact value: dividing rounds once.
				v := part * math.Pow(10, e)
				if e < 0 {
					v = part / math.Pow(10, -e)
				}
				if v >= from && v <= to {
					values = append(values, v)
				}
			}
		}
	}
	out := make([]tick, len(values))
	for i, v := range values {
		out[i] = tick{round(place(v / scale)), strconv.FormatFloat(v, 'g', 7, 64) + unit}
	}
	return out
}
