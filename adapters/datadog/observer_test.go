package datadog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// decisions returns those of an engine whose fleet does what it is told: none measured, demand of 100 for an hour, one step
// that was not measured; and one by hand, with what else there can be.
func decisions(t testing.TB) []scaler.Decision {
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
	last.Stale, last.Event, last.Late, last.Observed = true, true, 90*time.Second, 230
	last.Sizing.Swing = "c7g.large"
	last.Costs.Pinned, last.Costs.Today, last.Costs.Unpinned = policy.Spent{Hour: 1, Day: 2, Week: 3}, policy.Spent{Day: 4}, policy.Spent{Day: 5}
	return append(out, last)
}

// sent is what a fake client was told.
type sent struct {
	name  string
	value float64
	tags  string
	at    time.Time
}

// fakeClient keeps what it is told. The client that it embeds does the rest of nothing.
type fakeClient struct {
	statsd.NoOpClient
	metrics []sent
	events  []statsd.Event
	checks  []statsd.ServiceCheck
	err     error
}

func (c *fakeClient) keep(name string, value float64, tags []string, at time.Time) error {
	c.metrics = append(c.metrics, sent{name, value, strings.Join(tags, ","), at})
	return c.err
}

func (c *fakeClient) Gauge(name string, value float64, tags []string, _ float64) error {
	return c.keep(name, value, tags, time.Time{})
}

func (c *fakeClient) GaugeWithTimestamp(name string, value float64, tags []string, _ float64, at time.Time) error {
	return c.keep(name, value, tags, at)
}

func (c *fakeClient) Count(name string, value int64, tags []string, _ float64) error {
	return c.keep(name, float64(value), tags, time.Time{})
}

func (c *fakeClient) Event(e *statsd.Event) error {
	c.events = append(c.events, *e)
	return c.err
}

func (c *fakeClient) ServiceCheck(sc *statsd.ServiceCheck) error {
	c.checks = append(c.checks, *sc)
	return c.err
}

func (c *fakeClient) forget() { c.metrics, c.events, c.checks = nil, nil, nil }

func newObserver(t testing.TB, client datadog.Statsd) *datadog.Observer {
	t.Helper()
	o, err := datadog.NewObserver(datadog.ObserverConfig{Statsd: client, Service: "shop", Cluster: "eu", Tags: []string{"team:search"}})
	require.NoError(t, err)
	return o
}

const base = "service:shop,cluster:eu,team:search"

