package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

// fixture makes the two files of testdata in M4's format: four series of our own, with a day, three of them with a week,
// of different length, level and noise.
func fixture() (train, test string) {
	rng := rand.New(rand.NewPCG(4, 48))
	lengths := []int{336, 420, 504, 250}
	longest := 504
	var a, b strings.Builder
	head := func(w *strings.Builder, n int) {
		for i := range n + 1 {
			if i > 0 {
				w.WriteByte(',')
			}
			fmt.Fprintf(w, `"V%d"`, i+1)
		}
		w.WriteByte('\n')
	}
	head(&a, longest)
	head(&b, m4Horizon)
	for i, n := range lengths {
		level := []float64{600, 45, 12000, 9}[i]
		noise := []float64{0.03, 0.15, 0.02, 0.3}[i]
		fmt.Fprintf(&a, `"H%d"`, i+1)
		fmt.Fprintf(&b, `"H%d"`, i+1)
		for h := range n + m4Horizon {
			x := 1 + 0.4*math.Sin(2*math.Pi*float64(h)/24) + 0.1*math.Cos(4*math.Pi*float64(h)/24) + noise*rng.NormFloat64()
			if i < 3 && h/24%7 >= 5 {
				x *= 0.7
			}
			w := &a
			if h >= n {
				w = &b
			}
			fmt.Fprintf(w, ",%.*f", min(i, 1), max(0, level*x))
		}
		a.WriteString(strings.Repeat(",", longest-n))
		a.WriteByte('\n')
		b.WriteByte('\n')
	}
	return a.String(), b.String()
}

func TestFixtureIsWhatItSays(t *testing.T) {
	train, test := fixture()
	golden(t, "Hourly-train.csv", train)
	golden(t, "Hourly-test.csv", test)
}

func TestReadM4(t *testing.T) {
	s, err := readM4("testdata")
	require.NoError(t, err)
	require.Len(t, s, 4)
	for i, n := range []int{336, 420, 504, 250} {
		require.Equal(t, fmt.Sprintf("H%d", i+1), s[i].id)
		require.Len(t, s[i].train, n)
		require.Len(t, s[i].test, m4Horizon)
	}

	// Files in another order, with NA for padding, a byte order mark, spaces and carriage returns.
	dir := t.TempDir()
	write(t, dir, "Hourly-train.csv", "\xef\xbb\xbfV1,V2\r\nB, 2 "+hours("", 25)[:50]+",NA,NA\r\n\"A\""+hours("", 30))
	write(t, dir, "Hourly-test.csv", "V1,V2\n"+hours("A", 48)+hours("B", 48))
	s, err = readM4(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"B", "A"}, []string{s[0].id, s[1].id})
	require.Len(t, s[0].train, 26)
	require.Equal(t, []float64{2, 1, 2, 3}, s[0].train[:4])
	require.Len(t, s[1].train, 30)
	require.Len(t, s[1].test, 48)
}

// repeater is a model whose quantile at level q of the step h steps ahead is the newest value + h + 10(q - 1/2): every
// figure that is made of its forecasts can be worked out by hand.
type repeater struct {
	series *forecast.Series
	newest float64
}

func newRepeater(step time.Duration) *repeater { return &repeater{series: forecast.NewSeries(step, 8)} }

func (r *repeater) Observe(t time.Time, v float64) forecast.Verdict {
	if verdict := r.series.Add(t, v); verdict > forecast.Replaced {
		return verdict
	}
	r.newest = v
	return forecast.Accepted
}

func (r *repeater) Advance(now time.Time)    { r.series.Advance(now) }
func (r *repeater) Series() *forecast.Series { return r.series }

func (r *repeater) Quantiles(dst []float64, now time.Time, leads []time.Duration) []float64 {
	dst = dst[:0]
	for _, l := range leads {
		h := float64(r.series.Index(now.Add(l)) - r.series.Last())
		for _, q := range forecast.Levels {
			dst = append(dst, r.newest+h+10*(q-0.5))
		}
	}
	return dst
}

func TestM4ByHand(t *testing.T) {
	s := m4Series{id: "H1"}
	for i := range 30 {
		s.train = append(s.train, float64(100+i)) // seasonalScale: 24
	}
	for h := range m4Horizon {
		y := 129 + float64(h+1) // what the repeater says
		if h%2 == 0 {
			y += 6 // and 1.25 above the .975 quantile
		}
		s.test = append(s.test, y)
	}
	f := forecastM4(newRepeater(time.Hour), &s)
	for h := range m4Horizon {
		require.InDelta(t, 129+float64(h+1), f.median[h], 1e-9, "hour %d", h+1)
		require.InDelta(t, 129+float64(h+1)-4.75, f.low[h], 1e-9)
		require.InDelta(t, 129+float64(h+1)+4.75, f.high[h], 1e-9)
	}
	r := scoreM4([]m4Series{s, s}, []m4Forecast{f, f})
	require.Equal(t, 2, r.Series)
	require.InDelta(t, 3./24, r.MASE, 1e-9)
	require.InDelta(t, (9.5+40*1.25/2)/24, r.MSIS, 1e-9)
	require.InDelta(t, 0.5, r.Coverage, 1e-9)
	var want float64
	for h := 1; h <= m4Horizon; h += 2 {
		want += 200. / m4Horizon * 6 / (2*(129+float64(h)) + 6)
	}
	require.InDelta(t, want, r.SMAPE, 1e-9)
	require.InDelta(t, (want/18.383+3./24/2.395)/2, r.OWA, 1e-9)
}

// A forecast must not know the hours it is asked for: it is the same whatever they are.
func TestM4LooksAtTrainingAlone(t *testing.T) {
	s, err := readM4("testdata")
	require.NoError(t, err)
	one := s[0]
	f, err := newM4Model(&one, variant{})
	require.NoError(t, err)
	want := forecastM4(f, &one)
	one.test = make([]float64, m4Horizon)
	f, err = newM4Model(&one, variant{})
	require.NoError(t, err)
	require.Equal(t, want, forecastM4(f, &one))
	for h := range m4Horizon {
		require.LessOrEqual(t, want.low[h], want.median[h])
		require.LessOrEqual(t, want.median[h], want.high[h])
	}
}
