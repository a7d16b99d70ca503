package sim

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// equalScores compares every bit, NaN too.
func equalScores(t require.TestingT, want, got Scores, name string) {
	require.Equal(t, fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got), name)
	require.Equal(t, math.Float64bits(want.Cost), math.Float64bits(got.Cost), name)
	require.Equal(t, math.Float64bits(want.UnservedHours), math.Float64bits(got.UnservedHours), name)
}

func TestAStreamScoresAsItsTraceDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		step := rapid.SampledFrom([]time.Duration{15 * time.Second, time.Minute, 7 * time.Minute, time.Hour}).Draw(r, "step")
		tr := &Trace{Name: "x", Step: step}
		rng := rapid.Uint64().Draw(r, "seed")
		jitter := rapid.Bool().Draw(r, "jitter")
		now := at(0)
		for range rapid.IntRange(2, 700).Draw(r, "n") {
			rng = rng*6364136223846793005 + 1442695040888963407
			d := float64(rng >> 40 % 90)
			if rng>>33%17 == 0 {
				d = math.NaN()
			}
			tr.Times, tr.Demand, tr.Spelling = append(tr.Times, now), append(tr.Demand, d), append(tr.Spelling, "")
			now = now.Add(step)
			if jitter {
				now = now.Add(time.Duration(rng>>20%5) * time.Second)
			}
		}
		var events []forecast.Event
		for i := range rapid.IntRange(0, 4).Draw(r, "events") {
			start := at(int64(rapid.IntRange(0, 700).Draw(r, "start")) * int64(step/time.Second))
			events = append(events, forecast.Event{ID: fmt.Sprint(i), Kind: "spot", Start: start, Weight: 1})
		}
		o := Options{Capacity: rapid.SampledFrom([]float64{1, 3.3}).Draw(r, "capacity"), Penalty: 20, Announce: time.Hour,
			Boot:   time.Duration(rapid.IntRange(0, 900).Draw(r, "boot")) * time.Second,
			Lag:    time.Duration(rapid.SampledFrom([]int{0, 0, 10, 600, 1 << 20}).Draw(r, "lag")) * time.Second,
			Warmup: rapid.SampledFrom([]float64{0, 0.3, 0.9}).Draw(r, "warmup")}
		if rapid.Bool().Draw(r, "score from") {
			o.ScoreFrom = tr.Times[rapid.IntRange(0, tr.Len()-1).Draw(r, "from")].Add(-1)
		}
		names := StreamPolicies()
		cfg, err := EngineConfig(scaler.Config{}, tr, o)
		require.NoError(r, err)
		if cfg.WithDefaults().Validate() != nil { // a lag of days, which an engine refuses
			names = names[1:]
		}
		whole := Case{Trace: tr, Events: events, Options: o, Config: cfg}
		long := whole
		long.Trace = tr.Stream().Ends()
		got, err := CompareStream(context.Background(), tr.Stream(), long, names)
		require.NoError(r, err)
		for i, name := range names {
			want, err := whole.Play(context.Background(), name)
			require.NoError(r, err)
			equalScores(r, want.Scores, got.Results[i].Scores, name)
		}
	})
}

func TestOpenStreamReadsWhatOpenTraceDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv.gz")
	for _, text := range []string{
		"timestamp,value\n60,30\n120,\n300,70\n360.5,80\n420.5,60\n2020-01-01T00:00:00Z,1\n",
		"timestamp,value\n60,30\n120,1\n",
		"a,b\n1970-01-01T00:00:00Z,1\n1970-01-01T00:00:10Z,2\n1970-01-01T00:00:25Z,0\n1970-01-01T00:00:35Z,9\n",
	} {
		require.NoError(t, os.WriteFile(path, zipped(t, strings.ReplaceAll(text, "2020-01-01T00:00:00Z", "1970-01-01T09:00:00Z")), 0o600))
		tr, err := OpenTrace(path)
		require.NoError(t, err)
		s, err := OpenStream(path)
		require.NoError(t, err)
		want := tr.Stream()
		for range 2 {
			i := 0
			require.NoError(t, s.Each(func(at time.Time, d float64) error {
				require.Equal(t, tr.Times[i], at)
				require.Equal(t, math.Float64bits(tr.Demand[i]), math.Float64bits(d), "step %d", i)
				i++
				return nil
			}))
			require.Equal(t, tr.Len(), i)
		}
		want.Each, s.Each = nil, nil
		require.Equal(t, want, s)
	}
	for text, want := range map[string]string{
		"timestamp,value\n60,1\n":              ":2: the trace ends after 1 rows",
		"timestamp,value\n60,1\n60,1\n":        `:3: timestamp "60" is not after line 2's`,
		"timestamp,value\n0,1\n1,1\n99999999,": ":4: holes make more than 10000000 steps of 1s",
	} {
		require.NoError(t, os.WriteFile(path, zipped(t, text), 0o600))
		_, err := OpenStream(path)
		require.ErrorContains(t, err, path+want)
	}
}

// What a stream keeps does not grow with it: ten times the steps play in the same memory.
func TestAStreamAllocatesNothingPerStep(t *testing.T) {
	broken := errors.New("over")
	stream := func(n int) *Stream {
		return &Stream{Name: "x", Step: time.Minute, Steps: n, First: at(0), Last: at(int64(n-1) * 60), Peak: 20,
			Each: func(yield func(at time.Time, demand float64) error) error {
				for i := range n {
					if err := yield(at(int64(i)*60), float64(i%20)); err != nil {
						return err
					}
				}
				return nil
			}}
	}
	allocated := func(n int) float64 {
		s := stream(n)
		c := Case{Trace: s.Ends(), Options: Options{Capacity: 1, Boot: 2 * time.Minute, Penalty: 20}}
		var err error
		c.Config, err = EngineConfig(scaler.Config{}, c.Trace, c.Options)
		require.NoError(t, err)
		return testing.AllocsPerRun(1, func() {
			_, err := CompareStream(context.Background(), s, c, StreamPolicies())
			require.NoError(t, err)
		})
	}
	require.InDelta(t, allocated(3000), allocated(30000), 200)

	s := stream(100)
	c := Case{Trace: s.Ends(), Options: Options{Capacity: 1, Penalty: 20}}
	_, err := CompareStream(context.Background(), s, c, []string{KubeHPABest})
	require.ErrorContains(t, err, `policy "hpa_best" cannot be had of a stream; wanted some of headroom,hpa,`)
	c.Options.Drain = time.Minute
	_, err = CompareStream(context.Background(), s, c, []string{KubeHPA})
	require.ErrorContains(t, err, "simple plant alone")
	c.Options.Drain = 0
	s.Each = func(func(at time.Time, demand float64) error) error { return broken }
	_, err = CompareStream(context.Background(), s, c, []string{KubeHPA})
	require.ErrorIs(t, err, broken)
	s.Each = func(func(at time.Time, demand float64) error) error { return nil }
	_, err = CompareStream(context.Background(), s, c, []string{KubeHPA})
	require.ErrorContains(t, err, "0 steps; wanted 100, as when it was opened")
}
