package scaler

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
)

var t0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// loop drives an engine against a plant.
type loop struct {
	t      require.TestingT
	engine *Engine
	plant  *policy.Plant
	now    time.Time
	d      Decision
}

func newLoop(t require.TestingT, cfg Config) *loop {
	e, err := New(cfg)
	require.NoError(t, err)
	cfg = e.Config()
	return &loop{t: t, engine: e, plant: policy.NewPlant(cfg.bootSteps(), 5, 1), now: t0}
}

// step plays one step of demand; NaN is a missing sample.
func (l *loop) step(v float64) *Decision {
	if !math.IsNaN(v) {
		for i := range l.engine.cfg.Signals {
			require.NoError(l.t, l.engine.Observe(i, forecast.Sample{Time: l.now, Value: v * l.engine.cfg.Signals[i].Capacity}))
		}
	}
	l.now = l.now.Add(l.engine.cfg.Step.Std())
	l.plant.Arrive()
	require.NoError(l.t, l.engine.Recommend(&l.d, l.now, l.fleet()))
	l.plant.Order(l.d.Replicas)
	return &l.d
}

func (l *loop) fleet() policy.Fleet {
	return policy.Fleet{Ready: l.plant.Ready(), Starting: l.plant.Starting()}
}

// wave is demand in replicas with a season, noise and bursts, without a function whose last bit depends on the processor.
func wave(rng *rand.Rand, i int) float64 {
	phase := float64(i%1440) / 1440
	v := 10 + float64(24*phase*(1-phase)) + rng.Float64()
	if rng.Uint32()%200 == 0 {
		v += float64(30 * rng.Float64())
	}
	return v
}

func TestNothingIsAllocated(t *testing.T) {
	l := newLoop(t, Config{Signals: []Signal{{Name: "a", Capacity: 10}, {Name: "b", Capacity: 3}}, MaxEvents: 4})
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 3000 {
		l.step(wave(rng, i))
	}
	now, i := l.now, 0
	require.Zero(t, testing.AllocsPerRun(500, func() {
		_ = l.engine.Observe(0, forecast.Sample{Time: now, Value: 120})
		_ = l.engine.Observe(1, forecast.Sample{Time: now, Value: 40})
		now = now.Add(time.Minute)
	}), "Observe")
	events := []forecast.Event{{ID: "a", Kind: "tv"}, {ID: "b"}, {ID: "c", Weight: 3}, {ID: "d"}}
	for k := range events {
		events[k].Start = now.Add(time.Duration(k) * time.Minute)
		require.NoError(t, l.engine.Announce(events[k]))
	}
	require.Zero(t, testing.AllocsPerRun(500, func() { _ = l.engine.Announce(events[i%4]); i++ }), "Announce that replaces")
	full := forecast.Event{ID: "e", Start: now}
	require.ErrorIs(t, l.engine.Announce(full), ErrEventTableFull)
	require.Zero(t, testing.AllocsPerRun(500, func() { _ = l.engine.Announce(full) }), "Announce on a full table")
	fleet := policy.Fleet{Ready: 12}
	var d Decision
	require.NoError(t, l.engine.Peek(&d, now, fleet))
	require.True(t, d.Event, "the costly path is the one to count")
	require.Zero(t, testing.AllocsPerRun(200, func() { _ = l.engine.Peek(&d, now, fleet) }), "Peek")
	require.Zero(t, testing.AllocsPerRun(200, func() { _ = l.engine.Recommend(&d, now, fleet); now = now.Add(time.Second) }), "Recommend")
	require.Zero(t, testing.AllocsPerRun(200, func() { _ = l.engine.Withdraw("a"); _ = l.engine.Announce(events[0]) }), "Withdraw")
	buf, err := l.engine.AppendBinary(nil)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = l.engine.AppendBinary(buf[:0]) }), "AppendBinary into room enough")
}

