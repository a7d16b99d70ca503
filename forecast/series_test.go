package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 3, 2, 8, 0, 13, 0, time.UTC) // off the minute on purpose: the grid follows the data

func at(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

func TestSeriesSteps(t *testing.T) {
	type add struct {
		s, v float64
		want Verdict
	}
	nan := math.NaN()
	for _, c := range []struct {
		name string
		adds []add
		mean []float64 // closed steps from 0 on, after advancing to the end of the newest sample's step
	}{
		{"one sample a step", []add{{0, 1, Accepted}, {60, 2, Accepted}, {120, 3, Accepted}}, []float64{1, 2, 3}},
		{"several samples a step are averaged", []add{{0, 1, Accepted}, {10, 2, Accepted}, {20, 6, Accepted}, {60, 5, Accepted}}, []float64{3, 5}},
		{"a missing step is a gap", []add{{0, 1, Accepted}, {180, 4, Accepted}}, []float64{1, nan, nan, 4}},
		{"an early sample belongs to its step", []add{{0, 1, Accepted}, {53, 2, Accepted}, {120, 3, Accepted}}, []float64{1, 2, 3}},
		{"a very early one does not", []add{{0, 1, Accepted}, {52, 3, Accepted}, {120, 3, Accepted}}, []float64{2, nan, 3}},
		{"the same time replaces", []add{{0, 1, Accepted}, {0, 7, Replaced}, {60, 2, Accepted}}, []float64{7, 2}},
		{"out of order inside a step", []add{{30, 1, Accepted}, {40, 3, Accepted}, {35, 2, Accepted}}, []float64{2}},
		{"the newest sample is replaced, not the latest to come", []add{{30, 1, Accepted}, {40, 3, Accepted}, {35, 2, Accepted}, {40, 6, Replaced}}, []float64{3}},
		{"late into a gap fills it", []add{{0, 1, Accepted}, {120, 3, Accepted}, {60, 2, Filled}}, []float64{1, 2, 3}},
		{"late onto a value is a duplicate", []add{{0, 1, Accepted}, {60, 2, Accepted}, {0, 9, Duplicate}}, []float64{1, 2}},
		{"before the first sample", []add{{0, 1, Accepted}, {-600, 2, Old}, {60, 2, Accepted}}, []float64{1, 2}},
		{"a known gap", []add{{0, 1, Accepted}, {60, nan, Accepted}, {120, 3, Accepted}}, []float64{1, nan, 3}},
		{"a known gap gives way to values", []add{{0, nan, Accepted}, {10, 4, Accepted}}, []float64{4}},
		{"a late known gap fills nothing", []add{{0, 1, Accepted}, {120, 3, Accepted}, {60, nan, Duplicate}}, []float64{1, nan, 3}},
		{"a clock years ahead", []add{{0, 1, Accepted}, {400 * 86400, 2, Far}, {60, 2, Accepted}}, []float64{1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := NewSeries(time.Minute, 8)
			for _, a := range c.adds {
				require.Equal(t, a.want, s.Add(at(a.s), a.v), "sample %v at %v s", a.v, a.s)
			}
			newest, _ := s.Newest()
			s.Advance(newest.Add(time.Minute))
			got := make([]float64, s.Last()+1)
			for k := range got {
				got[k], _ = s.At(int64(k))
			}
			requireSame(t, c.mean, got)
		})
	}
}

// requireSame compares with NaN equal to NaN.
func requireSame(t testing.TB, want, got []float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.IsNaN(want[i]) && math.IsNaN(got[i]) {
			continue
		}
		require.Equal(t, want[i], got[i], "element %d of %v", i, got)
	}
}

func TestSeriesPeakIsTheLargestSample(t *testing.T) {
	s := NewSeries(time.Minute, 8)
	for i, v := range []float64{2, 9, 4} {
		s.Add(at(float64(10*i)), v)
	}
	require.True(t, s.Advance(at(60)))
	mean, peak := s.At(0)
	require.Equal(t, 5., mean)
	require.Equal(t, 9., peak)
}

func TestSeriesClosesOnlyWhatIsOver(t *testing.T) {
	s := NewSeries(time.Minute, 8)
	s.Add(at(0), 1)
	require.False(t, s.Advance(at(52)), "the step lasts until 7.5 s before the next nominal start")
	require.Equal(t, int64(-1), s.Last())
	require.True(t, s.Advance(at(53)))
	require.False(t, s.Advance(at(600)), "a step that never had a sample may still get one")
	require.Equal(t, int64(0), s.Last())
}

// slowSeries is the obvious twin of Series: it keeps everything.
type slowSeries struct {
	step   time.Duration
	origin time.Time
	newest time.Time
	cells  map[int64][]Sample
	late   map[int64]float64
	last   int64
	begun  bool
}

func (s *slowSeries) index(t time.Time) int64 {
	return int64(math.Floor(float64(t.Sub(s.origin)+s.step/earlyPart) / float64(s.step)))
}