func TestEveryNumberIsTheDecisions(t *testing.T) {
	var c fakeClient
	o := newObserver(t, &c)
	for _, d := range decisions(t) {
		c.forget()
		o.Decision(t.Context(), &d)
		tags := base
		if d.Sizing.Swing != "" {
			tags += ",size:" + d.Sizing.Swing
		}
		flag := map[bool]float64{true: 1}
		want := map[[2]string]float64{
			{"headroom.decisions", ""}:                                1,
			{"headroom.replicas_desired", ""}:                         float64(d.Replicas),
			{"headroom.replicas_advised", ""}:                         float64(d.Advised),
			{"headroom.replicas_ready", ""}:                           float64(d.Ready),
			{"headroom.replicas_starting", ""}:                        float64(d.Starting),
			{"headroom.replicas_need_low", ""}:                        float64(d.Need.Low),
			{"headroom.replicas_need_high", ""}:                       float64(d.Need.High),
			{"headroom.lead_seconds", ""}:                             d.Lead.Seconds(),
			{"headroom.demand_observed", ",signal:visits"}:            d.Observed,
			{"headroom.demand_unserved", ",signal:visits"}:            math.Max(0, d.Observed-10*float64(d.Ready)),
			{"headroom.replica_capacity", ",signal:visits"}:           d.Capacity,
			{"headroom.penalty", ""}:                                  d.Penalty,
			{"headroom.sample_age_seconds", ""}:                       d.Age.Seconds(),
			{"headroom.sample_lateness_seconds", ""}:                  d.Late.Seconds(),
			{"headroom.stale", ""}:                                    flag[d.Stale],
			{"headroom.event", ""}:                                    flag[d.Event],
			{"headroom.cost_replica_seconds", ",policy:own"}:          d.Costs.Own.Day * 3600,
			{"headroom.cost_replica_seconds", ",policy:leader"}:       d.Costs.Leader.Day * 3600,
			{"headroom.cost_replica_seconds", ",policy:hpa"}:          d.Costs.HPA.Day * 3600,
			{"headroom.demand_forecast", ",signal:visits,level:0.05"}: d.Quantile(.05),
			{"headroom.demand_forecast", ",signal:visits,level:0.5"}:  d.Quantile(.5),
			{"headroom.demand_forecast", ",signal:visits,level:0.95"}: d.Quantile(.95),
		}
		for _, level := range []string{"0.05", "0.5", "0.95"} {
			want[[2]string{"headroom.replicas_forecast", ",signal:visits,level:" + level}] = want[[2]string{"headroom.demand_forecast", ",signal:visits,level:" + level}] / 10
		}
		if d.Leader != "" {
			want[[2]string{"headroom.leader", ",policy:" + d.Leader}] = 1
		}
		if d.Costs.Today.Day != 0 {
			want[[2]string{"headroom.cost_replica_seconds", ",policy:pinned"}] = 7200
			want[[2]string{"headroom.cost_replica_seconds", ",policy:today"}] = 4 * 3600
			want[[2]string{"headroom.cost_replica_seconds", ",policy:unpinned"}] = 5 * 3600
		}
		if d.Change() != 0 {
			want[[2]string{"headroom.changes", ",direction:" + map[bool]string{true: "up", false: "down"}[d.Change() > 0]}] = 1
		}
		for _, s := range d.Steps() {
			want[[2]string{"headroom.rules", ",rule:" + s.Rule.String()}] = 1
		}
		got := map[[2]string]float64{}
		for _, m := range c.metrics {
			rest, ok := strings.CutPrefix(m.tags, tags)
			require.True(t, ok, m)
			got[[2]string{m.name, rest}] += m.value
			if strings.HasSuffix(m.name, "_forecast") {
				require.Equal(t, d.Time.Add(d.Lead), m.at, "it is about that time")
			} else {
				require.Zero(t, m.at)
			}
		}
		for k, v := range want {
			if math.IsNaN(v) {
				delete(want, k) // what was not measured is absent
			}
		}
		require.Equal(t, want, got)
		require.NoError(t, o.Err())
	}
}

// everything has o send all there is.
func everything(t testing.TB, o *datadog.Observer) {
	for _, d := range decisions(t) {
		o.Decision(t.Context(), &d)
		o.Report(t.Context(), &adapters.Report{
			Mode: adapters.ModeAct, Time: d.Time, Decision: d, Applied: true, Err: errors.New("one input is down"),
			Inputs: []adapters.InputReport{{Signal: "visits", Input: "datadog", Newest: minute(0)}, {Signal: "visits", Input: "second"}},
			Shadow: adapters.Comparison{Steps: 1, There: adapters.Account{Cost: 3}, Own: adapters.Account{Cost: 2}},
		})
	}
}

// TestMetricsAreAllThatIsSent demands that the list is complete, has nothing else, and names the tags.
func TestMetricsAreAllThatIsSent(t *testing.T) {
	var c fakeClient
	everything(t, newObserver(t, &c))
	known := map[string]datadog.Metric{}
	for _, m := range datadog.Metrics() {
		require.NotContains(t, known, m.Name)
		require.NotEmpty(t, m.Help)
		known[m.Name] = m
	}
	seen, series := map[string]bool{}, map[string]bool{}
	for _, m := range c.metrics {
		seen[m.name], series[m.name+m.tags] = true, true
		require.Contains(t, known, m.name)
		for _, tag := range strings.Split(strings.TrimPrefix(m.tags, base), ",") {
			if name, _, _ := strings.Cut(tag, ":"); name != "" && name != "size" {
				require.Contains(t, known[m.name].Tags, name, m.name)
			}
		}
	}
	require.Len(t, seen, len(known))
	for _, c := range c.checks {
		require.Contains(t, datadog.Checks(), c.Name)
	}
	t.Logf("%d series of one service, with all there is", len(series))
	require.Less(t, len(series), 100, "series are billed: twice those of one size")
}

