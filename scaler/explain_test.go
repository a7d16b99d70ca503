package scaler

import (
	"encoding/json"
	"log/slog"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

func TestNumbersArePlain(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1e-9: "almost 0", 0.00123: "0.001", 0.0409: "0.041", 0.25: "0.25", 1.005: "1", 9.994: "9.99", 9.996: "10", 12.34: "12.3", 99.96: "100",
		280.4: "280", 999.4: "999", 999.6: "1 thousand", 1523: "1.52 thousand", 45_678: "45.7 thousand", 2.5e6: "2.5 million", 1e9: "1 billion", 3.4e13: "34 trillion",
	} {
		require.Equal(t, want, number(v))
	}
	require.Equal(t, "unknown", number(math.NaN()))
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.Float64Range(0, 9e14).Draw(rt, "v")
		digits := strings.Trim(strings.ReplaceAll(strings.Fields(number(v))[0], ".", ""), "0")
		require.True(rt, v < 0.0005 || len(digits) <= 3, "%v is %s", v, number(v))
	})
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{1: "a 1st", 2: "a 2nd", 3: "a 3rd", 4: "a 4th", 8: "an 8th", 11: "an 11th", 12: "a 12th", 13: "a 13th", 18: "an 18th", 21: "a 21st", 80: "an 80th", 111: "a 111th", 112: "a 112th", 122: "a 122nd", 800: "an 800th", 11000: "an 11000th"} {
		require.Equal(t, want, ordinal(n))
	}
	for d, want := range map[time.Duration]string{0: "0 seconds", time.Second: "1 second", 89 * time.Second: "89 seconds", time.Minute: "1 minute", 150 * time.Second: "3 minutes", time.Hour: "1 hour", 90 * time.Minute: "90 minutes", 48 * time.Hour: "2 days"} {
		require.Equal(t, want, span(d))
	}
}

// Every decision has three sentences that read: each is one, with a capital and a full stop, without what only a machine
// understands; and a machine gets them with the facts.
func TestEveryDecisionExplainsItself(t *testing.T) {
	jargon := regexp.MustCompile(`NaN|Inf|e\+|e-\d|%!|\bquantile|\bfractile|newsvendor|  |;;|: \.|: ;`)
	rapid.Check(t, func(rt *rapid.T) {
		cfg := drawConfig(rt)
		if rapid.Bool().Draw(rt, "guarded") {
			drawGuard(rt, &cfg)
		}
		cfg.Advice = rapid.Bool().Draw(rt, "advice")
		cfg.Policy = rapid.SampledFrom([]string{"", "", "band-wide", "hpa-70-5m"}).Draw(rt, "policy")
		l := newLoop(t, cfg)
		decisions := 0
		story(rt, l, func(f policy.Fleet, d *Decision) {
			if decisions++; decisions%50 == 0 && cfg.Guard.Reversals > 0 {
				l.engine.Pause(l.now.Add(5 * time.Minute))
			}
			x := d.Explain()
			require.NotContains(rt, x.String(), "The rule ", "each has its sentence")
			require.NotContains(rt, x.String(), "of  ", "no name is missing")
			for _, s := range []string{x.What, x.Why, x.Unless} {
				require.Regexp(rt, `^[A-Z].*[^.]\.$`, s)
				require.False(rt, jargon.MatchString(s), s)
				require.NotContains(rt, strings.TrimSuffix(s, "."), ". ", "one sentence")
			}
			if turn, ok := d.More(); ok {
				require.True(rt, turn.Demand > 0 && !math.IsInf(turn.Demand, 0), "%v", turn)
			}
			if turn, remain, ok := d.Less(); ok {
				require.True(rt, turn.Demand > 0 && !math.IsInf(turn.Demand, 0), "%v", turn)
				require.True(rt, remain >= 1 && remain < d.Advised)
			}
			if d.Event {
				require.NotEmpty(rt, d.Next.ID)
			}
			var sum float32
			for i, w := range d.Experts {
				require.True(rt, w.Weight >= 0 && (i == 0 || w.Weight <= d.Experts[i-1].Weight))
				sum += w.Weight
			}
			require.LessOrEqual(rt, sum, float32(1.0001))
			_, err := json.Marshal(d)
			require.NoError(rt, err)
		})
	})
}

