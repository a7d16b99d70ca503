package chromium

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
	"github.com/headroom-go/headroom/scaler/sim/report"
)

// evil is a label that would break out of a page that does not take care.
const evil = `</script><b id="out">out</b><img src=x onerror=alert(1)>`

// waves is a report of n minutes with a day's season, a hole and two events.
func waves(t *testing.T, n int, names ...string) (result *sim.Comparison, reasons map[int]string, html []byte) {
	t.Helper()
	demand := make([]float64, n)
	for i := range demand {
		demand[i] = 300 - 200*math.Cos(2*math.Pi*float64(i)/1440) + float64(i*7919%23)
	}
	demand[n/2+7] = math.NaN()
	start := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.FixedZone("", 2*3600))
	var events []forecast.Event
	for k, at := range []int{n / 3, 2 * n / 3} {
		demand[at], demand[at+1] = demand[at]+500, demand[at+1]+400
		events = append(events, forecast.Event{ID: fmt.Sprint("spot-", k), Kind: "spot", Start: start.Add(time.Duration(at) * time.Minute), Weight: 100,
			Labels: []forecast.Label{{Key: "network", Value: evil}}})
	}
	trace, err := sim.NewTrace("waves", start, time.Minute, demand)
	require.NoError(t, err)
	c := sim.Case{Trace: trace, Events: events, Options: sim.DefaultOptions(trace)}
	c.Options.Capacity = 12.5
	c.Config, err = sim.EngineConfig(scaler.Config{}, trace, c.Options)
	require.NoError(t, err)
	log := report.NewLog(trace)
	reasons = map[int]string{}
	c.Decided = func(step int, d *scaler.Decision) {
		log.Decided(step, d)
		if d.Change() != 0 {
			reasons[step] = d.Explain().String()
		}
	}
	result, err = sim.Compare(context.Background(), c, names)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, report.Page{Comparison: result, Log: log}.Write(&b))
	return result, reasons, b.Bytes()
}

// chart is where the plot lies in the window.
type chart struct{ Left, Top, Width, Height float64 }

func (b *browser) chart(t *testing.T) chart {
	t.Helper()
	return value[chart](t, b, `(() => { const r = document.querySelector("#chart .u-over").getBoundingClientRect(); return {Left: r.left, Top: r.top, Width: r.width, Height: r.height}; })()`)
}

// visible is the range of the chart in seconds, as the clock of the trace has them.
func (b *browser) visible(t *testing.T) (from, to float64) {
	t.Helper()
	r := value[[]float64](t, b, `[Number(document.getElementById("chart").dataset.from), Number(document.getElementById("chart").dataset.to)]`)
	return r[0], r[1]
}

// clock is the start of a step in seconds as the page counts them: the clock of the trace's zone.
func clock(result *sim.Comparison, step int) float64 {
	at := result.Case.Trace.Times[step]
	_, offset := at.Zone()
	return float64(at.Unix() + int64(offset))
}

func TestTheTableShowsTheNumbersOfTheJSON(t *testing.T) {
	result, _, html := waves(t, 3*1440, sim.Policies()...)
	b := open(t, html, 1440, 1200)
	text, err := json.Marshal(result)
	require.NoError(t, err)
	var want struct{ Policies []map[string]any }
	require.NoError(t, json.Unmarshal(text, &want))

	rows := value[[][]string](t, b, `[...document.querySelectorAll("#scores tbody tr")].map(r => [r.dataset.policy, ...[...r.querySelectorAll("td:not(.letter)")].flatMap(d => [d.dataset.exact, d.innerText])])`)
	require.Len(t, rows, len(want.Policies))
	columns := []struct {
		key   string
		shown func(float64) string
	}{
		{"ratio", func(v float64) string { return fmt.Sprintf("%.3f", v) }},
		{"cost", func(v float64) string { return fmt.Sprintf("%.1f", v) }},
		{"replica_hours", func(v float64) string { return fmt.Sprintf("%.1f", v) }},
		{"unserved", func(v float64) string { return fmt.Sprintf("%.3f%%", 100*v) }},
		{"violation", func(v float64) string { return fmt.Sprintf("%.3f%%", 100*v) }},
		{"changes_per_day", func(v float64) string { return fmt.Sprintf("%.1f", v) }},
		{"reversals_per_day", func(v float64) string { return fmt.Sprintf("%.1f", v) }},
		{"event_unserved", func(v float64) string { return fmt.Sprintf("%.1f%%", 100*v) }},
	}
	for i, row := range rows {
		p := want.Policies[i]
		require.Equal(t, p["name"], row[0])
		require.Len(t, row, 1+2*len(columns))
		for k, c := range columns {
			v := p[c.key].(float64)
			require.Equal(t, fmt.Sprint(v), fmt.Sprint(number(t, row[1+2*k])), "%s of %s", c.key, row[0])
			require.Equal(t, c.shown(v), row[2+2*k], "%s of %s", c.key, row[0])
		}
	}
	b.clean(t)
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	var v float64
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	return v
}

