package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/policy"
)

// fleetOf is a fleet on minutes with a trace that is long enough.
func fleetOf(t testing.TB, o Options, start int) *cohorts {
	return newCohorts(&o, minutes(t, make([]float64, 1000)...), start)
}

func TestCohortsOfOneBootTimeAreThePlantOfTheShadows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		boot := rapid.IntRange(0, 6).Draw(rt, "boot")
		start := rapid.IntRange(0, 5).Draw(rt, "start")
		o := Options{Boot: time.Duration(boot) * time.Minute, ScaleToZero: rapid.Bool().Draw(rt, "zero"), Seed: rapid.Uint64().Draw(rt, "seed")}
		if rapid.Bool().Draw(rt, "a distribution of one time") {
			o.BootTimes.Quantiles = []BootQuantile{{1, o.Boot}}
		}
		one := policy.NewPlant(boot, start, o.floor())
		many := fleetOf(t, o, start)
		for _, n := range rapid.SliceOfN(rapid.IntRange(-2, 12), 0, 40).Draw(rt, "orders") {
			require.Equal(rt, one.Arrive(), many.Arrive())
			if n > -2 { // else a step without a decision
				require.Equal(rt, one.Order(n), many.Order(n))
			}
			require.Equal(rt, []int{one.Ordered(), one.Ready(), one.Starting(), 0},
				[]int{many.Ordered(), many.Ready(), many.Starting(), many.Draining()})
		}
	})
}

// slowFleet keeps every replica that ever was.
type slowFleet struct {
	o    Options
	now  int
	all  []slowReplica
	held bool
}

type slowReplica struct {
	serves, givenUp, released int // steps; never is far away
}

const never = math.MaxInt

func (s *slowFleet) is(r slowReplica) (ready, starting, draining bool) {
	drain := int(s.o.Drain / time.Minute)
	switch {
	case r.released <= s.now:
		return false, false, s.now < r.released+drain && r.serves <= r.released
	case r.givenUp <= s.now:
		return false, false, false
	}
	return r.serves <= s.now, r.serves > s.now, false
}

func (s *slowFleet) counts() (ready, starting, draining int) {
	for _, r := range s.all {
		a, b, c := s.is(r)
		for n, is := range map[*int]bool{&ready: a, &starting: b, &draining: c} {
			if is {
				*n++
			}
		}
	}
	return ready, starting, draining
}

func (s *slowFleet) order(n, boot int, scattered bool) {
	place := 0
	ready, starting, _ := s.counts()
	for range n - ready - starting {
		// The place-th pair of numbers of the step's own generator.
		chance := rand.New(rand.NewPCG(s.o.Seed, uint64(s.now)))
		var luck, share float64
		for range place + 1 {
			luck, share = chance.Float64(), chance.Float64()
		}
		place++
		takes := boot
		if scattered {
			takes = int(math.Ceil(s.o.BootTimes.At(share).Seconds() / 60))
		}
		r := slowReplica{serves: s.now + takes, givenUp: never, released: never}
		if luck < s.o.FailedStarts {
			r.serves, r.givenUp = never, s.now+int(s.o.GiveUp/time.Minute)
		}
		s.all = append(s.all, r)
	}
	for {
		ready, starting, _ := s.counts()
		if ready+starting <= n {
			return
		}
		for i := len(s.all) - 1; i >= 0; i-- { // the newest that is not ready, else any ready one
			isReady, isStarting, _ := s.is(s.all[i])
			if isStarting || starting == 0 && isReady {
				s.all[i].released = s.now
				break
			}
		}
	}
}

