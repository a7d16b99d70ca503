package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Events of which the start is known to half a minute teach the shape of their responses all the same: one that lasts much
// longer than a TV spot's must not be taken for a spot of enormous size.
func TestUncertainEventsTeachTheirShape(t *testing.T) {
	f := New(Config{Leads: []Duration{Duration(3 * time.Minute)}, MaxEvents: 8})
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	const base, airings = 50., 24
	start := func(k int) time.Time { // where it really starts, up to 24 s off
		return begin.Add(time.Duration(k)*time.Hour + time.Duration(k*17%49-24)*time.Second)
	}
	truth := func(at time.Time) float64 {
		v := base
		for k := 1; k <= airings; k++ {
			if m := at.Sub(start(k)).Minutes(); m > 0 {
				v += 3 * base * (m / 2) * math.Exp(1-m/2)
			}
		}
		return v
	}
	var rows []float64
	for i := range airings*60 + 6 {
		now := begin.Add(time.Duration(i) * time.Minute)
		if i%60 == 30 {
			next := i/60 + 1
			require.NoError(t, f.Announce(Event{ID: string(rune('a' + next)), Start: begin.Add(time.Duration(next) * time.Hour), Window: 30 * time.Second}))
		}
		f.Observe(now, truth(now.Add(30*time.Second)))
		if ahead := i - airings*60; ahead >= -2 && ahead <= 4 {
			at := now.Add(3 * time.Minute)
			rows = f.Quantiles(rows, now.Add(time.Minute), []time.Duration{2 * time.Minute})
			want := truth(at.Add(30 * time.Second))
			require.Less(t, rows[14], 4*want, ".9 quantile at %s, where %v comes", at.Format(time.TimeOnly), want)
			if ahead > 0 {
				continue // the bins are as long as a spot's response, and this one is not over when they end
			}
			require.Greater(t, rows[17], 0.8*want, ".95 quantile at %s, where %v comes", at.Format(time.TimeOnly), want)
		}
	}
}
