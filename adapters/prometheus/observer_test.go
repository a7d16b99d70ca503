package prometheus_test

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/prometheustest"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// decisions returns those of an engine whose fleet does what it is told: none measured, demand of 100 for an hour, one step
// that was not measured; and one by hand, with what else there can be.
func decisions(t *testing.T) []scaler.Decision {
	e, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Boot: scaler.Duration(time.Minute)})
	require.NoError(t, err)
	var out []scaler.Decision
	fleet := policy.Fleet{Ready: 3}
	decide := func(i int) {
		var d scaler.Decision
		require.NoError(t, e.Recommend(&d, minute(i), fleet))
		out = append(out, d)
		fleet.Ready = d.Replicas
	}
	decide(0)
	for i := range 61 {
		v := 100.0
		if i == 60 {
			v = math.NaN()
		}
		require.NoError(t, e.Observe(0, forecast.Sample{Time: minute(i), Value: v}))
		decide(i + 1)
	}
	last := out[len(out)-1]
	last.Ready += 7 // that many are released
	last.Stale, last.Event, last.Late = true, true, 90*time.Second
	last.Costs.Pinned, last.Costs.Unpinned = policy.Spent{Hour: 1, Day: 2, Week: 3}, policy.Spent{Week: 4}
	return append(out, last)
}

func newObserver(t testing.TB, labels map[string]string) *prometheus.Observer {
	o, err := prometheus.NewObserver(labels)
	require.NoError(t, err)
	return o
}

// scrape returns the text of observers.
func scrape(t testing.TB, observers ...*prometheus.Observer) string {
	t.Helper()
	h, err := prometheus.NewHandler(observers...)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", w.Header().Get("Content-Type"))
	return w.Body.String()
}

// values returns the lines of a text that are values, by what stands before the value.
func values(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if line[0] != '#' {
			i := strings.LastIndexByte(line, ' ')
			out[line[:i]] = strings.TrimSpace(line[i:])
		}
	}
	return out
}