func TestCohortsEqualTheirTwin(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := Options{
			Boot:         time.Duration(rapid.IntRange(0, 4).Draw(rt, "boot")) * time.Minute,
			FailedStarts: rapid.SampledFrom([]float64{0, .3, .9}).Draw(rt, "failed"),
			GiveUp:       time.Duration(rapid.IntRange(1, 6).Draw(rt, "give up")) * time.Minute,
			Drain:        time.Duration(rapid.IntRange(0, 4).Draw(rt, "drain")) * time.Minute,
			Cap:          rapid.SampledFrom([]int{0, 7}).Draw(rt, "cap"),
			ScaleToZero:  true,
			Activation:   time.Duration(rapid.IntRange(0, 3).Draw(rt, "activation")) * time.Minute,
			Seed:         rapid.Uint64Range(0, 9).Draw(rt, "seed"),
		}
		scattered := rapid.Bool().Draw(rt, "scattered")
		if scattered {
			o.BootTimes.Quantiles = []BootQuantile{{.3, 30 * time.Second}, {.6, 3 * time.Minute}, {.9, 8 * time.Minute}}
		}
		fast, slow := fleetOf(t, o, 3), &slowFleet{o: o}
		for range 3 {
			slow.all = append(slow.all, slowReplica{givenUp: never, released: never})
		}
		for _, n := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 0, 1, 2, 5, 9}), 0, 60).Draw(rt, "orders") {
			fast.Arrive()
			slow.now++
			ready, starting, _ := slow.counts()
			slow.held = slow.held && ready == 0 && starting > 0

			most := n
			if o.Cap > 0 {
				most = min(n, o.Cap)
			}
			if slow.held {
				most = max(most, 1)
			}
			require.Equal(rt, most, fast.Order(n))
			slow.order(most, int(o.Boot/time.Minute), scattered)
			demand := rapid.SampledFrom([]float64{0, 1}).Draw(rt, "demand")
			fast.Activate(demand)
			ready, starting, _ = slow.counts()
			if o.Activation > 0 && demand > 0 && ready+starting == 0 {
				slow.held = true
				slow.order(1, int(o.Activation/time.Minute), false)
			}
			ready, starting, draining := slow.counts()
			require.Equal(rt, []int{ready, starting, draining}, []int{fast.Ready(), fast.Starting(), fast.Draining()})
		}
	})
}

func TestCohortsBoundWhatIsOrdered(t *testing.T) {
	p := fleetOf(t, Options{Boot: time.Minute, Drain: time.Minute}, 3)
	require.Equal(t, mostDrawn, p.Order(math.MaxInt))
	require.Equal(t, mostDrawn-3, p.Arrive()+p.Starting())
	require.Equal(t, 1, p.Order(math.MinInt))
	require.Len(t, p.starting, 0)
	p = fleetOf(t, Options{Cap: 2}, 3)
	require.Equal(t, 2, p.Ready(), "from the beginning")
}

func TestRunWithFailedStarts(t *testing.T) {
	tr := minutes(t, make([]float64, 40)...)
	c := &script{orders: slices.Repeat([]int{11}, 40)}
	o := Options{Capacity: 1, Boot: time.Minute, FailedStarts: .999999, GiveUp: 3 * time.Minute}
	r, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	require.Equal(t, []int32{1, 11, 11, 11, 11, 11, 11}, r.Ordered[:7], "billed, and ordered anew when given up")
	require.Equal(t, slices.Repeat([]int32{1}, 40), r.Ready)
	require.Equal(t, policy.Fleet{Ready: 1, Starting: 10}, c.seen[2].Fleet, "nobody can tell")
	require.Equal(t, policy.Fleet{Ready: 1}, c.seen[3].Fleet, "given up three steps after the order")
}

func TestRunWithDrain(t *testing.T) {
	tr := minutes(t, 0, 0, 0, 0, 0, 0, 0)
	o := Options{Capacity: 1, Drain: 2 * time.Minute, Boot: 2 * time.Minute, Penalty: 20}
	c := &script{orders: []int{0, 5, 0, 2, 6, 2, 0}}
	r, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	require.Equal(t, []int32{1, 5, 5, 2, 6, 2, 2}, r.Ordered)
	require.Equal(t, []int32{1, 1, 1, 2, 2, 2, 2}, r.Ready, "what drains serves nobody, and does not come back")
	require.Equal(t, []int32{0, 0, 0, 3, 3, 0, 0}, r.Draining, "what was on its way has nothing to drain")
	require.InDelta(t, (1.+5+5+5+9+2+2)/60, r.ReplicaHours, 1e-12)
	require.Equal(t, r.ReplicaHours, r.Cost)
	o.Drain = 0
	r, err = Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	require.Nil(t, r.Draining)
}

