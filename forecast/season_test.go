package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestProfileAveragesVisits(t *testing.T) {
	p := newProfile(3600, 600, 0.5)
	require.Len(t, p.bins, 6)
	p.update(0, 2)
	p.update(300, 4)
	_, known := p.value(0)
	require.False(t, known, "a visit that is not over has taught nothing")
	p.update(600, 10)
	v, known := p.value(599)
	require.True(t, known)
	require.Equal(t, 3., v)
	p.update(3600, 5) // the next hour, first bin: moves half way from 3 to 5
	p.update(4200, 0)
	v, _ = p.value(0)
	require.Equal(t, 4., v)
}

func TestProfileOfAPeriodShorterThanABin(t *testing.T) {
	p := newProfile(3600, 86400, 0.5)
	require.Len(t, p.bins, 1)
	require.Equal(t, 0, p.at(-1))
	require.Equal(t, 0, p.at(3599))
}

// An uneven width must still cover the period to its end.
func TestProfileBinsCoverThePeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		period := rapid.Int64Range(1, 700000).Draw(t, "period")
		p := newProfile(period, rapid.Int64Range(0, 4000).Draw(t, "width"), 0.5)
		sec := rapid.Int64Range(-10*period, 10*period).Draw(t, "second")
		b := p.at(sec)
		require.GreaterOrEqual(t, b, 0)
		require.Less(t, b, len(p.bins))
		require.Equal(t, b, p.at(sec+period))
		require.Equal(t, 0, p.at(0))
	})
}

// The twin keeps every value and applies the definition to each visit in turn.
func TestProfileAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newProfile(600, 60, 0.25)
		type visit struct {
			bin    int
			values []float64
		}
		var visits []visit
		sec := int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "updates") {
			sec += rapid.Int64Range(1, 90).Draw(t, "seconds")
			v := rapid.Float64Range(0, 100).Draw(t, "value")
			p.update(sec, v)
			if b := int(sec % 600 / 60); len(visits) == 0 || visits[len(visits)-1].bin != b {
				visits = append(visits, visit{bin: b})
			}
			last := &visits[len(visits)-1]
			last.values = append(last.values, v)
		}
		want, room := map[int]float64{}, map[int]float64{}
		for _, v := range visits[:len(visits)-1] {
			var sum float64
			for _, x := range v.values {
				sum += x
			}
			mean := sum / float64(len(v.values))
			if old, ok := want[v.bin]; ok {
				mean = old + 0.25*(mean-old)
			}
			want[v.bin] = mean
			// Each visit rounds to 16 bits, a 2048th at most, and takes three quarters of what was off along.
			room[v.bin] = 0.75*room[v.bin] + (mean+room[v.bin])/2048 + 1e-9
		}
		for b := range 10 {
			got, ok := p.value(int64(60 * b))
			w, known := want[b]
			require.Equal(t, known, ok, "bin %d", b)
			if known {
				require.InDelta(t, w, got, room[b], "bin %d", b)
			}
		}
	})
}
