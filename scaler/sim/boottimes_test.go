package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBootTimesOfQuantiles(t *testing.T) {
	var b BootTimes
	require.NoError(t, b.UnmarshalText([]byte("60s:0.5,120s:0.9,300s:0.99")))
	for share, want := range map[float64]time.Duration{
		0: time.Minute, .5: time.Minute, .7: 90 * time.Second, .9: 2 * time.Minute, .945: 210 * time.Second, .99: 5 * time.Minute, 1: 5 * time.Minute,
	} {
		require.Equal(t, want, b.At(share), "share %v", share)
	}
}

func TestBootTimesOfALogNormal(t *testing.T) {
	var b BootTimes
	require.NoError(t, b.UnmarshalText([]byte("lognormal:60s,180s")))
	require.Equal(t, time.Minute, b.At(.5))
	require.Equal(t, 3*time.Minute, b.At(.95))
	require.Equal(t, 20*time.Second, b.At(.05))
	require.Equal(t, b.At(.001), b.At(0), "no start serves at once")
	require.Equal(t, b.At(.999), b.At(1))
	// exp(3.0902323 * ln(3)/1.6448536) minutes.
	require.InDelta(t, 7.8774, b.At(1).Minutes(), 1e-3)
}

func TestBootTimesRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"60s":                  `wanted quantiles such as "60s:0.5,120s:0.9", or "lognormal:60s,180s"`,
		"60s:x":                "wanted quantiles",
		"60:0.5":               "wanted quantiles",
		"60s:0.5,":             "wanted quantiles",
		"lognormal:60s":        "wanted quantiles",
		"lognormal:0s,0s":      "wanted quantiles",
		"lognormal:x,60s":      "wanted quantiles",
		"lognormal:60s,30s":    "0.95 quantile 30s: wanted the median, 1m0s, to",
		"lognormal:-1s,30s":    "median -1s: wanted 1ms to",
		"lognormal:0s,30s":     "median 0s: wanted 1ms to",
		"lognormal:60s,10000h": "0.95 quantile 10000h0m0s: wanted the median",
		"60s:0":                "share 0: wanted over 0 and at most 1",
		"60s:1.1":              "share 1.1: wanted over 0 and at most 1",
		"60s:NaN":              "share NaN: wanted over 0 and at most 1",
		"60s:0.5,70s:0.5":      "share 0.5: wanted over 0.5 and at most 1",
		"60s:0.5,50s:0.9":      "time 50s: wanted 1m0s to",
		"-1s:0.5":              "time -1s: wanted 0s to",
		"10000h:0.5":           "time 10000h0m0s: wanted 0s to",
	} {
		kept := BootTimes{Median: 1, P95: 2}
		require.ErrorContains(t, kept.UnmarshalText([]byte(text)), want, text)
		require.Equal(t, BootTimes{Median: 1, P95: 2}, kept)
	}
	require.ErrorContains(t, BootTimes{Quantiles: []BootQuantile{{1, 1}}, Median: 1}.Validate(), "wanted one of them")
	require.NoError(t, BootTimes{}.Validate())
}

func TestBootTimesAreTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b BootTimes
		second := func(name string, from int) time.Duration {
			return time.Duration(rapid.IntRange(from, from+1000).Draw(t, name)) * time.Second
		}
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 1:
			b.Median = second("median", 1)
			b.P95 = b.Median + second("more", 0)
		case 2:
			last := BootQuantile{}
			for range rapid.IntRange(1, 4).Draw(t, "points") {
				last.Share += rapid.Float64Range(.001, .25).Draw(t, "share")
				last.Time += second("time", 0)
				b.Quantiles = append(b.Quantiles, last)
			}
		}
		text, err := b.MarshalText()
		require.NoError(t, err)
		back := BootTimes{Median: 1}
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, b, back)
		if b.scattered() { // a quantile function rises
			x, y := rapid.Float64Range(0, 1).Draw(t, "x"), rapid.Float64Range(0, 1).Draw(t, "y")
			require.LessOrEqual(t, b.At(min(x, y)), b.At(max(x, y)))
			require.LessOrEqual(t, b.At(0), b.At(x))
		}
	})
}