func TestRunWithCap(t *testing.T) {
	tr := minutes(t, 0, 9, 9, 9)
	c := &script{orders: []int{0, 9, 9, 9}}
	o := Options{Capacity: 1, Cap: 3, Penalty: 20}
	r, err := Run(context.Background(), tr, nil, o, c)
	require.NoError(t, err)
	require.Equal(t, []int32{1, 3, 3, 3}, r.Ordered)
	require.Equal(t, policy.Fleet{Ready: 3}, c.seen[1].Fleet, "it sees what it got")
	for name, f := range map[string]func(context.Context, *Trace, Options) (Result, error){
		"optimum": func(ctx context.Context, t *Trace, o Options) (Result, error) { return Optimum(ctx, t, nil, o) },
		"static":  func(ctx context.Context, t *Trace, o Options) (Result, error) { return StaticBest(ctx, t, nil, o) },
	} {
		r, err := f(context.Background(), tr, o)
		require.NoError(t, err)
		require.EqualValues(t, 3, slices.Max(r.Ordered), name)
	}
}

func TestRunWithActivation(t *testing.T) {
	tr := minutes(t, 0, 0, 0, 4, 4, 4, 4, 0, 0)
	o := Options{Capacity: 10, ScaleToZero: true, Penalty: 20, Boot: 5 * time.Minute}
	r, err := Run(context.Background(), tr, nil, o, always(0))
	require.NoError(t, err)
	require.Equal(t, []int32{1, 0, 0, 0, 0, 0, 0, 0, 0}, r.Ordered, "nobody wakes it")
	o.Activation = 61 * time.Second
	r, err = Run(context.Background(), tr, nil, o, always(0))
	require.NoError(t, err)
	require.Equal(t, []int32{1, 0, 0, 1, 1, 1, 1, 0, 0}, r.Ordered, "not taken back before it serves, and raised again")
	require.Equal(t, []int32{1, 0, 0, 0, 0, 0, 0, 0, 0}, r.Ready)
	// It serves where the policy lets it be.
	r, err = Run(context.Background(), tr, nil, o, &script{orders: []int{0, -1, 0, 0, 0, 0, 0, -1, 0}})
	require.NoError(t, err)
	require.Equal(t, []int32{1, 0, 0, 0, 0, 1, 1, 0, 0}, r.Ready)
	require.InDelta(t, 8./10/60, r.UnservedHours, 1e-12, "what waits for it goes unserved")
	// A policy that takes it back while it starts does not begin anew.
	r, err = Run(context.Background(), tr, nil, o, &script{orders: []int{0, -1, 0, 0, -1, 0, 0, -1, 0}})
	require.NoError(t, err)
	require.Equal(t, []int32{1, 0, 0, 0, 0, 1, 1, 0, 0}, r.Ready)
}

func TestRunWithScatteredBootTimesGivesAllTheSameLuck(t *testing.T) {
	tr := minutes(t, make([]float64, 200)...)
	o := Options{Capacity: 1, Seed: 7, BootTimes: BootTimes{Median: time.Minute, P95: 5 * time.Minute}}
	orders := make([]int, 200)
	for i := range orders {
		orders[i] = 1 + 10*(i/100)
	}
	plain, err := Run(context.Background(), tr, nil, o, &script{orders: orders})
	require.NoError(t, err)
	again, err := Run(context.Background(), tr, nil, o, &script{orders: orders})
	require.NoError(t, err)
	require.Equal(t, plain.Ready, again.Ready)
	busy := slices.Clone(orders)
	for i := range 50 {
		busy[i] = 1 + i%7
	}
	other, err := Run(context.Background(), tr, nil, o, &script{orders: busy})
	require.NoError(t, err)
	require.NotEqual(t, plain.Ready[:50], other.Ready[:50])
	require.Equal(t, plain.Ready[100:], other.Ready[100:], "what happened before makes no difference to an order")
	o.Seed++
	lucky, err := Run(context.Background(), tr, nil, o, &script{orders: orders})
	require.NoError(t, err)
	require.NotEqual(t, plain.Ready, lucky.Ready)
}

func TestCohortsDrawWhatTheDistributionSays(t *testing.T) {
	// One order a step: each is the first of its own generator, so that neighbouring seeds must not have alike numbers.
	o := Options{FailedStarts: .25, GiveUp: time.Minute, Seed: 1, BootTimes: BootTimes{Quantiles: []BootQuantile{{.5, time.Minute}, {.75, 3 * time.Minute}, {1, 11 * time.Minute}}}}
	p := fleetOf(t, o, 0)
	const n = 40000
	var atOnce, within3, within7, failed float64
	var before, lag float64 // serial correlation of the boot times
	for range n {
		p.now++
		p.starting = p.starting[:0]
		p.begin(1, 0, true)
		s := p.starting[0]
		takes := float64(s.at - p.now)
		switch {
		case s.failed:
			failed++
			continue
		case takes <= 1:
			atOnce++
			fallthrough
		case takes <= 3:
			within3++
			fallthrough
		case takes <= 7:
			within7++
		}
		lag += (before - 3) * (takes - 3)
		before = takes
	}
	served := n - failed
	require.InDelta(t, .25, failed/n, .01)
	require.InDelta(t, .5, atOnce/served, .01)
	require.InDelta(t, .75, within3/served, .01)
	require.InDelta(t, .875, within7/served, .01)
	require.InDelta(t, 0, lag/served/9, .05, "in units of about a variance")
}