// play runs a fixed story and returns the bytes of all decisions; from step restart on, a restored engine goes on.
func play(t testing.TB, restart int) []byte {
	l := newLoop(t, Config{Penalty: 20, Signals: []Signal{{Name: "a", Capacity: 10}}, Kinds: []Kind{{Name: "tv", Lift: 2}}})
	rng := rand.New(rand.NewPCG(7, 7))
	var out []byte
	for i := range 2500 {
		if i == restart {
			b, err := l.engine.AppendBinary(nil)
			require.NoError(t, err)
			l.engine, err = Restore(l.engine.Config(), b)
			require.NoError(t, err)
		}
		if i%400 == 100 {
			require.NoError(t, l.engine.Announce(forecast.Event{ID: string(rune('a' + i/400)), Kind: "tv", Start: l.now.Add(90*time.Minute + 17*time.Second), Window: time.Duration(i%800) * time.Second, Weight: float64(i)}))
		}
		v := wave(rng, i)
		if i%97 == 0 {
			v = math.NaN()
		}
		d := l.step(v)
		b, err := json.Marshal(d)
		require.NoError(t, err)
		b, _, _ = bytes.Cut(b, []byte(`,"explanation":`)) // words may be chosen better without a change of behaviour
		out = append(out, b...)
	}
	snapshot, err := l.engine.AppendBinary(nil)
	require.NoError(t, err)
	return append(out, snapshot...)
}

func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	require.True(t, bytes.Equal(play(t, -1), play(t, -1)))
}

func TestARestoredEngineContinuesWithTheSameBytes(t *testing.T) {
	want := play(t, -1)
	for _, at := range []int{0, 1, 2, 97, 150, 191, 192, 193, 700, 1441, 2499} {
		require.True(t, bytes.Equal(want, play(t, at)), "restored at step %d", at)
	}
}

const parity = "eb0766a98f000d05c4b7863733a5238e8334387abc377ca7d8ca12ff04167663"

// The hash was made on amd64. Another processor must come to the same one: a difference means that some sum was fused or
// some function is not portable (see package internal/fp).
func TestParity(t *testing.T) {
	sum := sha256.Sum256(play(t, -1))
	require.Equal(t, parity, hex.EncodeToString(sum[:]), "a change of behaviour changes it too: if one was meant, write the new one down")
}

func TestSnapshotsAreRefusedWithAReason(t *testing.T) {
	l := newLoop(t, Config{})
	for range 30 {
		l.step(8)
	}
	good, err := l.engine.AppendBinary([]byte("head"))
	require.NoError(t, err)
	good = good[4:]
	_, err = Restore(Config{}, good)
	require.NoError(t, err)

	change := func(f func(b []byte) []byte) []byte { return f(slices.Clone(good)) }
	_, err = Restore(Config{Penalty: 30}, good)
	require.ErrorIs(t, err, ErrSnapshotFingerprint)
	_, err = Restore(Config{Penalty: 0.1}, good)
	require.ErrorAs(t, err, new(Faults))
	_, err = Restore(Config{}, change(func(b []byte) []byte { b[4] = 99; return b }))
	require.ErrorIs(t, err, ErrSnapshotVersion)
	for _, b := range [][]byte{nil, good[:10], good[:len(good)-1], change(func(b []byte) []byte { b[0] = 'X'; return b }), change(func(b []byte) []byte { b[200] ^= 1; return b }), append(slices.Clone(good), 0)} {
		_, err = Restore(Config{}, b)
		require.ErrorIs(t, err, ErrSnapshotCorrupt)
	}
}

// A snapshot that was changed behind the checksum's back, as by another build, must not bring the engine down: it is
// refused, or what comes of it decides something.
func FuzzRestore(f *testing.F) { fuzzRestore(f, Config{MaxEvents: 2}) }