func TestTheReasonStandsUnderThePointer(t *testing.T) {
	result, reasons, html := waves(t, 3*1440, sim.Headroom, sim.KubeHPA)
	b := open(t, html, 1440, 1200)
	step := 0
	ordered := result.Results[0].Ordered
	for i := 2*1440 - 60; step == 0; i++ { // shortly before an event replicas are ordered
		if ordered[i] > ordered[i-1] {
			step = i
		}
	}

	// Zoom in by dragging around the step, so that a pixel is less than a step; then point at it.
	c := b.chart(t)
	place := func(at float64) float64 {
		from, to := b.visible(t)
		return c.Left + (at-from)/(to-from)*c.Width
	}
	y := c.Top + c.Height/2
	for range 2 {
		from, to := b.visible(t)
		at, reach := clock(result, step), (to-from)/12
		b.do(t,
			input.DispatchMouseEvent(input.MouseMoved, place(at-reach), y),
			input.DispatchMouseEvent(input.MousePressed, place(at-reach), y).WithButton(input.Left).WithClickCount(1),
			input.DispatchMouseEvent(input.MouseMoved, place(at+reach), y).WithButton(input.Left),
			input.DispatchMouseEvent(input.MouseReleased, place(at+reach), y).WithButton(input.Left).WithClickCount(1))
		b.until(t, fmt.Sprintf(`Number(document.getElementById("chart").dataset.to) - Number(document.getElementById("chart").dataset.from) < %f`, .5*(to-from)))
		from, to = b.visible(t)
		require.InDelta(t, at-reach, from, reach/10, "what was dragged over is what is shown")
		require.InDelta(t, at+reach, to, reach/10)
	}
	b.do(t, input.DispatchMouseEvent(input.MouseMoved, place(clock(result, step)+30), y))
	b.until(t, fmt.Sprintf(`document.getElementById("chart").dataset.step === "%d"`, step))
	got := value[[]string](t, b, `[...document.querySelectorAll("#details p.why")].map(p => p.textContent)`)
	require.Equal(t, strings.Split(reasons[step], "\n"), got)
	details := value[string](t, b, `document.getElementById("details").innerText`)
	r := result.Results[0]
	require.Contains(t, details, "Decision of this step")
	require.Contains(t, details, fmt.Sprintf("headroom: %d replicas ready, %d booting", r.Ready[step], r.Ordered[step]-r.Ready[step]))
	require.Contains(t, details, result.Case.Trace.Times[step].Format("Mon 2006-01-02 15:04")+" UTC+02:00")

	// With the keyboard from one decision to the next.
	next := step + 1
	for reasons[next] == "" {
		next++
	}
	b.do(t, chromedp.Focus("#chart"), chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(input.ModifierShift)))
	b.until(t, fmt.Sprintf(`document.getElementById("chart").dataset.step === "%d"`, next))
	require.Equal(t, strings.Split(reasons[next], "\n"), value[[]string](t, b, `[...document.querySelectorAll("#details p.why")].map(p => p.textContent)`))
	b.do(t, chromedp.KeyEvent(kb.ArrowLeft))
	b.until(t, fmt.Sprintf(`document.getElementById("chart").dataset.step === "%d"`, next-1))
	b.clean(t)
}

func TestAnEventsLabelIsText(t *testing.T) {
	result, _, html := waves(t, 3*1440, sim.Headroom)
	b := open(t, html, 1440, 1200)
	b.do(t, chromedp.Focus("#chart"), chromedp.KeyEvent(kb.Home))
	b.until(t, `document.getElementById("chart").dataset.step === "0"`)
	b.do(t, chromedp.KeyEvent("0"))
	at := clock(result, 2*3*1440/3)
	from, to := b.visible(t)
	c := b.chart(t)
	b.do(t, input.DispatchMouseEvent(input.MouseMoved, c.Left+(at-from)/(to-from)*c.Width, c.Top+20))
	b.until(t, `document.querySelector("#details p.spot") !== null`)
	require.Contains(t, value[string](t, b, `document.querySelector("#details p.spot").textContent`), "spot, spot-1, network "+evil+", weight 100")
	require.True(t, value[bool](t, b, `document.getElementById("out") === null && document.querySelector("img") === null`))
	b.clean(t)
}