// What is held until a time is released at that time, when nothing else keeps it.
func TestHeldUntilIsWhenItIsReleased(t *testing.T) {
	held := 0
	var l *loop
	var rng *rand.Rand
	for i := range 6000 {
		if i%600 == 0 {
			l = newLoop(t, Config{Hold: Duration(6 * time.Minute), Signals: []Signal{{Capacity: 10}}})
			rng = rand.New(rand.NewPCG(9, uint64(i)))
		}
		l.step(wave(rng, i))
		if l.d.Held == 0 {
			continue
		}
		held++
		require.Equal(t, policy.RuleHold, l.d.Steps()[len(l.d.Steps())-1].Rule)
		var before, then Decision
		require.NoError(t, l.engine.Peek(&before, l.now.Add(l.d.Held-time.Nanosecond), l.fleet()))
		require.NoError(t, l.engine.Peek(&then, l.now.Add(l.d.Held), l.fleet()))
		require.False(t, released(&before) < l.d.Replicas, "%s, before %v: %s", &l.d, l.d.Held, &before)
		for _, s := range then.Steps() {
			require.False(t, s.Rule == policy.RuleHold && s.After >= l.d.Replicas, "%s, after %v: %s", &l.d, l.d.Held, &then)
		}
	}
	require.Greater(t, held, 5)
}

// released is the count without staleness, which a look ahead without samples brings.
func released(d *Decision) int {
	n := d.Replicas
	for _, s := range d.Steps() {
		if s.Rule == policy.RuleStale {
			n = s.Before
		}
	}
	return n
}

func TestLevels(t *testing.T) {
	l := newLoop(t, Config{Max: 12, Signals: []Signal{{Capacity: 10}}})
	l.step(math.NaN())
	require.Equal(t, slog.LevelWarn, l.d.Level(), "no data")
	for range 200 {
		l.step(8)
	}
	require.Equal(t, slog.LevelDebug, l.d.Level(), "%s", &l.d)
	var d Decision
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 12}))
	require.Equal(t, slog.LevelInfo, d.Level(), "%s", &d)
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 2, Starting: 7}))
	require.Equal(t, slog.LevelWarn, d.Level(), "2 cannot carry 8")
	require.Contains(t, d.Explain().Why, "the 2 that serve now")
	require.NoError(t, l.engine.Peek(&d, l.now.Add(time.Hour), l.fleet()))
	require.Equal(t, slog.LevelWarn, d.Level(), "stale")
	doubted, _ := peakHour(t, Config{Signals: []Signal{{Capacity: 10}}, Guard: Guard{Doubt: Duration(time.Hour)}}, 5, func(int, float64) float64 { return 0 })
	require.Equal(t, slog.LevelWarn, doubted.d.Level(), "a fall that is doubted")
	frozen, _ := peakHour(t, Config{Signals: []Signal{{Capacity: 10}}, Windows: []Window{{Start: "12:00", End: "13:00", Freeze: "up"}}}, 10, func(_ int, v float64) float64 { return 3 * v })
	require.Equal(t, slog.LevelError, frozen.d.Level(), "what is needed may not be ordered")
	require.NoError(t, l.engine.Peek(&d, l.now.Add(-time.Minute), l.fleet()))
	require.Equal(t, slog.LevelWarn, d.Level(), "a clock that went back")
	for range 30 {
		l.step(30)
	}
	require.Equal(t, 12, l.d.Replicas)
	require.Equal(t, slog.LevelError, l.d.Level(), "12 replicas cannot carry 30: %s", &l.d)
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 12}))
	require.Contains(t, d.Explain().Why, "No more are allowed (max)")
}

func TestTheNearestEventIsNamed(t *testing.T) {
	zone := time.FixedZone("", 3600)
	l := newLoop(t, Config{})
	for range 60 {
		l.step(8)
	}
	for i, at := range []time.Duration{time.Minute, 3 * time.Minute, 6 * time.Minute, 48 * time.Hour} {
		require.NoError(t, l.engine.Announce(forecast.Event{ID: string(rune('a' + i)), Kind: "tv", Start: l.now.Add(at)}))
	}
	var d Decision
	require.NoError(t, l.engine.Peek(&d, l.now.Add(30*time.Second).In(zone), l.fleet()))
	require.Equal(t, "b", d.Next.ID, "an order serves half a minute before it: %v", d.Next)
	require.Equal(t, 2, d.Next.Others)
	require.Equal(t, l.now.Add(3*time.Minute).In(zone), d.Next.Start)
	require.True(t, d.Next.End.After(d.Next.Start))
	require.Contains(t, d.Explain().Why, "The event b (tv) starts at 02:03:00 and 2 more are near")
}