func fuzzRestore(f *testing.F, cfg Config) {
	l := newLoop(f, cfg)
	_ = l.engine.Announce(forecast.Event{ID: "a", Start: t0.Add(time.Hour)})
	for range 10 {
		l.step(8)
	}
	b, _ := l.engine.AppendBinary(nil)
	good := b[snapshotHead : len(b)-4]
	f.Add(uint(0), uint64(0), uint(100), uint64(1)<<63, uint(0))
	f.Add(uint(8), ^uint64(0), uint(2000), uint64(0x7ff0000000000000), uint(7))
	f.Fuzz(func(t *testing.T, at1 uint, with1 uint64, at2 uint, with2 uint64, cut uint) {
		body := slices.Clone(good)
		binary.LittleEndian.PutUint64(body[at1%uint(len(body)-8):], with1)
		binary.LittleEndian.PutUint64(body[at2%uint(len(body)-8):], with2)
		if cut%3 == 0 {
			body = body[:uint(len(body))-cut%uint(len(body))]
		}
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if e.read(body) != nil {
			return
		}
		var d Decision
		for i := range 5 {
			now := l.now.Add(time.Duration(i) * time.Minute)
			_ = e.Observe(0, forecast.Sample{Time: now, Value: 3})
			_ = e.Announce(forecast.Event{ID: "b", Start: now})
			if err := e.Recommend(&d, now, policy.Fleet{Ready: 2}); err != nil {
				t.Fatal(err)
			}
			if d.Replicas < 1 {
				t.Fatalf("decided %d", d.Replicas)
			}
		}
	})
}

func TestPeekChangesNothing(t *testing.T) {
	l := newLoop(t, Config{})
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range 400 {
		l.step(wave(rng, i))
		before, err := l.engine.AppendBinary(nil)
		require.NoError(t, err)
		var peeked, again, decided Decision
		later := l.now.Add(time.Duration(rng.IntN(300)) * time.Second)
		require.NoError(t, l.engine.Peek(&peeked, later, policy.Fleet{Ready: rng.IntN(60)}))
		after, err := l.engine.AppendBinary(nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, after))
		require.NoError(t, l.engine.Peek(&again, l.now, l.fleet()))
		require.NoError(t, l.engine.Recommend(&decided, l.now, l.fleet()))
		require.Equal(t, again, decided, "Peek says what Recommend does")
	}
}

func TestBadSamplesAreRefused(t *testing.T) {
	l := newLoop(t, Config{})
	l.step(8)
	before, err := l.engine.AppendBinary(nil)
	require.NoError(t, err)
	for _, c := range []struct {
		signal int
		value  float64
		time   time.Time
	}{{0, -1, l.now}, {0, math.Inf(1), l.now}, {0, 1e19, l.now}, {1, 1, l.now}, {-1, 1, l.now}, {0, 1, time.Time{}}} {
		var e *SampleError
		require.ErrorAs(t, l.engine.Observe(c.signal, forecast.Sample{Time: c.time, Value: c.value}), &e)
		require.NotEmpty(t, e.Wanted)
	}
	require.Equal(t, Counts{Counts: forecast.Counts{Accepted: 1}, Negative: 1, Infinite: 2, Undated: 1}, l.engine.Counts(0), "but they are counted")
	require.Equal(t, uint64(4), l.engine.Counts(0).Refused())
	require.Zero(t, l.engine.Counts(1))
	b, err := l.engine.AppendBinary(nil)
	require.NoError(t, err)
	restored, err := Restore(Config{}, b)
	require.NoError(t, err)
	require.Equal(t, l.engine.Counts(0), restored.Counts(0), "over a restart too")
	l.engine.signals[0].refused = refused{}
	for _, f := range []policy.Fleet{{Ready: -1}, {Starting: -1}, {Ready: maxCount + 1}, {Boot: -1}} {
		d := Decision{Replicas: 77}
		var e *FleetError
		require.ErrorAs(t, l.engine.Recommend(&d, l.now, f), &e)
		require.Equal(t, 77, d.Replicas, "the decision is left alone")
	}
	after, err := l.engine.AppendBinary(nil)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, after), "nothing was changed")
}

