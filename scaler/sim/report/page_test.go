package report

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// small is a case of a few hours with a hole and an event whose label is no friend of markup.
func small(t *testing.T) sim.Case {
	t.Helper()
	demand := make([]float64, 240)
	for i := range demand {
		demand[i] = float64(40 + i%60)
	}
	demand[17] = math.NaN()
	demand[200], demand[201] = 400, 300
	start := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.FixedZone("", 3600))
	tr, err := sim.NewTrace("shop </title><b>", start, time.Minute, demand)
	require.NoError(t, err)
	c := sim.Case{Trace: tr, Options: sim.DefaultOptions(tr), Events: []forecast.Event{{
		ID: "s1", Kind: "spot", Start: start.Add(200 * time.Minute), Duration: 30 * time.Second, Weight: 90,
		Labels: []forecast.Label{{Key: "network", Value: `</script><b>"north" & co</b>`}},
	}}}
	c.Options.Capacity = 10
	c.Config, err = sim.EngineConfig(scaler.Config{}, tr, c.Options)
	require.NoError(t, err)
	return c
}

// play compares policies and keeps what the engine says.
func play(t *testing.T, c sim.Case, names ...string) Page {
	t.Helper()
	log := NewLog(c.Trace)
	c.Decided = log.Decided
	result, err := sim.Compare(context.Background(), c, names)
	require.NoError(t, err)
	return Page{Comparison: result, Log: log}
}

func write(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.String()
}

func TestPayload(t *testing.T) {
	// The engine does not play: the file is to change with the format alone.
	p := play(t, small(t), sim.KubeHPA, sim.Clairvoyant)
	for i := 3; i < len(p.Log.low); i++ {
		p.Log.low[i], p.Log.middle[i], p.Log.high[i] = float64(i%7), float64(10+i%7), float64(30+i%3)
	}
	p.Log.changed = []int{4, 200}
	p.Log.texts = []string{"Order 2 replicas: 5 instead of 3.\nDemand is <high>.", "Release 2 replicas: 3 instead of 5.\nDemand is low & falls."}
	got, err := json.MarshalIndent(newPayload(p.Comparison, p.Log), "", " ")
	require.NoError(t, err)
	got = append(got, '\n')
	path := filepath.Join("testdata", "payload.json")
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestPayloadHoldsTheRun(t *testing.T) {
	c := small(t)
	p := play(t, c, sim.Headroom, sim.KubeHPA, sim.Clairvoyant)
	data := newPayload(p.Comparison, p.Log)
	require.Equal(t, "UTC+01:00", data.Zone)
	require.Equal(t, time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC).UnixMilli(), data.Start, "the clock of the trace")
	require.Equal(t, data.Start+200*60_000, data.Events[0].At)
	demand := unpackFloats(data.Demand)
	for i, d := range c.Trace.Demand {
		require.True(t, d == demand[i] || math.IsNaN(d) && math.IsNaN(demand[i]), "step %d", i)
	}
	for k, r := range p.Comparison.Results {
		ordered := unpackRuns(data.Policies[k].Ordered, data.N)
		ready := ordered
		if data.Policies[k].Ready != "" {
			ready = unpackRuns(data.Policies[k].Ready, data.N)
		}
		for i := range r.Ordered {
			require.EqualValues(t, r.Ordered[i], ordered[i])
			require.EqualValues(t, r.Ready[i], ready[i])
		}
	}
	require.Empty(t, data.Policies[2].Ready, "the optimum orders what is ready")

	// A reason for each change of the engine's count, and for nothing else.
	engine, _ := p.Comparison.Result(sim.Headroom)
	texts, at, changes := join(sentences{data.Words, ints(uvarints(data.Text))}), 0, 0
	gaps := uvarints(data.Changed)
	for i := 1; i < data.N; i++ {
		if engine.Ordered[i] != engine.Ordered[i-1] {
			at += int(gaps[changes])
			require.Equal(t, i, at)
			require.Equal(t, 2, strings.Count(texts[changes], "\n"), "three sentences")
			changes++
		}
	}
	require.Len(t, gaps, changes)
	require.Nil(t, p.Comparison.Case.Decided, "who plays the case again does not write into the log")
	require.Positive(t, changes)

	// The forecast stands where an order of the step would have served: boot and the step of the decision.
	for _, q := range data.Band {
		values := unpackMultiples(q, data.Quantum)
		require.Len(t, values, data.N)
		require.True(t, math.IsNaN(values[2]), "nobody decides at step 0, and the first order serves at step 1 + 2")
		require.False(t, math.IsNaN(values[3]))
	}
}