func (s *slowSeries) close(before int64) {
	top := s.last
	for k := range s.cells {
		if k < before && k > top {
			top = k
		}
	}
	s.last = top
}

func (s *slowSeries) add(t time.Time, v float64) {
	if !s.begun {
		s.begun, s.origin, s.newest, s.last = true, t, t, -1
		s.cells, s.late = map[int64][]Sample{0: {{t, v}}}, map[int64]float64{}
		return
	}
	if t.Sub(s.newest) > time.Duration(maxJump) {
		return
	}
	k := s.index(t)
	if k > s.last {
		s.close(k)
		s.last = max(s.last, k-1)
		for i, x := range s.cells[k] {
			if t.Equal(s.newest) && x.Time.Equal(t) {
				s.cells[k][i].Value = v
				return
			}
		}
		s.cells[k] = append(s.cells[k], Sample{t, v})
		if t.After(s.newest) {
			s.newest = t
		}
		return
	}
	if _, ok := s.late[k]; k >= 0 && !ok && !math.IsNaN(v) && math.IsNaN(s.at(k)) {
		s.late[k] = v
	}
}

func (s *slowSeries) at(k int64) float64 {
	var sum float64
	n := 0
	for _, x := range s.cells[k] {
		if !math.IsNaN(x.Value) {
			sum, n = sum+x.Value, n+1
		}
	}
	if n > 0 {
		return sum / float64(n)
	}
	if v, ok := s.late[k]; ok {
		return v
	}
	return math.NaN()
}

func checkTwin(t interface {
	Helper()
	Fatalf(string, ...any)
}, n int, moves []byte) {
	t.Helper()
	fast := NewSeries(time.Minute, n)
	slow := &slowSeries{step: time.Minute, last: -1}
	now := t0
	for i := 0; i+1 < len(moves); i += 2 {
		now = now.Add(time.Duration(int8(moves[i])) * 7 * time.Second)
		v := float64(moves[i+1])
		if moves[i+1] == 255 {
			v = math.NaN()
		}
		switch moves[i+1] {
		case 254: // time passes
			if slow.begun {
				slow.close(slow.index(now))
			}
			fast.Advance(now)
		default:
			// The twin forgets nothing; keep late samples within what the ring remembers.
			if fast.begun && fast.Index(now) <= fast.Last()-int64(n) {
				continue
			}
			slow.add(now, v)
			fast.Add(now, v)
		}
		if fast.Last() != slow.last {
			t.Fatalf("move %d: newest closed step is %d, the twin has %d", i/2, fast.Last(), slow.last)
		}
		for k := max(0, fast.Last()-int64(n)+1); k <= fast.Last(); k++ {
			got, peak := fast.At(k)
			want := slow.at(k)
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9 {
				t.Fatalf("move %d: step %d is %v, the twin has %v", i/2, k, got, want)
			}
			if peak < got-1e-9 {
				t.Fatalf("move %d: step %d has peak %v below its mean %v", i/2, k, peak, got)
			}
		}
	}
}

func TestSeriesAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "remembered")
		checkTwin(t, n, rapid.SliceOfN(rapid.Byte(), 2, 80).Draw(t, "moves"))
	})
}

func FuzzSeries(f *testing.F) {
	f.Add(byte(4), []byte{0, 1, 9, 2, 9, 3, 200, 4, 100, 5, 9, 255, 9, 254})
	f.Fuzz(func(t *testing.T, n byte, moves []byte) { checkTwin(t, 1+int(n%16), moves) })
}

// What is not believed is a gap that a late sample may fill, unless that is not believed either; what was said is known.
func TestSeriesWithoutWhatIsNotBelieved(t *testing.T) {
	s := NewSeries(time.Minute, 8)
	require.True(t, math.IsNaN(s.Said()), "nothing yet")
	step := func(k int, values ...float64) float64 {
		for i, v := range values {
			s.Add(at(float64(60*k+10*i)), v)
		}
		s.Advance(at(float64(60*k + 60)))
		mean, peak := s.At(int64(k))
		require.Equal(t, math.IsNaN(mean), math.IsNaN(peak))
		return mean
	}
	require.Zero(t, step(0, 0), "all is believed")
	s.Disbelieve(2)
	require.Equal(t, 3., step(1, 0, 6), "it is the step that counts, not the sample")
	require.Equal(t, 3., s.Said())
	require.True(t, math.IsNaN(step(2, 1, 3)), "the limit itself is not believed")
	require.Equal(t, 2., s.Said())
	newest, _ := s.NewestNumber()
	require.True(t, at(130).Equal(newest), "it has been heard of")
	require.Equal(t, Duplicate, s.Add(at(120), 0))
	require.Equal(t, 2., s.Said())
	require.Equal(t, Filled, s.Add(at(120), 9))
	require.Equal(t, 9., s.Said())
	require.True(t, math.IsNaN(step(3, 1)))
	s.Add(at(360), 5)
	require.True(t, math.IsNaN(s.Said()), "a gap says nothing")
	s.Disbelieve(-1)
	require.Zero(t, step(7, 0))
	require.Zero(t, s.Said())
}
