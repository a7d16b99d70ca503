package fit

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// trace reads a real demand trace from ../shared/traces, or skips the test.
func trace(t testing.TB, name string) History {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "traces", name+".csv*"))
	if len(files) == 0 {
		t.Skipf("the trace is absent: ../shared/traces/%s", name)
	}
	tr, err := sim.OpenTrace(files[0])
	require.NoError(t, err)
	samples := make([]forecast.Sample, len(tr.Times))
	for i := range samples {
		samples[i] = forecast.Sample{Time: tr.Times[i], Value: tr.Demand[i]}
	}
	h, err := NewHistory(forecast.Duration(tr.Step), samples)
	require.NoError(t, err)
	return h
}

func periods(s []Season) []time.Duration {
	out := []time.Duration{}
	for _, v := range s {
		out = append(out, v.Period.Std())
	}
	return out
}

// planted is a history of n steps with seasons of two harmonics, noise, single gaps and a long one.
func planted(n int, second, size, gaps float64, seed uint64, periods ...int) History {
	rng := rand.New(rand.NewPCG(seed, 1))
	h := History{Step: forecast.Duration(time.Second), Values: make([]float64, n)}
	for i := range h.Values {
		var z float64
		for _, p := range periods {
			a := 2 * math.Pi * float64(i) / float64(p)
			z += size * (math.Sin(a) + second*math.Sin(2*a+1))
		}
		h.Values[i] = 100 * math.Exp(0.3*z+0.2*rng.NormFloat64())
		if rng.Float64() < gaps || i > 1000 && i < 1000+int(1000*gaps) {
			h.Values[i] = math.NaN()
		}
	}
	return h
}

// What two seasons have in common beats: a weak line at a common multiple is no season that holds them both.
func TestSeasonsThatBeat(t *testing.T) {
	got, err := Seasons(planted(4000, 0.5, 1, 0, 0xe2, 24, 153))
	require.NoError(t, err)
	require.Len(t, got, 2, "%v", got)
	require.InDelta(t, 24, got[0].Period.Std().Seconds(), 0.5)
	require.InDelta(t, 153, got[1].Period.Std().Seconds(), 3)
}

// Two seasons of any shape, with noise and gaps, are found, and nothing else.
func TestSeasonsFindsWhatWasPlanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 4000
		short := rapid.IntRange(6, 40).Draw(t, "short")
		// Not a multiple: what a season of 10 and one of 20 have in common is a matter of names.
		long := short*rapid.IntRange(3, 6).Draw(t, "times") + rapid.IntRange(short/3, 2*short/3).Draw(t, "rest")
		one := rapid.Bool().Draw(t, "one season")
		second := rapid.Float64Range(0, 0.8).Draw(t, "second harmonic")
		size := rapid.Float64Range(1, 1.3).Draw(t, "size") // 1 is 1.5 times the noise; much larger ones make lines of their own by beating
		gaps := rapid.Float64Range(0, 0.2).Draw(t, "gaps")
		periods := []int{short, long}
		if one {
			periods = periods[:1]
		}
		h := planted(n, second, size, gaps, rapid.Uint64().Draw(t, "seed"), periods...)
		got, err := Seasons(h)
		require.NoError(t, err)
		require.Len(t, got, len(periods), "%v", got)
		for i, p := range periods {
			require.InDelta(t, p, got[i].Period.Std().Seconds(), math.Max(0.5, float64(p*p)/(2*n)), "%v", got)
			require.Positive(t, got[i].Strength)
			require.LessOrEqual(t, got[i].Strength, 1.0)
		}
	})
}

func TestSeasonsOfClassicSeries(t *testing.T) {
	known := classics(t)
	for name, want := range map[string][]time.Duration{
		"AirPassengers": {12 * time.Second}, "nottem": {12 * time.Second}, "co2": {12 * time.Second}, "USAccDeaths": {12 * time.Second},
		"Nile": {}, "WWWusage": {},
	} {
		got, err := Seasons(History{Step: forecast.Duration(time.Second), Values: known[name].Y})
		require.NoError(t, err)
		require.Equal(t, want, periods(got), name)
	}
	got, err := Seasons(History{Step: forecast.Duration(30 * time.Minute), Values: known["taylor"].Y})
	require.NoError(t, err)
	require.Equal(t, []time.Duration{24 * time.Hour, 7 * 24 * time.Hour}, periods(got), "taylor: 48 and 336 half hours")
}

func TestSeasonsOfRealDemand(t *testing.T) {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	for name, want := range map[string][]time.Duration{
		"nab_nyc_taxi":          {day, week},
		"tvads_pl_visits_1h":    {day, week},
		"bank_calls_5m":         {day},            // nights are gaps: half a day would fold into nearly the same
		"twitter_stream_1m_a":   {time.Hour, day}, // plateaus near :00 and :30, not the same ones every half hour
		"nab_asg_cpu_misconfig": {time.Hour},
		"azure_func2021_126_1m": {},
		"nab_ec2_cpu_ac20cd":    {},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Seasons(trace(t, name))
			require.NoError(t, err)
			require.Equal(t, want, periods(got), "%v", got)
		})
	}
}

// Noise of any memory, up to a random walk, has no season.
func TestSeasonsOfNoise(t *testing.T) {
	for _, memory := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
		found := 0
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 7))
			h := History{Step: forecast.Duration(time.Minute), Values: make([]float64, 1500)}
			z := 0.0
			for i := range h.Values {
				z = memory*z + rng.NormFloat64()
				h.Values[i] = math.Exp(0.1 * z)
			}
			got, err := Seasons(h)
			require.NoError(t, err)
			found += len(got)
		}
		require.LessOrEqual(t, found, 1, "memory %v", memory)
		t.Logf("memory %v: %d", memory, found)
	}
}

// Demand in other units has the same seasons.
func TestSeasonsDoNotDependOnTheUnit(t *testing.T) {
	h := History{Step: forecast.Duration(time.Hour), Values: make([]float64, 24*28)}
	rng := rand.New(rand.NewPCG(3, 3))
	for i := range h.Values {
		h.Values[i] = math.Exp(math.Sin(2*math.Pi*float64(i)/24) + 0.3*rng.NormFloat64())
	}
	want, err := Seasons(h)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{24 * time.Hour}, periods(want))
	for i := range h.Values {
		h.Values[i] *= 1 << 20
	}
	got, err := Seasons(h)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestSeasonsSaysWhatIsWrong(t *testing.T) {
	step := forecast.Duration(time.Minute)
	_, err := Seasons(History{Step: step, Values: slices.Repeat([]float64{1}, 23)})
	require.EqualError(t, err, "history of 23 values; wanted at least 24 to look for seasons")
	_, err = Seasons(History{Values: make([]float64, 100)})
	require.EqualError(t, err, "history: Step 0s; wanted a positive duration")
	_, err = Seasons(History{Step: step, Values: []float64{1, -2}})
	require.ErrorContains(t, err, "Values[1]: -2; wanted demand")
	for _, v := range []float64{0, 5} {
		got, err := Seasons(History{Step: step, Values: slices.Repeat([]float64{v}, 500)})
		require.NoError(t, err)
		require.Empty(t, got, "a constant")
	}
}