// The script of the page unpacks to what Go has packed.
func TestTheScriptUnpacksTheRun(t *testing.T) {
	result, reasons, html := waves(t, 2*1440, sim.Headroom, sim.KubeHPA, sim.Clairvoyant)
	b := open(t, html, 1440, 1200)
	const data = `JSON.parse(document.getElementById("data").textContent)`
	for k, r := range result.Results {
		for key, want := range map[string][]int32{"ordered": r.Ordered, "ready": r.Ready} {
			got := value[[]int32](t, b, fmt.Sprintf(`(() => { const d = %s, p = d.policies[%d]; return [...unpack.runs(p.%s || p.ordered, d.n)]; })()`, data, k, key))
			require.Equal(t, want, got, "%s of %s", key, r.Name)
		}
	}
	demand := value[[]*float64](t, b, `[...unpack.floats(`+data+`.demand)]`)
	for i, d := range result.Case.Trace.Demand {
		if math.IsNaN(d) {
			require.Nil(t, demand[i])
			continue
		}
		require.InEpsilon(t, d, *demand[i], 1e-6)
	}
	texts := value[[]string](t, b, `(() => { const d = `+data+`, s = unpack.sentences(d.words, d.text); return unpack.counts(d.changed).map((g, i) => s(i)); })()`)
	require.Len(t, texts, len(reasons))
	changed := value[[]int](t, b, `(() => { let at = 0; return unpack.counts(`+data+`.changed).map(g => at += g); })()`)
	for i, at := range changed {
		require.Equal(t, reasons[at], texts[i])
	}
	low := value[[]*float64](t, b, `(() => { const d = `+data+`; return [...unpack.multiples(d.band[0], d.quantum)]; })()`)
	high := value[[]*float64](t, b, `(() => { const d = `+data+`; return [...unpack.multiples(d.band[2], d.quantum)]; })()`)
	require.Len(t, low, len(demand))
	known := 0
	for i := range low {
		require.Equal(t, low[i] == nil, high[i] == nil)
		if low[i] != nil {
			known++
			require.LessOrEqual(t, *low[i], *high[i])
		}
	}
	require.Equal(t, len(low)-3, known, "all but those before the first order serves")
}

// A picture with few points shows the same extremes as one with all.
func TestThinningKeepsEveryPeak(t *testing.T) {
	_, _, html := waves(t, 1440, sim.Headroom)
	b := open(t, html, 800, 600)
	require.True(t, value[bool](t, b, `(() => {
		const n = 5000, times = Float64Array.from({length: n}, (_, i) => i);
		const values = Float64Array.from(times, i => i % 700 === 13 ? NaN : Math.sin(i) * i % 97 + (i === 3333 ? 1000 : 0) - (i === 1234 ? 1000 : 0));
		const [x, both, low, high] = thin(times, ["", "min", "max"].map(keep => ({values, keep})), 100, 4900, 300);
		if (x.length !== 600 || both.length !== 600) return false;
		for (let p = 0; p < 300; p++) {
			const part = [...values.slice(100 + Math.floor(4800 * p / 300), 100 + Math.floor(4800 * (p + 1) / 300))].filter(v => !Number.isNaN(v));
			const least = Math.min(...part), most = Math.max(...part), ends = [both[2 * p], both[2 * p + 1]];
			if (Math.min(...ends) !== least || Math.max(...ends) !== most || low[2 * p] !== least || high[2 * p + 1] !== most) return false;
			if ((ends[0] === most) !== (part.indexOf(most) < part.indexOf(least)) && least !== most) return false;
		}
		const [few, all] = thin(times, [{values}], 10, 20, 300);
		return few.length === 10 && all[3] === null && all[4] === values[14];
	})()`))
}