func ints(values []uint64) (out []int) {
	for _, v := range values {
		out = append(out, int(v))
	}
	return out
}

func TestTheForecastKeepsItsOrder(t *testing.T) {
	p := play(t, small(t), sim.Headroom)
	for i := range p.Log.low {
		require.False(t, p.Log.low[i] > p.Log.middle[i] || p.Log.middle[i] > p.Log.high[i], "step %d", i)
	}
}

func TestNothingBreaksOutOfThePage(t *testing.T) {
	page := write(t, play(t, small(t), sim.Headroom, sim.KubeHPA))
	require.Equal(t, 3, strings.Count(strings.ToLower(page), "</script"), "the ends of the page's own")
	require.Equal(t, 1, strings.Count(page, "</title>\n<style>"))
	require.False(t, strings.Contains(page, "shop </title>") || strings.Contains(page, "<b>\"north"))
	for _, id := range []string{"data", "results"} {
		text := regexp.MustCompile(`(?s)id="` + id + `">(.*?)</script>`).FindStringSubmatch(page)
		require.Len(t, text, 2)
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(text[1]), &v))
		require.Equal(t, "shop </title><b>", v["trace"])
	}
	var data payload
	text := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindStringSubmatch(page)[1]
	require.NoError(t, json.Unmarshal([]byte(text), &data))
	require.Equal(t, `spot, s1, network </script><b>"north" & co</b>, weight 90, lasts 30s`, data.Events[0].Label)
}

func TestThePageNeedsNothingElse(t *testing.T) {
	page := write(t, play(t, small(t), sim.Headroom))
	require.True(t, strings.Contains(page, "default-src 'none'"))
	require.True(t, strings.Contains(page, "The MIT License"))
	for _, outside := range []string{"<link", "<img", "<iframe", "@import", "url(http", "src=", "fetch(", "XMLHttpRequest"} {
		require.False(t, strings.Contains(page, outside), outside)
	}
}

func TestSameCaseSameBytes(t *testing.T) {
	once, again := write(t, play(t, small(t), sim.Policies()...)), write(t, play(t, small(t), sim.Policies()...))
	require.True(t, once == again)
}

func TestThePageWithoutAnEngine(t *testing.T) {
	c := small(t)
	c.Events = nil
	result, err := sim.Compare(context.Background(), c, []string{sim.KubeHPA})
	require.NoError(t, err)
	page := write(t, Page{Comparison: result})
	require.False(t, strings.Contains(page, "The engine cost"))
	require.True(t, strings.Contains(page, `<td>–</td>`), "what has no value")
}

func TestTableHasTheNumbersOfTheJSON(t *testing.T) {
	p := play(t, small(t), sim.Policies()...)
	v, err := p.view()
	require.NoError(t, err)
	text, err := json.Marshal(p.Comparison)
	require.NoError(t, err)
	var want struct{ Policies []map[string]any }
	require.NoError(t, json.Unmarshal(text, &want))
	require.Len(t, v.Rows, len(want.Policies))
	for i, row := range v.Rows {
		require.Equal(t, want.Policies[i]["name"], row.Name)
		require.NotEmpty(t, row.About, row.Name)
		for k, key := range []string{"ratio", "cost", "replica_hours", "unserved", "violation", "changes_per_day", "reversals_per_day", "event_unserved"} {
			var exact float64
			require.NoError(t, json.Unmarshal([]byte(row.Scores[k].Exact), &exact), key)
			require.Equal(t, want.Policies[i][key], exact, "%s of %s", key, row.Name)
		}
	}
	require.Equal(t, "1.000", v.Rows[1].Scores[0].Text)
}

func TestPenaltiesTradeHoursForDemand(t *testing.T) {
	c := small(t)
	got, err := Penalties(context.Background(), c, []float64{2, 20, 2000})
	require.NoError(t, err)
	for i, want := range []float64{2, 20, 2000} {
		require.Equal(t, want, got[i].Penalty)
	}
	p := play(t, c, sim.Headroom)
	require.Equal(t, p.Comparison.Results[0].Cost, got[1].Cost, "the same run at the penalty of the case")
	require.Less(t, got[0].ReplicaHours, got[2].ReplicaHours)
	require.Greater(t, got[0].UnservedHours, got[2].UnservedHours)
	_, err = Penalties(context.Background(), c, []float64{20, 0.5})
	require.Error(t, err, "an engine wants more than 1")
}