func TestEveryNumberIsTheDecisions(t *testing.T) {
	o := newObserver(t, map[string]string{"service": "shop", "cluster": "eu"})
	const labels = `cluster="eu",service="shop"`
	var ups, downs int
	rules := map[string]int{}
	for i, d := range decisions(t) {
		o.Decision(t.Context(), &d)
		if d.Change() > 0 {
			ups++
		} else if d.Change() < 0 {
			downs++
		}
		for _, s := range d.Steps() {
			rules[s.Rule.String()]++
		}

		got := values(scrape(t, o))
		want := map[string]float64{
			"headroom_decisions_total{" + labels + "}":                                  float64(i + 1),
			"headroom_changes_total{" + labels + `,direction="up"}`:                     float64(ups),
			"headroom_changes_total{" + labels + `,direction="down"}`:                   float64(downs),
			"headroom_decision_timestamp_seconds{" + labels + "}":                       float64(d.Time.Unix()),
			"headroom_replicas_desired{" + labels + "}":                                 float64(d.Replicas),
			"headroom_replicas_advised{" + labels + "}":                                 float64(d.Advised),
			"headroom_replicas_ready{" + labels + "}":                                   float64(d.Ready),
			"headroom_replicas_starting{" + labels + "}":                                float64(d.Starting),
			"headroom_replicas_need_low{" + labels + "}":                                float64(d.Need.Low),
			"headroom_replicas_need_high{" + labels + "}":                               float64(d.Need.High),
			"headroom_lead_seconds{" + labels + "}":                                     d.Lead.Seconds(),
			"headroom_replica_capacity{" + labels + `,signal="visits"}`:                 d.Capacity,
			"headroom_penalty{" + labels + "}":                                          d.Penalty,
			"headroom_sample_age_seconds{" + labels + "}":                               d.Age.Seconds(),
			"headroom_sample_lateness_seconds{" + labels + "}":                          d.Late.Seconds(),
			"headroom_stale{" + labels + "}":                                            map[bool]float64{true: 1}[d.Stale],
			"headroom_event{" + labels + "}":                                            map[bool]float64{true: 1}[d.Event],
			"headroom_demand_observed{" + labels + `,signal="visits"}`:                  d.Observed,
			"headroom_leader{" + labels + `,policy="` + d.Leader + `"}`:                 map[bool]float64{true: 1, false: math.NaN()}[d.Leader != ""],
			"headroom_rules_total{" + labels + `,rule="none"}`:                          math.NaN(),
			"headroom_rules_total{" + labels + `,rule="unknown"}`:                       math.NaN(),
			"headroom_demand_forecast{" + labels + `,signal="visits"}`:                  math.NaN(),
			"headroom_cost_replica_seconds{" + labels + `,policy="today",window="day"}`: math.NaN(),
		}
		for rule := policy.RuleNone + 1; rule.String() != "unknown"; rule++ {
			want["headroom_rules_total{"+labels+`,rule="`+rule.String()+`"}`] = float64(rules[rule.String()])
		}
		for _, level := range []float64{.05, .5, .9, .95, .99} {
			want[fmt.Sprintf("headroom_demand_forecast{%s,signal=\"visits\",level=\"%v\"}", labels, level)] = d.Quantile(level)
		}
		for name, spent := range map[string]policy.Spent{
			"own": d.Costs.Own, "leader": d.Costs.Leader, "hpa": d.Costs.HPA, "pinned": d.Costs.Pinned, "unpinned": d.Costs.Unpinned,
		} {
			if d.Costs.Pinned == (policy.Spent{}) && strings.HasSuffix(name, "pinned") {
				continue
			}
			for window, hours := range map[string]float64{"hour": spent.Hour, "day": spent.Day, "week": spent.Week} {
				want[fmt.Sprintf("headroom_cost_replica_seconds{%s,policy=%q,window=%q}", labels, name, window)] = hours * 3600
			}
		}
		there := 0
		for name, v := range want {
			if math.IsNaN(v) {
				require.NotContains(t, got, name, "decision %d", i)
				continue
			}
			there++
			require.Contains(t, got, name, "decision %d", i)
			require.Equal(t, fmt.Sprint(v), fmt.Sprint(number(t, got[name])), "%s of decision %d", name, i)
		}
		require.Len(t, got, there, "decision %d", i)
	}
	require.Positive(t, ups)
	require.Positive(t, downs)
	require.Len(t, rules, 2, "the scenario has no-data and need, %v", rules)
}

func number(t *testing.T, text string) float64 {
	var v float64
	_, err := fmt.Sscan(text, &v)
	require.NoError(t, err)
	return v
}

func TestTextOfAnObserver(t *testing.T) {
	o := newObserver(t, nil)
	var d scaler.Decision
	for i := range d.Demand {
		d.Demand[i] = 1.5
	}
	d.Time, d.Replicas, d.Signal = minute(0), 4, "visits"
	o.Decision(t.Context(), &d)
	text := scrape(t, o)
	require.True(t, strings.HasPrefix(text, "# HELP headroom_decisions_total Decisions of the engine.\n# TYPE headroom_decisions_total counter\nheadroom_decisions_total 1\n"), text)
	require.Contains(t, text, "\n# TYPE headroom_replicas_desired gauge\nheadroom_replicas_desired 4\n# HELP")
	require.Contains(t, text, "\nheadroom_demand_forecast{signal=\"visits\",level=\"0.05\"} 1.5\n")
	require.NotContains(t, text, "headroom_leader", "a metric without lines has no head")
}

func TestBeforeTheFirstDecisionThereAreCountersOnly(t *testing.T) {
	text := scrape(t, newObserver(t, nil))
	require.NotContains(t, text, "gauge")
	got := values(text)
	require.Equal(t, "0", got["headroom_decisions_total"])
	require.Equal(t, "0", got[`headroom_rules_total{rule="need"}`])
}