func TestZoomAndPan(t *testing.T) {
	_, _, html := waves(t, 3*1440, sim.Headroom, sim.KubeHPA)
	b := open(t, html, 1440, 1200)
	width := func() float64 { from, to := b.visible(t); return to - from }
	press := func(what, then string) {
		t.Helper()
		b.do(t, chromedp.Click(`button[data-do=`+what+`]`))
		b.until(t, `(() => { const from = Number(document.getElementById("chart").dataset.from), to = Number(document.getElementById("chart").dataset.to); return `+then+`; })()`)
	}
	press("all", "to - from === 3 * 86400")
	press("in", "to - from === 1.5 * 86400")
	from, _ := b.visible(t)
	press("left", fmt.Sprintf("from === %f - .75 * 86400", from))
	press("left", fmt.Sprintf("from === %f - .75 * 86400", from)) // the beginning
	require.Equal(t, 1.5*86400, width())
	press("out", "to - from === 3 * 86400")

	c := b.chart(t)
	b.do(t, chromedp.Focus("#chart"), input.DispatchMouseEvent(input.MouseWheel, c.Left+c.Width/4, c.Top+50).WithDeltaX(0).WithDeltaY(-120))
	b.until(t, `Number(document.getElementById("chart").dataset.to) - Number(document.getElementById("chart").dataset.from) < 2.5 * 86400`)
	b.do(t, chromedp.Evaluate(`document.activeElement.blur()`, nil))
	before := width()
	b.do(t, input.DispatchMouseEvent(input.MouseWheel, c.Left+c.Width/4, c.Top+50).WithDeltaX(0).WithDeltaY(-120), chromedp.Focus("#chart"), chromedp.KeyEvent(kb.PageDown))
	require.InDelta(t, before, width(), 1, "a wheel that scrolls the page does not zoom")
	b.do(t, chromedp.KeyEvent("0"))
	b.until(t, `Number(document.getElementById("chart").dataset.to) - Number(document.getElementById("chart").dataset.from) === 3 * 86400`)

	// The other policies, and each of the looks.
	b.do(t, chromedp.SetValue("#main", sim.KubeHPA), chromedp.Evaluate(`document.getElementById("main").dispatchEvent(new Event("change"))`, nil))
	b.until(t, `document.getElementById("legend").innerText.includes("hpa: ready (can serve)")`)
	b.do(t, chromedp.Click("#compress"), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	b.until(t, `getComputedStyle(document.body).backgroundColor === "rgb(13, 17, 23)"`)
	b.clean(t)
}

// A year of minutes would be four times as many.
func TestManyPointsStayFluid(t *testing.T) {
	_, _, html := waves(t, 125_000, sim.Headroom, sim.KubeHPA, sim.Clairvoyant)
	require.Less(t, len(html), 6<<20, "bytes")
	b := open(t, html, 1440, 1200)
	b.do(t, chromedp.Click(`button[data-do=all]`))
	b.until(t, `Number(document.getElementById("chart").dataset.to) - Number(document.getElementById("chart").dataset.from) === 125000 * 60`)
	// However long the trace: at most two points for each pixel go to the canvas.
	require.LessOrEqual(t, value[int](t, b, `Number(document.getElementById("chart").dataset.points)`), 2*1440)
	frames := value[[]float64](t, b, `new Promise(done => {
		const took = [], box = document.getElementById("chart"), press = key => box.dispatchEvent(new KeyboardEvent("keydown", {key}));
		const turn = k => {
			if (k === 40) return done(took);
			const start = performance.now();
			press(k < 8 ? "+" : k < 24 ? "PageDown" : k < 36 ? "-" : "PageUp");
			requestAnimationFrame(() => { took.push(performance.now() - start); setTimeout(() => turn(k + 1)); });
		};
		turn(0);
	})`)
	slowest := 0.0
	for _, f := range frames {
		slowest = max(slowest, f)
	}
	t.Logf("%d frames, the slowest took %.1f ms; the page has %.2f MB", len(frames), slowest, float64(len(html))/1e6)
	b.clean(t)
}

func TestPhoneAndPaper(t *testing.T) {
	_, _, html := waves(t, 3*1440, sim.Policies()...)
	b := open(t, html, 390, 844)
	b.do(t, emulation.SetDeviceMetricsOverride(390, 844, 2, true))
	b.until(t, `document.querySelector("#chart .u-wrap").clientWidth <= 390`)
	require.LessOrEqual(t, value[int](t, b, `document.documentElement.scrollWidth`), 390, "nothing makes the page wider than a phone")
	var paper []byte
	b.do(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		paper, _, err = page.PrintToPDF().WithPrintBackground(false).Do(ctx)
		return err
	}))
	require.True(t, bytes.HasPrefix(paper, []byte("%PDF")))
	b.clean(t)
}