func TestBeforeTheFirstSampleTheFleetStays(t *testing.T) {
	l := newLoop(t, Config{Min: 3})
	d := l.step(math.NaN())
	require.Equal(t, 5, d.Replicas)
	require.Equal(t, []policy.Step{{Rule: policy.RuleNoData, Before: 5, After: 5}}, d.Steps())
	require.True(t, d.Stale)
	require.True(t, math.IsNaN(d.Quantile(.5)))
	require.Contains(t, d.String(), "no sample yet")
	b, err := json.Marshal(d)
	require.NoError(t, err)
	require.NotContains(t, string(b), "NaN")
	byValue, err := json.Marshal(*d)
	require.NoError(t, err, "Tick returns a Decision, not a pointer to one")
	require.Equal(t, string(b), string(byValue))
	require.Equal(t, d.String(), fmt.Sprint(*d))
	require.NoError(t, l.engine.Recommend(d, l.now, policy.Fleet{Ready: 1}))
	require.Equal(t, 3, d.Replicas, "the minimum holds even then")
}

func TestTheLargestNeedWinsAndIsNamed(t *testing.T) {
	e, err := New(Config{Signals: []Signal{{Name: "cpu", Capacity: 2}, {Name: "requests", Capacity: 100}}})
	require.NoError(t, err)
	var d Decision
	for i := range 200 {
		now := t0.Add(time.Duration(i) * time.Minute)
		require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 10}))
		require.NoError(t, e.Observe(1, forecast.Sample{Time: now, Value: 2000}))
		require.NoError(t, e.Recommend(&d, now.Add(time.Minute), policy.Fleet{Ready: 12}))
	}
	require.Equal(t, "requests", d.Signal)
	require.Equal(t, 100., d.Capacity)
	require.InDelta(t, 21, d.Replicas, 1)
	require.InDelta(t, 2000, d.Quantile(.5), 20)
	require.Equal(t, 2000., d.Observed)
}

func TestTheReactiveFloorHolds(t *testing.T) {
	l := newLoop(t, Config{ReactiveTarget: 0.5})
	for range 100 {
		l.step(8)
	}
	require.Equal(t, 16, l.d.Replicas)
	require.Equal(t, policy.RuleReactive, l.d.Steps()[len(l.d.Steps())-1].Rule)
}

func TestTheReactiveFloorAndTheAgeAreThoseOfTheWorstSignal(t *testing.T) {
	e, err := New(Config{ReactiveTarget: 0.1, Signals: []Signal{{Name: "old and large"}, {Name: "new and small"}}})
	require.NoError(t, err)
	require.NoError(t, e.Observe(0, forecast.Sample{Time: t0, Value: 8}))
	require.NoError(t, e.Observe(1, forecast.Sample{Time: t0.Add(10 * time.Second), Value: 2}))
	var d Decision
	require.NoError(t, e.Recommend(&d, t0.Add(75*time.Second), policy.Fleet{Ready: 1}))
	require.Equal(t, 80, d.Replicas)
	require.Equal(t, 75*time.Second, d.Age)
}

func TestAFleetsOwnBootTimeMovesTheArrival(t *testing.T) {
	l := newLoop(t, Config{})
	for range 50 {
		l.step(8)
	}
	var d Decision
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 9, Boot: 7 * time.Minute}))
	require.Equal(t, 7*time.Minute, d.Lead)
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 9}))
	require.Equal(t, 2*time.Minute, d.Lead)
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 9, Boot: 121 * time.Second}))
	require.Equal(t, 3*time.Minute, d.Lead, "part of a step is a step")
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 8, Boot: time.Hour}))
	plain := d.Replicas
	require.NoError(t, l.engine.Announce(forecast.Event{ID: "spot", Start: l.now.Add(5 * time.Minute)}))
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 8, Boot: time.Hour}))
	require.Equal(t, time.Hour, d.Lead, "ordinary demand is priced where an order serves")
	require.Equal(t, plain, d.Replicas, "what is ordered now comes after the spot")
	require.NoError(t, l.engine.Peek(&d, l.now, policy.Fleet{Ready: 8, Boot: 5 * time.Minute}))
	require.Greater(t, d.Replicas, plain, "it comes with the spot")
}

