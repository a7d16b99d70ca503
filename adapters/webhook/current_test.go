package webhook_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/forecast"
)

// gauge is a server with one value that is true now, and a Current that asks it.
type gauge struct {
	text  string
	now   time.Time
	asked int
	*webhook.Current
}

func newGauge(t require.TestingT, change func(c *webhook.CurrentConfig)) *gauge {
	g := &gauge{text: `{"value":12}`, now: minute(0)}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.asked++
		says(200, g.text)(w, r)
	})
	cfg := webhook.CurrentConfig{Step: time.Minute, Endpoint: webhook.Endpoint{
		URL: "http://shop/queue", Token: token, Client: &http.Client{Transport: direct{handler}}, Clock: func() time.Time { return g.now },
	}}
	if change != nil {
		change(&cfg)
	}
	var err error
	g.Current, err = webhook.NewCurrent(cfg)
	require.NoError(t, err)
	return g
}

// at reads what is known of the last hour at a time.
func (g *gauge) at(now time.Time) ([]forecast.Sample, error) {
	g.now = now
	return g.Read(context.Background(), nil, now.Add(-time.Hour), now)
}

func TestCurrentIsTheIntervalThatHasEnded(t *testing.T) {
	g := newGauge(t, nil)
	got, err := g.at(minute(3).Add(5 * time.Second))
	require.NoError(t, err)
	require.Equal(t, []forecast.Sample{{Time: minute(2), Value: 12}}, got, "and nothing of what was before")

	g.text = `{"value":99}`
	again, err := g.at(minute(3).Add(50 * time.Second))
	require.NoError(t, err)
	require.Equal(t, got, again, "what an interval is, it remains")
	require.Equal(t, 1, g.asked)

	got, err = g.at(minute(4))
	require.NoError(t, err)
	require.Equal(t, []forecast.Sample{{Time: minute(2), Value: 12}, {Time: minute(3), Value: 99}}, got)

	g.text = `{"value":0}`
	got, err = g.at(minute(7).Add(time.Second)) // nobody asked for two minutes
	require.NoError(t, err)
	require.Equal(t, []forecast.Sample{{Time: minute(2), Value: 12}, {Time: minute(3), Value: 99}, {Time: minute(6), Value: 0}}, got)
}

func TestCurrentKnowsNothingOfOtherTimes(t *testing.T) {
	g := newGauge(t, nil)
	g.now = minute(10)
	for _, to := range []time.Time{minute(8), minute(12), minute(10).Add(-time.Hour)} {
		got, err := g.Read(t.Context(), nil, to.Add(-time.Hour), to)
		require.NoError(t, err)
		require.Empty(t, got)
	}
	got, err := g.Read(t.Context(), nil, minute(10), minute(10))
	require.NoError(t, err)
	require.Empty(t, got)
	require.Zero(t, g.asked)
	got, err = g.Read(t.Context(), nil, minute(0), minute(9)) // within a step: a Runner with a delay
	require.NoError(t, err)
	require.Equal(t, []forecast.Sample{{Time: minute(8), Value: 12}}, got)
}

func TestCurrentThatFailsIsNoSample(t *testing.T) {
	g := newGauge(t, nil)
	_, err := g.at(minute(1))
	require.NoError(t, err)
	g.text = "broken"
	dst := []forecast.Sample{{Time: minute(99), Value: 9}}
	g.now = minute(2)
	got, err := g.Read(t.Context(), dst, minute(0), minute(2))
	require.ErrorContains(t, err, "webhook current value: answer \"broken\"")
	require.Equal(t, dst, got)
	g.text = `{"value":1}`
	got, err = g.at(minute(2).Add(time.Second))
	require.NoError(t, err)
	require.Len(t, got, 2, "the interval may still be asked for")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = g.Read(ctx, nil, minute(0), minute(3))
	require.ErrorIs(t, err, context.Canceled)
}

func TestCurrentForgets(t *testing.T) {
	g := newGauge(t, func(c *webhook.CurrentConfig) { c.Keep = 10 * time.Minute })
	for i := range 30 {
		got, err := g.at(minute(i))
		require.NoError(t, err)
		require.Len(t, got, min(i+1, 10))
	}
}

