package compat

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
)

// rule is what all rules of the package have in common.
type rule interface {
	Recommend(now time.Time, values []float64, fleet Fleet) Decision
	State(c *state.Codec)
	Reset()
}

// ruleMakers are rules with something in every ring.
func ruleMakers(t require.TestingT) map[string]func() rule {
	return map[string]func() rule{
		"kube legacy": func() rule { return newKubeHPA(t, `{"maxReplicas":60,`+kubeAverage+`}`) },
		"kube behavior": func() rule {
			return newKubeHPA(t, `{"behavior":{"scaleUp":{"stabilizationWindowSeconds":60}},"scaleToZero":true,`+kubeAverage+`}`)
		},
		"kube utilization": func() rule { return newKubeHPA(t, `{"behavior":{},`+kubeCPU+`}`) },
		"kpa":              func() rule { return newKPA(t, `{"scale-down-delay":"30s"}`) },
		"kpa weighted":     func() rule { return newKPA(t, `{"weighted":true,"max-scale":30}`) },
		"wpa": func() rule {
			return newWPA(t, `{"upscaleDelayAboveWatermarkSeconds":30,"downscaleDelayBelowWatermarkSeconds":30,"downscaleForbiddenWindowSeconds":20,"convergeTowardsWatermark":"highwatermark",`+watermarks+`}`)
		},
		"target tracking": func() rule {
			return newTracking(t, `{"TargetValue":40,"ScaleInCooldown":60,"MaxSize":60,"scale_in_periods":2,"period":"20s","EstimatedInstanceWarmup":60}`)
		},
		"step scaling": func() rule { return newStepScaling(t, `{"Cooldown":60,`+stepPolicies+`}`) },
		"lcp": func() rule {
			l, err := NewLCP(LCPConfig{Capacity: 50, Step: Duration(15 * time.Second), Min: 1, Max: 40})
			require.NoError(t, err)
			return l
		},
		"schedule": func() rule {
			return newSchedule(t, "Europe/Berlin", `{"windows":[{"start":"09:55","end":"10:05","min":8,"max":12,"ramp_up":"5m"}]}`)
		},
	}
}

// drawn is one call of a rule.
type drawn struct {
	now   time.Time
	value float64
	fleet Fleet
}

func drawCalls(t *rapid.T, n int) []drawn {
	calls := make([]drawn, n)
	sec := 0.0
	for i := range calls {
		sec += rapid.Float64Range(0, 40).Draw(t, "wait")
		value := rapid.Float64Range(-100, 3000).Draw(t, "value")
		if value < 0 {
			value = math.NaN()
		}
		calls[i] = drawn{at(sec), value, Fleet{rapid.IntRange(0, 40).Draw(t, "ready"), rapid.IntRange(0, 10).Draw(t, "starting")}}
	}
	return calls
}

func TestRulesGoOnFromASnapshot(t *testing.T) {
	for name, fresh := range ruleMakers(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				calls := drawCalls(t, 40)
				cut := rapid.IntRange(0, len(calls)).Draw(t, "cut")
				one, two := fresh(), fresh()
				for _, c := range calls[:cut] {
					one.Recommend(c.now, []float64{c.value}, c.fleet)
				}
				w := state.NewWriter(nil)
				one.State(&w)
				require.NoError(t, w.Err())
				r := state.NewReader(w.Bytes())
				two.State(&r)
				require.NoError(t, r.Err())
				require.Empty(t, r.Bytes())
				for _, c := range calls[cut:] {
					require.Equal(t, one.Recommend(c.now, []float64{c.value}, c.fleet), two.Recommend(c.now, []float64{c.value}, c.fleet))
				}

				// Cut anywhere it is refused; damaged anywhere it is refused or harmless.
				damaged := append([]byte(nil), w.Bytes()...)
				short := state.NewReader(damaged[:rapid.IntRange(0, len(damaged)-1).Draw(t, "short")])
				fresh().State(&short)
				require.ErrorIs(t, short.Err(), state.ErrShort)
				damaged[rapid.IntRange(0, len(damaged)-1).Draw(t, "place")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
				r = state.NewReader(damaged)
				three := fresh()
				three.State(&r)
				for _, c := range calls {
					requireCount(t, three.Recommend(c.now, []float64{c.value}, c.fleet))
				}
			})
		})
	}
}

func requireCount(t require.TestingT, d Decision) {
	require.GreaterOrEqual(t, d.Count, 0)
	require.LessOrEqual(t, d.Count, math.MaxInt32)
	require.NotEqual(t, "unknown", d.Reason.String())
	require.NotEqual(t, ReasonNone, d.Reason)
}

func TestRulesForgetWhenReset(t *testing.T) {
	for name, fresh := range ruleMakers(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				unused, used := fresh(), fresh()
				for _, c := range drawCalls(t, 20) {
					used.Recommend(c.now.Add(time.Hour), []float64{c.value}, c.fleet)
				}
				used.Reset()
				for _, c := range drawCalls(t, 20) {
					require.Equal(t, unused.Recommend(c.now, []float64{c.value}, c.fleet), used.Recommend(c.now, []float64{c.value}, c.fleet))
				}
			})
		})
	}
}