func TestDecisionsCanBeRead(t *testing.T) {
	l := newLoop(t, Config{Signals: []Signal{{Name: "visits", Capacity: 10}}})
	for range 120 {
		l.step(8)
	}
	for range 2 {
		l.step(20)
	}
	d := l.d
	require.NotZero(t, d.Change())
	require.Contains(t, d.String(), "visits at ")
	require.Contains(t, d.String(), "need")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("scaled", "decision", &d)
	var entry struct {
		Decision struct {
			Replicas, Change int
			Signal           string
			P95              float64 `json:"demand_p95"`
			Need             struct{ Before, After int }
		}
	}
	require.NoError(t, json.Unmarshal(log.Bytes(), &entry))
	require.Equal(t, d.Replicas, entry.Decision.Replicas)
	require.Equal(t, d.Quantile(.95), entry.Decision.P95)
	require.NotZero(t, entry.Decision.Need.After)
	require.InDelta(t, d.Demand[0], d.Quantile(0), 0)
	require.InDelta(t, d.Demand[forecast.NumLevels-1], d.Quantile(1), 0)
}

func TestDecisionsBefore1970(t *testing.T) {
	for _, now := range []time.Time{time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC), {}} {
		e, err := New(Config{})
		require.NoError(t, err)
		for i := range 10 {
			require.NoError(t, e.Observe(0, forecast.Sample{Time: time.Date(1969, 7, 20, 20, 7+i, 40, 0, time.UTC), Value: 5}))
		}
		var d Decision
		require.NoError(t, e.Recommend(&d, now, policy.Fleet{Ready: 3}))
		require.GreaterOrEqual(t, d.Replicas, 3)
	}
}

// Demand beyond every count must not come out as none, nor a decision as a fleet that the next Recommend refuses.
func TestAbsurdDemandGetsTheLargestCount(t *testing.T) {
	for _, demand := range []float64{1e7, 1e18} {
		e, err := New(Config{})
		require.NoError(t, err)
		now := t0
		for range 10 {
			require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: demand}))
			now = now.Add(time.Minute)
		}
		var d Decision
		require.NoError(t, e.Recommend(&d, now, policy.Fleet{Ready: 3}))
		require.Equal(t, maxCount, d.Replicas)
		require.NoError(t, e.Recommend(&d, now, policy.Fleet{Ready: d.Replicas}))
	}
}

func TestNothingIsReleasedWhileNothingIsMeasured(t *testing.T) {
	for name, v := range map[string]float64{"known gaps": math.NaN(), "behind a sample from the future": 80} {
		e, err := New(Config{Signals: []Signal{{Capacity: 10}}})
		require.NoError(t, err)
		now := t0
		for range 120 {
			require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 80}))
			now = now.Add(time.Minute)
		}
		if v > 0 {
			require.NoError(t, e.Observe(0, forecast.Sample{Time: now.Add(6 * time.Hour), Value: v}))
		}
		var d Decision
		for i := range 30 {
			require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: v}))
			now = now.Add(time.Minute)
			require.NoError(t, e.Recommend(&d, now, policy.Fleet{Ready: 30}))
			if i > 0 || v > 0 {
				require.True(t, d.Stale, "%s, minute %d", name, i)
				require.Equal(t, 30, d.Replicas, "%s, minute %d", name, i)
			}
		}
	}
}

// Each signal forgets events by its own samples. One that is silent must neither make an announcement half done nor keep
// the table full for ever.
func TestAnnouncementsReachAllSignalsOrNone(t *testing.T) {
	e, err := New(Config{MaxEvents: 2, Signals: []Signal{{Name: "loud"}, {Name: "silent"}}})
	require.NoError(t, err)
	now := t0
	minute := func() {
		require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 10}))
		now = now.Add(time.Minute)
	}
	minute()
	for i := range 6 {
		require.NoError(t, e.Announce(forecast.Event{ID: string(rune('a' + i)), Start: now.Add(10 * time.Minute)}))
		for range 30 {
			minute()
		}
	}
	require.NoError(t, e.Announce(forecast.Event{ID: "next", Start: now.Add(10 * time.Minute)}))
	before, err := e.AppendBinary(nil)
	require.NoError(t, err)
	require.Equal(t, 1, e.signals[0].forecast.Events(), "what is over is forgotten")
	require.NoError(t, e.Announce(forecast.Event{ID: "last", Start: now.Add(20 * time.Minute)}))
	require.ErrorIs(t, e.Announce(forecast.Event{ID: "too many", Start: now.Add(20 * time.Minute)}), ErrEventTableFull)
	require.ErrorIs(t, e.Withdraw("too many"), ErrUnknownEvent)
	require.NoError(t, e.Withdraw("last"))
	after, err := e.AppendBinary(nil)
	require.NoError(t, err)
	require.Len(t, after, len(before), "withdrawn from both")
}