// TestNamesAreThoseOfPrometheus demands one name for one thing.
func TestNamesAreThoseOfPrometheus(t *testing.T) {
	o, err := prometheus.NewObserver(nil)
	require.NoError(t, err)
	for _, d := range decisions(t) {
		o.Decision(t.Context(), &d)
		o.Report(t.Context(), &adapters.Report{Time: d.Time})
	}
	h, err := prometheus.NewHandler(o)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var there []string
	for line := range strings.Lines(w.Body.String()) {
		if words := strings.Fields(line); words[1] == "TYPE" {
			there = append(there, strings.Replace(strings.TrimSuffix(words[2], "_total"), "_", ".", 1))
		}
	}
	require.NotEmpty(t, there)
	for _, name := range there {
		known := slices.ContainsFunc(datadog.Metrics(), func(m datadog.Metric) bool { return m.Name == name })
		require.True(t, known || name == "headroom.decision_timestamp_seconds", "%s: points have a time in Datadog", name)
	}
}

func TestReport(t *testing.T) {
	var c fakeClient
	o := newObserver(t, &c)
	d := decisions(t)[30]
	less := d
	less.Replicas--
	for _, row := range []struct {
		name   string
		r      adapters.Report
		status statsd.ServiceCheckStatus
		want   string
	}{
		{"well", adapters.Report{Mode: adapters.ModeAct, Decision: d}, statsd.Ok, ""},
		{"applied", adapters.Report{Mode: adapters.ModeAct, Decision: less, Applied: true}, statsd.Ok, ""},
		{"in a dry run nothing is", adapters.Report{Mode: adapters.ModeDryRun, Decision: less}, statsd.Ok, ""},
		{"not applied", adapters.Report{Mode: adapters.ModeAct, Decision: less, Err: errors.New("forbidden\nby someone")}, statsd.Critical, "the decision was not applied: forbidden by someone"},
		{"an input failed", adapters.Report{Mode: adapters.ModeAct, Decision: d, Err: errors.New("HTTP 500")}, statsd.Warn, "HTTP 500"},
		{"no decision", adapters.Report{Mode: adapters.ModeAct, Err: errors.New(strings.Repeat("x", 999))}, statsd.Critical, "no decision: xxx"},
	} {
		c.forget()
		row.r.Time = minute(5)
		o.Report(t.Context(), &row.r)
		require.Len(t, c.checks, 1)
		require.Equal(t, "headroom.tick", c.checks[0].Name)
		require.Equal(t, row.status, c.checks[0].Status, row.name)
		require.True(t, strings.HasPrefix(c.checks[0].Message, row.want), c.checks[0].Message)
		require.Less(t, len(c.checks[0].Message), 320)
		require.Equal(t, minute(5), c.checks[0].Timestamp)
		require.Equal(t, base, strings.Join(c.checks[0].Tags, ","))
	}
	c.forget()
	stale := d
	stale.Stale = true
	o.Decision(t.Context(), &d)
	o.Decision(t.Context(), &stale)
	require.Equal(t, []statsd.ServiceCheckStatus{statsd.Ok, statsd.Warn}, []statsd.ServiceCheckStatus{c.checks[0].Status, c.checks[1].Status})
	require.NotEmpty(t, c.checks[1].Message)
}

// TestAnEventForEachChange demands that there is one for each, with its reason, and none while nobody carries it out.
func TestAnEventForEachChange(t *testing.T) {
	var c fakeClient
	o := newObserver(t, &c)
	all := decisions(t)
	changes := 0
	for _, d := range all {
		before := len(c.events)
		o.Decision(t.Context(), &d)
		if d.Change() == 0 {
			require.Len(t, c.events, before)
			continue
		}
		changes++
		require.Len(t, c.events, before+1)
		e := c.events[before]
		require.Equal(t, fmt.Sprintf("shop: %d -> %d replicas", d.Ready+d.Starting, d.Replicas), e.Title)
		require.Equal(t, d.Explain().String(), e.Text)
		require.Equal(t, d.Time, e.Timestamp)
		require.Equal(t, "headroom:eu:shop", e.AggregationKey)
		require.Contains(t, strings.Join(e.Tags, ","), base)
		require.Contains(t, e.Tags, datadog.ChangeTag)
		require.Equal(t, map[slog.Level]statsd.EventAlertType{slog.LevelInfo: statsd.Info, slog.LevelWarn: statsd.Warning, slog.LevelError: statsd.Error}[d.Level()], e.AlertType)
	}
	require.Greater(t, changes, 1)

	c.forget()
	d := all[30]
	d.Ready, d.Starting, d.Replicas = 10, 0, 12
	same := d
	same.Ready, same.Starting = 8, 2
	still := d
	still.Replicas = 10
	more := d
	more.Replicas = 13
	for i, step := range []struct {
		d    scaler.Decision
		sent int
	}{{d, 1}, {d, 1}, {same, 1}, {more, 2}, {d, 3}, {still, 3}, {d, 4}} {
		o.Decision(t.Context(), &step.d)
		require.Len(t, c.events, step.sent, "decision %d", i)
	}
}

