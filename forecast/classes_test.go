package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// slowFrom returns a slow clock of one-hour steps whose first step begins at t on the local clock, for a day ahead.
func slowFrom(t time.Time, cfg Config) *slow {
	cfg.Step = Duration(time.Hour)
	cfg.Bin = Duration(time.Hour)
	cfg.Seasons = cfg.Seasons.WithDefaults()
	s := newSlow(&cfg, []int64{24})
	_, offset := t.Zone()
	s.zone(t.Unix() + int64(offset))
	return s
}

func TestClassesOfDays(t *testing.T) {
	christmas := Date{2026, 12, 25}
	s := slowFrom(time.Date(2026, 12, 21, 0, 0, 0, 0, time.FixedZone("", 3*3600)), Config{Holidays: []Date{{2027, 1, 1}, christmas}})
	want := []int64{workday, workday, workday, workday, sunday, saturday, sunday, workday, workday, workday, workday, sunday}
	for day, class := range want {
		for _, hour := range []int{0, 12, 23} {
			require.Equal(t, class, s.classOf(int64(24*day+hour)), "day %d of Monday 21 December, %d h", day, hour)
		}
	}
	before := slowFrom(time.Date(1969, 12, 27, 0, 0, 0, 0, time.UTC), Config{})
	require.Equal(t, int64(saturday), before.classOf(0), "before 1970 too")
	require.Equal(t, int64(sunday), before.classOf(24))
	require.Equal(t, int64(workday), before.classOf(48))
	half := slowFrom(time.Date(2026, 12, 26, 0, 0, 0, 0, time.UTC), Config{Seasons: Seasons{Main: Duration(12 * time.Hour), Long: Duration(24 * time.Hour)}})
	require.Equal(t, int64(workday), half.classOf(0), "only days have classes")
}

func TestClassesLearnApartAndBorrow(t *testing.T) {
	p := newClasses(&bins{main: 4})
	_, share, ok := p.at(workday, 0)
	require.False(t, ok)
	require.Equal(t, 1.0, share)
	p.update(workday, 0, 100, 1.5)
	p.update(saturday, 0, 40, 0.5)
	v, share, ok := p.at(sunday, 0)
	require.True(t, ok, "never seen: the mean of the others")
	require.InDelta(t, 70, v, 1e-4)
	require.InDelta(t, 1, share, 1e-4)
	p.update(sunday, 0, 10, 0.1)
	v, _, _ = p.at(sunday, 0)
	require.InDelta(t, 10, v, 1e-4, "its own from the first visit on")
	p.update(sunday, 0, 20, 0.1)
	v, _, _ = p.at(sunday, 0)
	require.InDelta(t, 15, v, 1e-4, "the second counts half")
	for range 300 {
		p.update(sunday, 0, 50, 0.2)
	}
	v, share, _ = p.at(sunday, 0)
	require.InDelta(t, 50, v, 1e-3)
	require.InDelta(t, 0.2, share, 1e-3)
	p.update(sunday, 0, 60, 0.2)
	v, _, _ = p.at(sunday, 0)
	require.InDelta(t, 50+10*classGain, v, 1e-3, "an old hand moves by its gain")
	v, _, _ = p.at(workday, 0)
	require.InDelta(t, 100, v, 1e-4)
}
