package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/scaler/sim"
)

//go:embed web
var web embed.FS

// scripts are the files of the page's script, in the order in which they run.
var scripts = []string{"uplot.min.js", "unpack.js", "thin.js", "axis.js", "details.js", "chart.js"}

// Page is what a report shows.
type Page struct {
	Comparison *sim.Comparison
	Log        *Log     // of the engine's run; nil if it did not play: then there is no forecast and no reason
	Penalties  []Priced // the engine at other penalties, see Penalties; nil for none
}

// Write writes the page. It writes nothing where the comparison cannot be shown. The same page gives the same bytes.
func (p Page) Write(w io.Writer) error {
	v, err := p.view()
	if err != nil {
		return err
	}
	t, err := template.New("page.html").ParseFS(web, "web/page.html", "web/pareto.svg")
	if err != nil {
		return err
	}
	return t.Execute(w, v)
}

// view is what the template shows.
type view struct {
	Trace, Terms, Scored string
	Lead                 string // the result in a sentence, "" without an engine
	Penalty              string
	Rows                 []row
	Events               bool // whether the trace has any
	Found                []string
	Pareto               plot
	Style                template.CSS
	Script, Data, Result template.JS
	License              string
}

// row is a policy in the tables. Its cells lead with what stands in the command's table.
type row struct {
	Letter, Name, About         string
	Scores, Elasticity          []cell
	Cost                        string
	Run, Switching, Unserved    string // of the cost
	RunW, SwitchingW, UnservedW string // the same in percent of the largest cost
}

// cell is a number as it is shown and as it is; Exact is "" for what cannot be computed.
type cell struct{ Text, Exact string }

func number(v float64, digits int, scale float64, unit string) cell {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return cell{"–", ""}
	}
	return cell{strconv.FormatFloat(v*scale, 'f', digits, 64) + unit, strconv.FormatFloat(v, 'g', -1, 64)}
}

func (p Page) view() (*view, error) {
	c := p.Comparison
	t, o := c.Case.Trace, c.Case.Options
	first := o.FirstScored(t)
	v := &view{
		Trace: t.Name,
		Terms: fmt.Sprintf("capacity %.6g a replica, boot %v, penalty %.6g", o.Capacity, o.Boot, o.Penalty),
		Scored: fmt.Sprintf("%d steps of %v, scored from step %d (%s), metrics %v late",
			t.Len(), t.Step, first, t.Times[first].Format(time.RFC3339), o.Lag),
		Penalty: fmt.Sprintf("%.6g", o.Penalty),
		Events:  len(c.Case.Events) > 0,
		Pareto:  newPlot(c, p.Penalties),
	}
	most := 0.0
	for _, r := range c.Results {
		most = max(most, r.Cost)
	}
	for i := range c.Results {
		r := &c.Results[i]
		one := row{Letter: letter(i), Name: r.Name, About: about[r.Name], Cost: number(r.Cost, 1, 1, "").Text}
		one.Scores = []cell{
			number(c.Ratio(*r), 3, 1, ""), number(r.Cost, 1, 1, ""), number(r.ReplicaHours, 1, 1, ""), number(r.Unserved, 3, 100, "%"),
			number(r.Violation, 3, 100, "%"), number(r.ChangesPerDay, 1, 1, ""), number(r.ReversalsPerDay, 1, 1, ""),
			number(r.EventUnserved, 1, 100, "%"),
		}
		e := c.Case.Elasticity(r)
		for _, m := range []float64{e.Under, e.Over, e.UnderTime, e.OverTime, e.Instability} {
			one.Elasticity = append(one.Elasticity, number(m, 2, 100, "%"))
		}
		s := c.Case.Split(r)
		width := func(v float64) string {
			return strconv.FormatFloat(100*v/max(most, math.SmallestNonzeroFloat64), 'f', 3, 64)
		}
		one.Run, one.RunW = number(s.Run, 1, 1, "").Text, width(s.Run)
		one.Switching, one.SwitchingW = number(s.Switching, 1, 1, "").Text, width(s.Switching)
		one.Unserved, one.UnservedW = number(s.Unserved, 1, 1, "").Text, width(s.Unserved)
		v.Rows = append(v.Rows, one)
		switch {
		case r.Found != nil:
			v.Found = append(v.Found, fmt.Sprintf("%s: target %.2f, window %v", r.Name, r.Found.Target, r.Found.Window))
		case r.Watermarks != nil:
			v.Found = append(v.Found, fmt.Sprintf("%s: watermarks %.3f to %.3f", r.Name, r.Watermarks.LowWatermark, r.Watermarks.HighWatermark))
		}
	}
	if r, ok := c.Result(sim.Headroom); ok && c.Optimum.Cost > 0 {
		v.Lead = fmt.Sprintf("The engine cost %.3f times what somebody who knew the whole trace would have paid", c.Ratio(r))
		if hpa, ok := c.Result(sim.KubeHPA); ok {
			v.Lead += fmt.Sprintf("; a Kubernetes HPA at its defaults, %.3f times", c.Ratio(hpa))
		}
		v.Lead += "."
	}
	return v, v.embed(newPayload(c, p.Log), c)
}

// embed fills in what the page carries for its script.
func (v *view) embed(data payload, c *sim.Comparison) error {
	text, err := inScript(data)
	if err != nil {
		return err
	}
	v.Data = template.JS(text) // JSON, see inScript
	if text, err = inScript(c); err != nil {
		return err
	}
	v.Result = template.JS(text)
	script := ""
	for _, name := range scripts {
		b, err := web.ReadFile("web/" + name)
		if err != nil {
			return err
		}
		script += string(b) + "\n"
	}
	v.Script = template.JS(script)
	style := ""
	for _, name := range []string{"uplot.min.css", "page.css"} {
		b, err := web.ReadFile("web/" + name)
		if err != nil {
			return err
		}
		style += string(b) + "\n"
	}
	v.Style = template.CSS(style)
	license, err := web.ReadFile("web/uplot.LICENSE")
	v.License = string(license)
	return err
}

// letter names a policy in the pictures: A, B, .. Z, AA.
func letter(i int) string {
	if i >= 26 {
		return letter(i/26-1) + letter(i%26)
	}
	return string(rune('A' + i))
}

// about says what the policies are.
var about = map[string]string{
	sim.Headroom:            "this engine",
	sim.Clairvoyant:         "the optimum for somebody who knows the whole trace; the measure of the others",
	sim.Static:              "the cheapest constant count, found in hindsight",
	sim.KubeHPA:             "Kubernetes HPA at its defaults, fed with true demand",
	sim.KubeHPABest:         "HPA with the cheapest target and window, found in hindsight",
	sim.KubeHPASeasonal:     "HPA at its defaults, raised to the demand of yesterday and last week",
	sim.KubeHPASeasonalBest: "the same with the cheapest target and window, found in hindsight",
	sim.KubeHPABehavior:     "the whole HPA controller with an empty behavior",
	sim.KubeHPALegacy:       "the whole HPA controller without behavior",
	sim.KnativeKPA:          "Knative's autoscaler at its defaults",
	sim.DatadogWPA:          "Datadog's watermark autoscaler with the cheapest watermarks, found in hindsight",
	sim.LazyCapacity:        "lazy capacity provisioning at the prices of the plant",
}