func TestAForecastFarAheadIsSentWhenItIsNear(t *testing.T) {
	var c fakeClient
	o := newObserver(t, &c)
	d := decisions(t)[30]
	d.Lead = 15 * time.Minute
	began := d.Time
	ahead := func(minutes int) (at []time.Time) {
		c.forget()
		d.Time = began.Add(time.Duration(minutes) * time.Minute)
		o.Decision(t.Context(), &d)
		for _, m := range c.metrics {
			if m.name == "headroom.demand_forecast" {
				at = append(at, m.at)
			}
		}
		return slices.Compact(at)
	}
	for i := range 6 {
		require.Empty(t, ahead(i), "more than nine minutes ahead")
	}
	require.Equal(t, []time.Time{began.Add(15 * time.Minute)}, ahead(6))
	require.Equal(t, []time.Time{began.Add(16 * time.Minute)}, ahead(7))
	var want []time.Time // nothing was decided for a while
	for i := 2; i <= 7; i++ {
		want = append(want, began.Add(time.Duration(15+i)*time.Minute))
	}
	require.Equal(t, want, ahead(20))
}

func TestErrorsOfTheClient(t *testing.T) {
	var log bytes.Buffer
	c := &fakeClient{err: errors.New("full")}
	o, err := datadog.NewObserver(datadog.ObserverConfig{Statsd: c, Service: "shop", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	d := decisions(t)[30]
	for range 3 {
		o.Decision(t.Context(), &d)
		require.EqualError(t, o.Err(), "full")
	}
	require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), "when it begins: %s", &log)
	c.err = nil
	o.Decision(t.Context(), &d)
	require.NoError(t, o.Err())
	c.err = statsd.ErrNoClient
	o.Decision(t.Context(), &d)
	require.Equal(t, 2, strings.Count(log.String(), "level=ERROR"))
	require.NotPanics(t, func() { newObserver(t, (*statsd.Client)(nil)).Decision(t.Context(), &d) })
}

func TestObserverConfigFaults(t *testing.T) {
	for want, cfg := range map[string]datadog.ObserverConfig{
		"statsd":                    {Service: "shop"},
		"service":                   {Statsd: &fakeClient{}},
		`"service:a,b"`:             {Statsd: &fakeClient{}, Service: "a,b"},
		`cluster is "cluster:e\nu"`: {Statsd: &fakeClient{}, Service: "shop", Cluster: "e\nu"},
		`tags[1] is "a|b"`:          {Statsd: &fakeClient{}, Service: "shop", Tags: []string{"ok:1", "a|b"}},
		`tags[0] is ""`:             {Statsd: &fakeClient{}, Service: "shop", Tags: []string{""}},
		`tags[0] is "policy:x"`:     {Statsd: &fakeClient{}, Service: "shop", Tags: []string{"policy:x"}},
		"at most 200 bytes":         {Statsd: &fakeClient{}, Service: strings.Repeat("x", 200)},
	} {
		_, err := datadog.NewObserver(cfg)
		require.ErrorContains(t, err, want)
	}
}

// TestTagsCannotBreakOut demands that no name of anything can end a tag or a line.
func TestTagsCannotBreakOut(t *testing.T) {
	d := decisions(t)[30]
	rapid.Check(t, func(rt *rapid.T) {
		var c fakeClient
		o := newObserver(t, &c)
		d.Signal, d.Leader, d.Sizing.Swing = rapid.String().Draw(rt, "signal"), rapid.String().Draw(rt, "leader"), rapid.String().Draw(rt, "size")
		o.Decision(context.Background(), &d)
		for _, m := range c.metrics {
			if strings.ContainsAny(m.tags, "|\n\r") || strings.Count(m.tags, ",") > 6 {
				rt.Fatalf("tags %q", m.tags)
			}
		}
	})
}