func TestCurrentReadsPlaces(t *testing.T) {
	nan := math.NaN()
	cases := []struct {
		text, place string
		want        float64
		err         string
	}{
		{`{"value": 12}`, "value", 12, ""},
		{`{"value": 12.5e1}`, "value", 125, ""},
		{`{"value": "12.5"}`, "value", 12.5, ""},
		{`{"value": null}`, "value", nan, ""},
		{`{"queues":[{"length":1},{"length":2}]}`, "queues.1.length", 2, ""},
		{`{"a.b":{"1":7}}`, `a\.b.1`, 7, ""},
		{`[3,4]`, "1", 4, ""},
		{`{"value": "NaN"}`, "value", 0, `value is "NaN"; wanted a finite number, with or without quotes, or null for a gap`},
		{`{"value": "12k"}`, "value", 0, `value is "12k"; wanted a finite number`},
		{`{"value": true}`, "value", 0, `value is true; wanted a finite number`},
		{`{"value": {"x":1}}`, "value", 0, `value is {"x":1}; wanted a finite number`},
		{`{"value": 1e999}`, "value", 0, `value is 1e999; wanted a finite number`},
		{`{"values": 12}`, "value", 0, `answer "{\"values\": 12}" has no value; wanted a value at value`},
		{`{"a":{"b":1}}`, "a.c.d", 0, `has no a.c; wanted a value at a.c.d`},
		{`{"a":[1]}`, "a.1", 0, `has no a.1; wanted a value at a.1`},
		{`{"a":[1]}`, "a.-1", 0, `has no a.-1; wanted a value at a.-1`},
		{`{"a":null}`, "a.b", 0, `has no a.b; wanted a value at a.b`},
		{`12`, "value", 0, `answer "12" has no value`},
		{`{"value": 12`, "value", 0, `breaks off: unexpected EOF`},
		{``, "value", 0, `answer of 0 bytes, "", breaks off: unexpected EOF`},
		{`{"value": {token}}`, "value", 0, `answer that cannot be read, and repeats a secret`},
	}
	for _, c := range cases {
		t.Run(c.text+" "+c.place, func(t *testing.T) {
			g := newGauge(t, func(cfg *webhook.CurrentConfig) { cfg.Value = c.place })
			g.text = c.text
			got, err := g.at(minute(1))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				requireDiscreet(t, err.Error())
				require.Empty(t, got)
				return
			}
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.True(t, got[0].Value == c.want || math.IsNaN(c.want) && math.IsNaN(got[0].Value), "%v", got)
		})
	}
}

// A cache may keep an answer for as long as it likes: with a time of its own it does not become the present.
func TestCurrentWithATimeOfItsOwn(t *testing.T) {
	g := newGauge(t, func(c *webhook.CurrentConfig) { c.Time = "at" })
	say := func(v float64, at time.Time) {
		g.text = fmt.Sprintf(`{"value":%v,"at":%q}`, v, at.Format(time.RFC3339))
	}
	say(5, minute(3).Add(2*time.Second))
	for _, now := range []time.Time{minute(3).Add(5 * time.Second), minute(4), minute(9)} {
		got, err := g.at(now)
		require.NoError(t, err)
		require.Equal(t, []forecast.Sample{{Time: minute(2), Value: 5}}, got)
	}
	say(6, minute(9).Add(30*time.Second))
	got, err := g.at(minute(9).Add(10 * time.Second)) // its clock is ahead
	require.NoError(t, err)
	require.Equal(t, forecast.Sample{Time: minute(8), Value: 6}, got[1])
	say(7, minute(12))
	_, err = g.at(minute(10))
	require.ErrorContains(t, err, `at is "2024-03-04T20:12:00Z", 2m0s ahead of this clock; wanted the past`)
	g.text = `{"value":8}`
	_, err = g.at(minute(10))
	require.ErrorContains(t, err, "has no at; wanted a value at at")
	g.text = `{"value":8,"at":null}`
	_, err = g.at(minute(10))
	require.ErrorContains(t, err, "at is null; wanted RFC 3339")
}

// Whatever the times of reading: an interval has one value for ever, which was true within a step of its end.
func TestCurrentNeverChangesThePast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGauge(t, nil)
		now := minute(0)
		known := map[time.Time]float64{}
		for i := range rapid.IntRange(1, 50).Draw(t, "reads") {
			now = now.Add(time.Duration(rapid.IntRange(-20, 150).Draw(t, "seconds")) * time.Second)
			g.text = fmt.Sprintf(`{"value":%d}`, i)
			got, err := g.at(now)
			require.NoError(t, err)
			for j, s := range got {
				require.False(t, s.Time.Add(time.Minute).After(now), "partial")
				require.True(t, j == 0 || s.Time.After(got[j-1].Time))
				if old, ok := known[s.Time]; ok {
					require.Equal(t, old, s.Value)
					continue
				}
				require.Equal(t, float64(i), s.Value)
				require.Less(t, now.Sub(s.Time), 2*time.Minute)
				known[s.Time] = s.Value
			}
		}
	})
}

func TestNewCurrentReportsEveryFault(t *testing.T) {
	for _, place := range []string{".", "a..b", "a.", `a\`, "a.#", "a|b", "a.#(x>1)"} {
		_, err := webhook.NewCurrent(webhook.CurrentConfig{Endpoint: webhook.Endpoint{URL: "http://shop"}, Value: place, Time: place, Step: time.Hour, Keep: time.Minute})
		require.ErrorContains(t, err, "config: 3 faults: value is ", place)
		require.ErrorContains(t, err, "wanted names and indexes with dots between them, such as queues.0.length | time is ", place)
		require.ErrorContains(t, err, "keep is 1m0s; wanted a step or more")
	}
	_, err := webhook.NewCurrent(webhook.CurrentConfig{})
	require.EqualError(t, err, `config: 2 faults: endpoint.url is ""; wanted an address such as https://shop/headroom, without user, password and fragment | step is 0s; wanted more than 0s`)
}