func TestMetricsOfSeveralEnginesStandTogether(t *testing.T) {
	a, b := newObserver(t, map[string]string{"service": "a"}), newObserver(t, map[string]string{"service": "b"})
	for _, d := range decisions(t) {
		a.Decision(t.Context(), &d)
		b.Decision(t.Context(), &d)
	}
	text := scrape(t, a, b)
	require.Len(t, values(text), 2*len(values(scrape(t, a))))
	current, done := "", map[string]bool{}
	for line := range strings.Lines(text) {
		name := strings.FieldsFunc(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), func(r rune) bool { return r == ' ' || r == '{' })[0]
		if name != current {
			require.False(t, done[name], "%s stands in two places", name)
			current, done[name] = name, true
		}
	}
	_, err := prometheus.NewHandler(a, newObserver(t, map[string]string{"service": "a"}))
	require.ErrorContains(t, err, `two observers have the labels {service="a"}`)
	_, err = prometheus.NewHandler(a, nil)
	require.ErrorContains(t, err, "observer is nil")
}

func TestMethodsOfTheHandler(t *testing.T) {
	h, err := prometheus.NewHandler(newObserver(t, nil))
	require.NoError(t, err)
	for method, status := range map[string]int{http.MethodGet: 200, http.MethodHead: 200, http.MethodPost: 405, http.MethodDelete: 405} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/metrics", nil))
		require.Equal(t, status, w.Code, method)
	}
}

func TestLabelsThatCannotBe(t *testing.T) {
	_, err := prometheus.NewObserver(map[string]string{"": "", "1a": "", "a-b": "", "__a": "", "signal": "", "größe": "", "ok": ""})
	var faults scaler.Faults
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults, 6)
	require.ErrorContains(t, err, `"a-b"`)
}

func TestLabelValuesComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\\"\n{},a ]*`)).Draw(rt, "value")
		text := scrape(t, newObserver(t, map[string]string{"service": value}))
		_, rest, ok := strings.Cut(text, `headroom_decisions_total{service="`)
		require.True(rt, ok)
		var got strings.Builder // as the documentation of the format says it is read
		for i := 0; ; i++ {
			require.Less(rt, i, len(rest))
			require.NotEqual(rt, byte('\n'), rest[i])
			if rest[i] == '"' {
				require.True(rt, strings.HasPrefix(rest[i:], "\"} 0\n"))
				break
			}
			if rest[i] == '\\' {
				i++
				require.Contains(rt, `n\"`, rest[i:i+1])
				got.WriteString(map[byte]string{'n': "\n", '\\': `\`, '"': `"`}[rest[i]])
				continue
			}
			got.WriteByte(rest[i])
		}
		require.Equal(rt, strings.ToValidUTF8(value, "\uFFFD"), got.String())
	})
}

func TestScrapesWhileItDecides(t *testing.T) {
	o := newObserver(t, nil)
	all := decisions(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, d := range all {
			o.Decision(t.Context(), &d)
		}
	})
	for range 20 {
		require.Contains(t, scrape(t, o), "headroom_decisions_total ")
	}
	wg.Wait()
	require.Equal(t, fmt.Sprint(len(all)), values(scrape(t, o))["headroom_decisions_total"])
}

// crowd returns two observers that have seen everything, one of them with a label of all characters that need care.
func crowd(t *testing.T) []*prometheus.Observer {
	out := []*prometheus.Observer{newObserver(t, map[string]string{"service": "a\\b\"c\nd{e},f=ü"}), newObserver(t, nil)}
	for _, d := range decisions(t) {
		for _, o := range out {
			o.Decision(t.Context(), &d)
		}
	}
	return out
}

func TestPromtoolFindsNoFault(t *testing.T) {
	cmd := exec.Command(prometheustest.Program(t, "promtool"), "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, crowd(t)...))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}
