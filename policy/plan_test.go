package policy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sure returns a row in which demand is certain, in replicas.
func sure(demand float64) Curve {
	var c Curve
	q := make([]float64, len(levels))
	for i := range q {
		q[i] = demand
	}
	c.Set(levels, q, 1)
	return c
}

func rowsOf(demand ...float64) []Curve {
	rows := make([]Curve, len(demand))
	for i, d := range demand {
		rows[i] = sure(d)
	}
	return rows
}

// steady is demand d in every step of a plan, and spike at some of them.
func steady(d float64, spike float64, at ...int) []float64 {
	out := make([]float64, Horizon+1)
	for i := range out {
		out[i] = d
	}
	for _, i := range at {
		out[i] = spike
	}
	return out
}

func TestPlanOfCertainDemand(t *testing.T) {
	p := Plan{Penalty: 20, Boot: 2, Slack: 0.4}
	for _, c := range []struct {
		name      string
		demand    []float64
		low, high int
	}{
		{"steady", steady(5, 0), 5, 5},
		{"a spike when an order arrives is ordered for now", steady(5, 9, 2), 9, 9},
		{"a later one is not yet", steady(5, 9, 8), 5, 5},
		{"what serves now and is needed again before it could boot anew is kept", steady(5, 9, 0, 3), 5, 9},
		{"a spike that an order would miss is not ordered for", steady(5, 9, 0, 1), 5, 9},
		{"nothing is needed", steady(0, 0), 0, 0},
		{"growth", []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 3, 3},
		{"decline", []float64{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0}, 7, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, Band{c.low, c.high}, p.Band(rowsOf(c.demand...)))
		})
	}
}

// A spike that costs less unserved than a boot and its run costs is left unserved.
func TestPlanDeclinesWhatDoesNotPay(t *testing.T) {
	rows := rowsOf(steady(5, 5.1, 4)...) // a tenth of a replica for one step: worth 2 at a penalty of 20
	require.Equal(t, 5, (&Plan{Penalty: 20, Boot: 4, Slack: 0.4}).Band(rows).Low, "it costs 1 to run and 4 to boot")
	require.Equal(t, 6, (&Plan{Penalty: 200, Boot: 4, Slack: 0.4}).Band(rows).Low)
}

// bestOf enumerates every on/off path of one replica and returns the value of the best that begins on, and off.
func bestOf(p *Plan, use []float64, h int, on bool, orderedFor int) float64 {
	last := len(use) - 1
	if h > last {
		end := 0.0
		if p.Penalty*use[last] > 1 {
			end = float64(p.Boot)
		}
		if on || orderedFor >= 0 {
			return end
		}
		return 0
	}
	if on {
		gain := p.Penalty*use[h] - 1
		return gain + max(bestOf(p, use, h+1, true, -1), bestOf(p, use, h+1, false, -1))
	}
	if orderedFor >= 0 { // booting: pays nothing more until it serves
		if h == orderedFor {
			return bestOf(p, use, h, true, -1)
		}
		return bestOf(p, use, h+1, false, orderedFor)
	}
	// Off: stay off for this step, or order now (the boot is paid) for step h+Boot.
	wait := bestOf(p, use, h+1, false, -1)
	return max(wait, bestOf(p, use, h, false, h+p.Boot)-float64(p.Boot))
}

func TestPlanValuesAgainstEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{Penalty: rapid.Float64Range(1.5, 40).Draw(t, "penalty"), Boot: rapid.IntRange(1, 4).Draw(t, "boot"), Slack: 0.4}
		n := rapid.IntRange(p.Boot+1, 7).Draw(t, "rows")
		rows := make([]Curve, n)
		use := make([]float64, n)
		for h := range rows {
			rows[h] = sure(rapid.SampledFrom([]float64{0, 0.02, 0.3, 1, 3}).Draw(t, "demand"))
			use[h] = rows[h].Use(1)
		}
		on0, off0, _, _ := p.values(rows, 1)
		require.InDelta(t, bestOf(&p, use, 0, true, -1), on0, 1e-9)
		require.InDelta(t, bestOf(&p, use, 0, false, -1), off0, 1e-9)
	})
}

// Order and keep must be thresholds in the replica, or bisection finds the wrong one.
func TestPlanDecisionsAreThresholds(t *testing.T) { rapid.Check(t, planDecisionsAreThresholds) }

func planDecisionsAreThresholds(t *rapid.T) {
	p := Plan{Penalty: rapid.Float64Range(1.5, 100).Draw(t, "penalty"), Boot: rapid.IntRange(0, 6).Draw(t, "boot"), Slack: 0.4}
	rows := make([]Curve, Horizon+1)
	most := 0
	for h := range rows {
		require.True(t, rows[h].Set(levels, drawQuantiles(t), 10))
		most = max(most, rows[h].Most())
	}
	b := p.Band(rows)
	require.LessOrEqual(t, b.Low, b.High)
	for k := 1; k <= most+1; k++ {
		require.Equal(t, k <= b.Low, p.order(rows, k), "order of replica %d, band %v", k, b)
		if k > b.Low {
			require.Equal(t, k <= b.High, p.keep(rows, k), "keeping replica %d, band %v", k, b)
		}
	}
}

// What idles in a valley between two crowds is kept exactly as long as that costs no more than to boot anew, or what is
// ordered now would come too late.
func TestAPlanAcrossAValley(t *testing.T) {
	for boot := 1; boot <= 6; boot++ {
		for valley := 0; valley < Horizon-1; valley++ {
			demand := steady(9, 0)
			for h := range valley {
				demand[h] = 5
			}
			p := Plan{Penalty: 20, Boot: boot, Slack: 0.4}
			b := p.Band(rowsOf(demand...))
			want := 9
			if valley > boot {
				want = 5
			}
			require.Equal(t, want, b.High, "boot %d, valley %d", boot, valley)
			if valley != boot {
				continue
			}
			require.Equal(t, 9, b.Low, "boot %d: it is ordered for the end of the valley", boot)
		}
	}
}

// An exact tie never moves: a replica that earns exactly its boot and its run is not ordered, and one that costs exactly as
// much to keep as to boot anew is kept.
func TestATiedPlanNeverMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Plan{Boot: rapid.IntRange(1, 6).Draw(t, "boot")}
		base := rapid.IntRange(0, 50).Draw(t, "base")
		rows := rowsOf(steady(float64(base), float64(base)+rapid.Float64Range(0.1, 1).Draw(t, "part"), p.Boot)...)
		// A crowd of one step that is worth exactly the boot and the step.
		use, worth := rows[p.Boot].Use(base+1), float64(p.Boot+1)
		p.Penalty = worth / use
		for float64(p.Penalty*use) > worth {
			p.Penalty = math.Nextafter(p.Penalty, 0)
		}
		for float64(p.Penalty*use) < worth {
			p.Penalty = math.Nextafter(p.Penalty, math.Inf(1))
		}
		if float64(p.Penalty*use) != worth {
			t.Skip("no penalty ties")
		}
		require.Equal(t, base, p.Band(rows).Low, "penalty %v", p.Penalty)
		p.Penalty *= 1.001
		require.Equal(t, base+1, p.Band(rows).Low, "and a little more moves it")

		p.Penalty = 20
		tie := steady(float64(base+4), 0)
		for h := range p.Boot {
			tie[h] = float64(base)
		}
		require.Equal(t, base+4, p.Band(rowsOf(tie...)).High, "a valley as long as the boot")
	})
}

func FuzzPlanDecisionsAreThresholds(f *testing.F) { f.Fuzz(rapid.MakeFuzz(planDecisionsAreThresholds)) }