// A sale of ten days must not keep the spots within it in the table after they are over.
func TestALongEventDoesNotKeepShortOnes(t *testing.T) {
	e, err := New(Config{MaxEvents: 4})
	require.NoError(t, err)
	now := t0
	for i := range 20 {
		require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 10}))
		if i == 0 {
			require.NoError(t, e.Announce(forecast.Event{ID: "sale", Start: now, Duration: 10 * 24 * time.Hour}))
		}
		require.NoError(t, e.Announce(forecast.Event{ID: string(rune('a' + i)), Start: now.Add(10 * time.Minute)}))
		now = now.Add(30 * time.Minute)
	}
	require.LessOrEqual(t, e.signals[0].forecast.Events(), 4)
}

// One decision far ahead, by a clock that was wrong, must not stop all that follow.
func TestAClockThatWasAheadIsForgotten(t *testing.T) {
	l := newLoop(t, Config{Min: 2})
	for range 100 {
		l.step(8)
	}
	var d Decision
	require.NoError(t, l.engine.Recommend(&d, l.now.Add(1000*time.Hour), l.fleet()))
	rules := func() (r []policy.Rule) {
		for _, s := range l.d.Steps() {
			r = append(r, s.Rule)
		}
		return r
	}
	for range 2 {
		l.step(80)
		require.Equal(t, []policy.Rule{policy.RuleClock}, rules(), "it may be this clock that is wrong")
		require.Zero(t, l.d.Change())
	}
	l.step(80)
	require.NotContains(t, rules(), policy.RuleClock, "the clock has gone on for two steps")
	require.Greater(t, l.d.Change(), 20, "and it is ordered for what came meanwhile")
	for range 5 {
		l.step(80)
	}
	require.GreaterOrEqual(t, l.d.Replicas, 80)

	// A clock at odds with the rest, now and then, changes nothing.
	for i := range 50 {
		require.NoError(t, l.engine.Recommend(&d, l.now.Add(-time.Duration(1+i%7)*time.Hour), policy.Fleet{Ready: 1}))
		require.Equal(t, []policy.Step{{Rule: policy.RuleClock, Before: 1, After: 1}, {Rule: policy.RuleMin, Before: 1, After: 2}}, d.Steps(), "limits hold even then")
		l.step(80)
		require.NotContains(t, rules(), policy.RuleClock)
	}
}

// The first samples of a steady workload are no reason for a third more replicas than it needs.
func TestAColdStartIsCalm(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, noise := range []float64{0, 0.02, 0.1} {
		l := newLoop(t, Config{})
		for i := range 200 {
			d := l.step(40 + 40*noise*rng.NormFloat64())
			require.LessOrEqual(t, d.Replicas, int(54+100*noise), "step %d with noise %v: %s", i, noise, d)
			require.GreaterOrEqual(t, d.Replicas, 38, "step %d with noise %v: %s", i, noise, d)
		}
	}
}

// An order that takes many steps is priced at the step in which it serves, not at the nearest row of the plan.
func TestALongBootIsExact(t *testing.T) {
	for _, boot := range []time.Duration{61 * time.Minute, 24 * time.Hour} {
		l := newLoop(t, Config{Boot: Duration(boot)})
		l.step(8)
		require.Equal(t, boot, l.d.Lead)
	}
}