func TestOptimumPaysTheShortestStart(t *testing.T) {
	tr := minutes(t, 0, 0, 0, 0, 0, 40, 40, 40, 0)
	o := Options{Capacity: 10, Boot: 3 * time.Minute, Penalty: 1000}
	for _, c := range []struct {
		edit func(o *Options)
		want time.Duration
	}{
		{func(*Options) {}, 3 * time.Minute},
		{func(o *Options) { o.BootTimes.Quantiles = []BootQuantile{{.5, 20 * time.Second}, {1, time.Hour}} }, 20 * time.Second},
		{func(o *Options) { o.ScaleToZero, o.Activation = true, time.Minute }, time.Minute},
		{func(o *Options) { o.Drain, o.FailedStarts, o.GiveUp = time.Hour, .5, time.Hour }, 3 * time.Minute},
	} {
		one := o
		c.edit(&one)
		r, err := Optimum(context.Background(), tr, nil, one)
		require.NoError(t, err)
		ups := r.Ordered[5] - r.Ordered[4]
		require.EqualValues(t, 4, r.Ordered[5])
		require.Positive(t, ups)
		require.InDelta(t, r.ReplicaHours+float64(ups)*c.want.Hours(), r.Cost, 1e-12)
		require.InDelta(t, r.Cost, optimumByDay(t, tr, one, r), 1e-12)
	}
}

// optimumByDay is the cost of the optimum as its only day has it.
func optimumByDay(t *testing.T, tr *Trace, o Options, r Result) float64 {
	t.Helper()
	r.Name = Clairvoyant
	days := (&Comparison{Case: Case{Trace: tr, Options: o}, Optimum: r}).ByDay()
	require.Len(t, days, 1)
	return days[0].Optimum
}

func TestOptimumIsALowerBoundOfEveryPlant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		demand := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0, 5, 10, 13, 30}), 10, 40).Draw(rt, "demand")
		demand[0] = 0
		tr := minutes(t, demand...)
		o := Options{
			Capacity: 10, Boot: time.Duration(rapid.IntRange(0, 3).Draw(rt, "boot")) * time.Minute, Penalty: 20,
			FailedStarts: rapid.SampledFrom([]float64{0, .3}).Draw(rt, "failed"), GiveUp: 2 * time.Minute,
			Drain: time.Duration(rapid.IntRange(0, 3).Draw(rt, "drain")) * time.Minute, Cap: rapid.SampledFrom([]int{0, 2}).Draw(rt, "cap"),
			ScaleToZero: true, Activation: time.Duration(rapid.IntRange(0, 90).Draw(rt, "activation")) * time.Second,
		}
		if rapid.Bool().Draw(rt, "scattered") {
			o.BootTimes.Quantiles = []BootQuantile{{.5, 30 * time.Second}, {1, 4 * time.Minute}}
		}
		// The first steps are another matter: the fleet starts with a replica, and the path of the optimum may not.
		o.ScoreFrom = at(6 * 60)
		// Somebody who knows what is coming, when to order, and now and then errs.
		orders := rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, -1}), len(demand), len(demand)).Draw(rt, "errors")
		lead := rapid.IntRange(0, 4).Draw(rt, "lead")
		for i := range orders {
			orders[i] += replicasFor(slices.Max(demand[i:min(i+lead+1, len(demand))]), o.Capacity)
			if i < 7 || orders[i] == 0 {
				orders[i] = -1
			}
		}
		r, err := Run(context.Background(), tr, nil, o, &script{orders: orders})
		require.NoError(rt, err)
		best, err := Optimum(context.Background(), tr, nil, o)
		require.NoError(rt, err)
		require.LessOrEqual(rt, best.Cost, r.Cost+1e-12)
	})
}