func TestRulesIgnoreAClockThatGoesBack(t *testing.T) {
	for name, fresh := range ruleMakers(t) {
		t.Run(name, func(t *testing.T) {
			one, two := fresh(), fresh()
			fleet := Fleet{Ready: 5, Starting: 1}
			for s := range 100 {
				v := []float64{float64(s * 37 % 500)}
				one.Recommend(at(float64(10*s)), v, fleet)
				two.Recommend(at(float64(10*s)), v, fleet)
			}
			for _, now := range []time.Time{at(989), at(-1e6), {}, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)} {
				require.Equal(t, Decision{6, ReasonClock}, one.Recommend(now, []float64{1e6}, fleet))
			}
			for s := 99; s < 130; s++ { // the same time again is a time like any other
				v := []float64{float64(s * 41 % 500)}
				require.Equal(t, two.Recommend(at(float64(10*s)), v, fleet), one.Recommend(at(float64(10*s)), v, fleet))
			}
		})
	}
}

func TestRulesSurviveAnything(t *testing.T) {
	for name, fresh := range ruleMakers(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r, now := fresh(), start
				for range 30 {
					now = now.Add(time.Duration(rapid.Int64Range(-1e9, 1e14).Draw(t, "wait")))
					count := rapid.SampledFrom([]int{0, 1, 2, 7, 1000, math.MaxInt32 / 2})
					requireCount(t, r.Recommend(now, []float64{rapid.Float64().Draw(t, "value")},
						Fleet{count.Draw(t, "ready"), count.Draw(t, "starting")}))
				}
			})
		})
	}
}

func TestRulesAllocateNothing(t *testing.T) {
	for name, fresh := range ruleMakers(t) {
		r, values, s := fresh(), []float64{0}, 0
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			s++
			values[0] = float64(s * 7919 % 997)
			r.Recommend(at(float64(s)), values, Fleet{Ready: 1 + s%13, Starting: s % 3})
		}), name)
	}
}

func TestSnapshotsWithImpossibleCountsAndTimesAreRefused(t *testing.T) {
	w := newExtremes(2, false)
	w.add(5, 7)
	for name, damage := range map[string]func(*extremes){
		"count of -1":      func(w *extremes) { w.counts[0] = -1 },
		"no clock reaches": func(w *extremes) { w.at[1] = math.MaxInt64 },
		"begins or ends":   func(w *extremes) { w.first = 2 },
		"ends outside":     func(w *extremes) { w.used = 3 },
	} {
		bad := extremes{at: append([]int64(nil), w.at...), counts: append([]int32(nil), w.counts...), used: w.used}
		damage(&bad)
		c := state.NewWriter(nil)
		bad.state(&c)
		r := state.NewReader(c.Bytes())
		got := newExtremes(2, false)
		got.state(&r)
		require.ErrorContains(t, r.Err(), name)
		require.LessOrEqual(t, 0, got.with(0))
	}
	n := -3
	c := state.NewWriter(nil)
	tally(&c, &n)
	r := state.NewReader(c.Bytes())
	tally(&r, &n)
	require.ErrorContains(t, r.Err(), "count of -3")
	require.Zero(t, n)
}

func TestReasonsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range numReasons {
		require.NotEmpty(t, r.String())
		require.False(t, seen[r.String()], "%s twice", r)
		seen[r.String()] = true
	}
	require.Equal(t, "unknown", numReasons.String())
	b, err := json.Marshal(Decision{3, ReasonPanic})
	require.NoError(t, err)
	require.JSONEq(t, `{"count":3,"reason":"panic"}`, string(b))
}

func TestDurationIsText(t *testing.T) {
	var d Duration
	require.NoError(t, json.Unmarshal([]byte(`"90s"`), &d))
	require.Equal(t, 90*time.Second, d.Std())
	b, err := json.Marshal(d)
	require.NoError(t, err)
	require.Equal(t, `"1m30s"`, string(b))
	require.ErrorContains(t, json.Unmarshal([]byte(`"90"`), &d), "wanted text")
	require.Error(t, json.Unmarshal([]byte(`90`), &d))
}

// slowExtremes keeps everything.
type slowExtremes struct {
	at, count []int
}

func TestExtremesEqualTheirTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lowest := rapid.Bool().Draw(t, "lowest")
		w, twin := newExtremes(30, lowest), slowExtremes{}
		now := 0
		for range 30 { // no more than there is room for
			now += rapid.IntRange(0, 5).Draw(t, "wait")
			oldest := now - rapid.IntRange(10, 12).Draw(t, "window")
			n := rapid.IntRange(0, 20).Draw(t, "count")
			w.expire(int64(oldest))
			want := n
			keep := slowExtremes{}
			for i, a := range twin.at {
				if a < oldest {
					continue
				}
				keep.at, keep.count = append(keep.at, a), append(keep.count, twin.count[i])
				if lowest {
					want = min(want, twin.count[i])
				} else {
					want = max(want, twin.count[i])
				}
			}
			twin = keep
			require.Equal(t, want, w.with(n))
			w.add(int64(now), n)
			twin.at, twin.count = append(twin.at, now), append(twin.count, n)
		}
	})
}

func TestAFullWindowLetsTheOldestGo(t *testing.T) {
	w := newExtremes(3, false)
	for i, n := range []int{9, 8, 7, 6} {
		w.add(int64(i), n)
	}
	require.Equal(t, 8, w.with(0))
	w = newExtremes(2, false)
	for n := 9; n > 0; n-- { // counts of one time take one place
		w.add(int64(n/9)-1, n)
	}
	require.Equal(t, 9, w.with(0))
	c := newChanges(2, 100)
	for i := range 3 {
		c.add(int64(i), 1<<i)
	}
	require.Equal(t, 6, c.after(-1))
	c = newChanges(9, 100)
	for _, at := range []int64{0, 1, 100, 101} { // at 101 the first is too old, and its place is taken
		c.add(at, 1<<(at%7))
	}
	require.Equal(t, 1<<1+1<<2+1<<3, c.after(-1))
	require.Equal(t, 1<<2+1<<3, c.after(1))
}
