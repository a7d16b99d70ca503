package scaler_test

import (
	"encoding/json"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/sizing"
	"github.com/headroom-go/headroom/scaler"
)

// family are sizes of which each has what the first has so many times, at a price of 1 for that; a node keeps a tenth of a core.
func family(cores ...float64) sizing.Catalog {
	var c sizing.Catalog
	for _, n := range cores {
		c = append(c, sizing.Size{
			Name: "c" + strings.TrimSuffix(scaler.Duration(time.Duration(n)*time.Second).String(), "s"), Family: "c", CPU: n, Memory: 2 * n,
			Overhead: sizing.Resources{CPU: 0.1}, Prices: []sizing.Price{{Hour: n / 2}},
		})
	}
	return c
}

// pool is a fleet whose nodes boot in so many minutes, driven by an engine.
type pool struct {
	t        require.TestingT
	engine   *scaler.Engine
	capacity map[string]float64
	boot     int
	ready    map[string]int
	coming   []map[string]int // nodes by the minutes until they are ready
	now      time.Time
	d        scaler.Decision
	changes  int
}

func newPool(t require.TestingT, cfg scaler.Config, start map[string]int) *pool {
	e, err := scaler.New(cfg)
	require.NoError(t, err)
	p := &pool{t: t, engine: e, boot: 2, ready: start, now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), capacity: map[string]float64{}}
	for _, s := range cfg.Sizes.Catalog {
		p.capacity[s.Name] = s.Resources().CPU * 10
	}
	p.coming = make([]map[string]int, p.boot)
	for i := range p.coming {
		p.coming[i] = map[string]int{}
	}
	return p
}

func (p *pool) fleet() policy.Fleet {
	var f policy.Fleet
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range p.capacity {
			if !yield(name) {
				return
			}
		}
	}) {
		starting := 0
		for _, c := range p.coming {
			starting += c[name]
		}
		if p.ready[name]+starting > 0 {
			f.Nodes = append(f.Nodes, policy.Nodes{Size: name, Ready: p.ready[name], Starting: starting})
		}
	}
	return f
}

// minute lets a minute with this demand pass and carries out what is decided.
func (p *pool) minute(demand float64) *scaler.Decision {
	require.NoError(p.t, p.engine.Observe(0, forecast.Sample{Time: p.now, Value: demand}))
	p.now = p.now.Add(time.Minute)
	for name, n := range p.coming[0] {
		p.ready[name] += n
	}
	p.coming = append(p.coming[1:], map[string]int{})
	require.NoError(p.t, p.engine.Recommend(&p.d, p.now, p.fleet()))
	for _, z := range p.d.Sizing.Pools() {
		more := z.Nodes - z.Ready - z.Starting
		if more > 0 {
			p.coming[p.boot-1][z.Size] += more
		}
		for i := p.boot - 1; i >= 0 && more < 0; i-- {
			n := min(-more, p.coming[i][z.Size])
			p.coming[i][z.Size] -= n
			more += n
		}
		if more < 0 {
			p.ready[z.Size] += more
		}
	}
	if p.d.Sizing.From != "" || p.d.Sizing.Moved != 0 {
		p.changes++
	}
	return &p.d
}

func sizesConfig(c sizing.Catalog) scaler.Config {
	return scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Sizes: scaler.Sizes{Catalog: c}}
}

// day is a demand that is low at night and rises by day.
func day(minute int, peak float64) float64 {
	return peak * (0.6 - 0.4*math.Cos(2*math.Pi*float64(minute)/1440)) * (1 + 0.03*math.Sin(float64(minute)*2.1))
}

func TestEngineMovesToTheSizesThatCostLess(t *testing.T) {
	p := newPool(t, sizesConfig(family(2, 16)), map[string]int{"c16": 12})
	var moved, based string
	for m := range 5 * 1440 {
		d := p.minute(day(m, 900))
		if d.Sizing.From != "" {
			moved = d.Explain().Sizes
		}
		if d.Sizing.Moved > 0 {
			based = d.Explain().Sizes
		}
		held := 0.0
		for _, z := range d.Sizing.Pools() {
			held += float64(z.Nodes) * p.capacity[z.Size]
		}
		require.GreaterOrEqual(t, held, float64(d.Replicas)*d.Capacity-1e-6, "nodes carry what was decided")
	}
	require.Equal(t, "c2", p.d.Sizing.Swing)
	require.Equal(t, "c16", p.d.Sizing.Base)
	require.Regexp(t, `^Size c2 instead of c16: since it was last cheaper to stay c2 would have cost [\d.]+ less, and a change costs [\d.]+\. (Order|Keep|Release) .*c2`, moved)
	_ = based
	require.LessOrEqual(t, p.changes, 3)
	require.InEpsilon(t, 19, p.d.Capacity, 1e-12, "a replica is what a c2 carries")
	text, err := json.Marshal(&p.d)
	require.NoError(t, err)
	require.Contains(t, string(text), `"sizing":{"swing":"c2","base":"c16",`)
	require.Contains(t, p.d.LogValue().String(), "swing=c2")
	require.Equal(t, slog.LevelDebug, newPool(t, sizesConfig(family(2)), map[string]int{}).d.Level())
}

func TestEngineOfPodsFillsNodes(t *testing.T) {
	cfg := sizesConfig(family(2, 16))
	cfg.Sizes.Pod = sizing.Resources{CPU: 0.5, Memory: 1}
	e, err := scaler.New(cfg)
	require.NoError(t, err)
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var d scaler.Decision
	for m := range 60 {
		require.NoError(t, e.Observe(0, forecast.Sample{Time: now, Value: 400}))
		now = now.Add(time.Minute)
		require.NoError(t, e.Recommend(&d, now, policy.Fleet{Ready: 40, Nodes: []policy.Nodes{{Size: "c2", Ready: 14}}}), "%d", m)
	}
	require.InDelta(t, 41, d.Replicas, 2, "pods are counted as ever")
	require.Equal(t, 10., d.Capacity)
	require.Equal(t, int(math.Ceil(float64(d.Replicas)/3)), d.Sizing.Nodes("c2"), "three pods of half a core on what a c2 has left")
	require.NoError(t, e.Use("c2", 10, sizing.Resources{CPU: 1}))
	require.Equal(t, 3., d.Sizing.Capacity.Bound)
	require.Zero(t, d.Sizing.Capacity.Bottleneck)
}

func TestUseTeachesWhatNodesCarry(t *testing.T) {
	cfg := sizesConfig(family(2, 4, 16))
	cfg.Sizes.Untried = true
	p := newPool(t, cfg, map[string]int{"c2": 10})
	for m := range 300 {
		p.minute(150 + 4*math.Sin(float64(m)/9))
	}
	before := p.d.Replicas
	require.InEpsilon(t, 19, p.d.Capacity, 1e-12)
	require.ErrorContains(t, p.engine.Use("c3", 1, sizing.Resources{}), `use: size is "c3"; wanted the name of a size of the catalogue`)
	require.ErrorContains(t, p.engine.Use("c2", math.NaN(), sizing.Resources{}), "use: demand is NaN; wanted 0 to 1e18")
	require.ErrorContains(t, p.engine.Use("c2", 1, sizing.Resources{Memory: -1}), "use: memory is -1")
	// A node takes .2 cores and a tenth of a core for each visit, twice what was thought: at .7 of 1.9 cores it carries 11.3.
	for m := range 200 {
		v := 8 + 3*math.Sin(float64(m)/5)
		require.NoError(t, p.engine.Use("c2", v, sizing.Resources{CPU: 0.2 + 0.1*v + 0.01*math.Sin(float64(m)*3.3)}))
	}
	for m := range 30 {
		p.minute(150 + 4*math.Sin(float64(300+m)/9))
	}
	require.InDelta(t, 11.3, p.d.Capacity, 0.1)
	require.Less(t, p.d.Capacity, 11.3, "the lower bound is what is planned with")
	require.Greater(t, p.d.Replicas, before*4/3)
	c := p.d.Sizing.Capacity
	require.Equal(t, 0, c.Bottleneck)
	require.Equal(t, 200, c.Seen)
	require.Greater(t, c.Mean, c.Bound)
	none, err := scaler.New(scaler.Config{})
	require.NoError(t, err)
	require.ErrorIs(t, none.Use("c2", 1, sizing.Resources{}), scaler.ErrNoSizes)
}

// Up to 8 visits a core all is well, beyond that one request in ten is too slow: 8 visits are what a core carries.
func TestServedTeachesWhatIsFastEnough(t *testing.T) {
	p := newPool(t, sizesConfig(family(2, 16)), map[string]int{"c2": 10})
	require.ErrorContains(t, p.engine.Served("c2", 10, 5, 6), "use: slow is 6; wanted at most the requests, 5")
	require.ErrorContains(t, p.engine.Served("c2", 10, -1, 0), "use: requests is -1")
	for m := range 500 {
		each := 4 + 5*float64(m%50)/50
		slow := 0.0
		if each > 8 {
			slow = 100
		}
		require.NoError(t, p.engine.Served("c2", 1.9*each, 1000, slow))
	}
	p.minute(100)
	require.InDelta(t, 1.9*8, p.d.Capacity, 1.9*0.7, "to a bin of it")
	require.Equal(t, scaler.BottleneckLatency, p.d.Sizing.Capacity.Bottleneck)
	text, err := json.Marshal(&p.d)
	require.NoError(t, err)
	require.Contains(t, string(text), `"bottleneck":"latency"`)
}

func TestOneNodeFirstOfAnUnknownFamily(t *testing.T) {
	c := family(2)
	quick := c[0]
	quick.Name, quick.Family, quick.Prices = "q2", "q", []sizing.Price{{Hour: 0.5}}
	cfg := sizesConfig(append(c, quick))
	p := newPool(t, cfg, map[string]int{"c2": 20})
	for m := range 2 * 1440 {
		p.minute(day(m, 300))
		v := 10 + 3*math.Sin(float64(m))
		require.NoError(t, p.engine.Use("c2", v, sizing.Resources{CPU: 0.1 * v}))
	}
	require.Equal(t, sizing.VetoUnknown, p.d.Sizing.Veto)
	require.Equal(t, "c2", p.d.Sizing.Swing)
	require.Equal(t, 1, p.d.Sizing.Nodes("q2"))
	require.Contains(t, p.d.Explain().Sizes, "nothing is known of what it carries, and one node of it is tried first")
	for m := range 1440 {
		p.minute(day(m, 300))
		require.NoError(t, p.engine.Use("q2", 10, sizing.Resources{CPU: 1}))
	}
	require.Equal(t, "q2", p.d.Sizing.Swing)
	require.Zero(t, p.d.Sizing.Nodes("c2"), "all are exchanged")
}

// Near an event, in an emergency, while paused or with advice only no node changes its size.
func TestNoSizesChangeWhenTheyMustNot(t *testing.T) {
	dear := family(2)
	cheap := dear[0]
	cheap.Name, cheap.Prices, cheap.CPU = "d2", []sizing.Price{{Hour: 0.4}}, 2.1
	for _, v := range []struct {
		name string
		veto sizing.Veto
		edit func(*scaler.Config, *scaler.Engine, time.Time)
	}{
		{"event", sizing.VetoEvent, func(_ *scaler.Config, e *scaler.Engine, now time.Time) {
			require.NoError(t, e.Announce(forecast.Event{ID: "tv-1", Kind: "tv", Start: now.Add(24*time.Hour + 5*time.Minute)}))
		}},
		{"pause", sizing.VetoPaused, func(_ *scaler.Config, e *scaler.Engine, _ time.Time) { e.Pause(time.Time{}) }},
		{"advice", sizing.VetoPaused, nil},
	} {
		cfg := sizesConfig(append(dear, cheap))
		cfg.Sizes.Catalog[0].Family, cfg.Sizes.Catalog[1].Family = "c", "d"
		cfg.Advice = v.name == "advice"
		p := newPool(t, cfg, map[string]int{"c2": 10})
		if v.edit != nil {
			v.edit(&cfg, p.engine, p.now)
		}
		for range 1442 {
			p.minute(100)
		}
		require.Equal(t, v.veto, p.d.Sizing.Veto, v.name)
		require.Equal(t, "c2", p.d.Sizing.Swing, v.name)
		require.Zero(t, p.d.Sizing.Nodes("d2"), v.name)
		require.Equal(t, "d2", p.d.Sizing.Other, v.name)
	}
}

func TestFleetsThatSizesCannotHave(t *testing.T) {
	e, err := scaler.New(sizesConfig(family(2, 16)))
	require.NoError(t, err)
	var d scaler.Decision
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, f := range []struct {
		fleet policy.Fleet
		err   string
	}{
		{policy.Fleet{Ready: 3}, "fleet: ready and starting is 3; wanted none of them but nodes by size, because there are sizes and replicas are no pods"},
		{policy.Fleet{Nodes: []policy.Nodes{{Size: "c3"}}}, `fleet: nodes[0].size is "c3"; wanted a size of the catalogue`},
		{policy.Fleet{Nodes: []policy.Nodes{{Size: "c2", Ready: -1}}}, "fleet: nodes[0] is -1 ready, 0 starting; wanted 0 to 1000000 of each, and each size once"},
		{policy.Fleet{Nodes: []policy.Nodes{{Size: "c2", Ready: 1}, {Size: "c2", Ready: 1}}}, "fleet: nodes[1] is 1 ready, 0 starting"},
		{policy.Fleet{Nodes: make([]policy.Nodes, 9)}, "fleet: nodes is 9 sizes; wanted at most 8"},
	} {
		require.ErrorContains(t, e.Recommend(&d, now, f.fleet), f.err)
	}
	require.NoError(t, e.Recommend(&d, now, policy.Fleet{}), "no nodes at all are a fleet")
}

func TestSizesReportEveryFault(t *testing.T) {
	c := family(2)
	c[0].Prices = nil
	cfg := sizesConfig(c)
	cfg.Sizes.Share, cfg.Sizes.Margin, cfg.Sizes.Weekly, cfg.Sizes.Review = 2, 0.5, 17, -1
	cfg.Sizes.Wait = scaler.Wait{Service: -1}
	cfg.Sizes.Pod.CPU = -1
	_, err := scaler.New(cfg)
	for _, want := range []string{
		"sizes.catalog[0] (c2): prices []: wanted one at least", "sizes.catalog is 1 sizes; wanted one that is allowed", "sizes.share is 2; wanted above 0, up to 1",
		"sizes.margin is 0.5; wanted 1 to 100", "sizes.weekly is 17; wanted up to 16, or negative for any", "sizes.review is -1ns", "sizes.wait.service is -1ns", "sizes.pod.cpu is -1",
	} {
		require.ErrorContains(t, err, want)
	}
	good := sizesConfig(family(2, 16))
	good.Sizes.Wait.Service = scaler.Duration(50 * time.Millisecond)
	text, err := json.Marshal(good.WithDefaults())
	require.NoError(t, err)
	back, err := scaler.ParseConfig(text)
	require.NoError(t, err)
	require.Equal(t, good.WithDefaults(), back.WithDefaults())
	turned := good
	turned.Sizes.Catalog = slices.Clone(good.Sizes.Catalog)
	slices.Reverse(turned.Sizes.Catalog)
	require.Equal(t, good.Fingerprint(), turned.Fingerprint(), "no decision depends on the order of a catalogue")
}

// A large machine may be busier for the same wait, and so carries more than in proportion.
func TestWaitFavoursLargeMachines(t *testing.T) {
	cfg := sizesConfig(family(2, 16))
	cfg.Sizes.Wait = scaler.Wait{Service: scaler.Duration(100 * time.Millisecond), Limit: scaler.Duration(100 * time.Millisecond)}
	p := newPool(t, cfg, map[string]int{"c2": 10})
	for range 5 {
		p.minute(100)
	}
	two := sizing.Queue{Workers: 2, Service: 0.1, Arrivals: 1, Services: 1}.Utilisation(0.1, 0.05)
	require.InEpsilon(t, 19*two, p.d.Capacity, 1e-9)
	require.Less(t, two, 0.8)
}

// Peek, a second question within a step, and a restored engine give the same answer.
func TestSizesAreDecidedOncePerStep(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		cfg := sizesConfig(family(2, 4, 16))
		p := newPool(r, cfg, map[string]int{"c4": 5})
		peak := rapid.Float64Range(20, 900).Draw(r, "peak")
		steps := rapid.IntRange(1, 3000).Draw(r, "minutes")
		for m := range steps {
			p.minute(day(m*7, peak))
		}
		var again, peeked, restored scaler.Decision
		require.NoError(r, p.engine.Observe(0, forecast.Sample{Time: p.now, Value: peak}))
		now := p.now.Add(time.Minute)
		require.NoError(r, p.engine.Peek(&peeked, now, p.fleet()))
		snapshot, err := p.engine.AppendBinary(nil)
		require.NoError(r, err)
		other, err := scaler.Restore(cfg, snapshot)
		require.NoError(r, err)
		require.NoError(r, p.engine.Recommend(&p.d, now, p.fleet()))
		require.NoError(r, other.Recommend(&restored, now, p.fleet()))
		require.Equal(r, p.d.Sizing, peeked.Sizing)
		require.Equal(r, p.d.Sizing, restored.Sizing)
		require.NoError(r, p.engine.Recommend(&again, now, p.fleet()))
		require.Equal(r, p.d.Sizing.Pools(), again.Sizing.Pools(), "nothing is ordered twice")
		require.Equal(r, p.d.Replicas, again.Replicas)
	})
}

func TestSizesAllocateNothing(t *testing.T) {
	p := newPool(t, sizesConfig(family(2, 4, 8, 16)), map[string]int{"c4": 5})
	for m := range 3000 {
		p.minute(day(m, 300))
	}
	fleet := p.fleet()
	require.Zero(t, testing.AllocsPerRun(200, func() {
		_ = p.engine.Observe(0, forecast.Sample{Time: p.now, Value: 100})
		p.now = p.now.Add(time.Minute)
		_ = p.engine.Recommend(&p.d, p.now, fleet)
		_ = p.engine.Use("c4", 10, sizing.Resources{CPU: 1})
	}))
}

// A fleet that has more than was decided is brought back, and the rest is not taken for need.
func TestNodesBeyondThePlanGo(t *testing.T) {
	p := newPool(t, sizesConfig(family(2)), map[string]int{"c2": 10})
	for range 200 {
		p.minute(150)
	}
	wanted := p.d.Replicas
	p.ready["c2"] += 20
	p.minute(150)
	require.InDelta(t, wanted, p.d.Ready, 1)
	require.Equal(t, p.d.Replicas, p.d.Sizing.Nodes("c2"))
}

func TestTheBootTimeIsThatOfTheSwing(t *testing.T) {
	c := family(2, 16)
	c[0].Boot, c[1].Boot = sizing.Duration(10*time.Minute), sizing.Duration(4*time.Minute)
	p := newPool(t, sizesConfig(c), map[string]int{"c2": 10})
	require.Equal(t, 10*time.Minute, p.minute(100).Lead)
	p = newPool(t, sizesConfig(c), map[string]int{"c16": 2})
	require.Equal(t, 4*time.Minute, p.minute(100).Lead)
}

// exchanging is a pool whose nodes are being exchanged for cheaper ones, some of them still to come.
func exchanging(t *testing.T, edit func(*scaler.Config)) *pool {
	c := family(2)
	cheap := c[0]
	cheap.Name, cheap.Family, cheap.Prices, cheap.CPU = "d2", "d", []sizing.Price{{Hour: 0.4}}, 2.1
	cfg := sizesConfig(append(c, cheap))
	if edit != nil {
		edit(&cfg)
	}
	p := newPool(t, cfg, map[string]int{"c2": 40})
	for m := range 3 * 1440 {
		if p.minute(600 + 3*math.Sin(float64(m))); p.d.Sizing.From != "" {
			break
		}
	}
	return p
}

func TestAnExchangeTellsItsWay(t *testing.T) {
	p := exchanging(t, func(cfg *scaler.Config) { cfg.Sizes.Disruption, cfg.Sizes.Share = 0.25, 0.2 })
	z := p.d.Sizing
	require.Equal(t, "c2", z.From)
	require.GreaterOrEqual(t, z.Saved, z.Price-1e-9)
	require.Greater(t, z.Left, 10)
	require.Greater(t, z.Rest, 0.25*float64(z.Left), "each node that is taken out costs a quarter, besides the boot of another")
	each := int(0.2 * float64(z.Nodes("d2")+z.Left))
	require.Equal(t, time.Duration((z.Left+each-1)/each)*3*time.Minute, z.Done)

	// Asked again in the same step it says the same.
	var again scaler.Decision
	require.NoError(t, p.engine.Recommend(&again, p.now, p.fleet()))
	require.Equal(t, "c2", again.Sizing.From)

	// A pause keeps every node as it is, also in the middle of an exchange.
	p.minute(600)
	p.engine.Pause(time.Time{})
	p.minute(600)
	for _, pool := range p.d.Sizing.Pools() {
		require.Equal(t, pool.Ready+pool.Starting, pool.Nodes, "%v", pool)
	}
	require.False(t, p.d.Acts())
	p.engine.Resume()

	// What is missing comes first: no exchange begins in an emergency.
	for range 3 {
		p.minute(600)
	}
	before := p.d.Sizing.Left
	p.minute(3000)
	require.GreaterOrEqual(t, p.d.Sizing.Left, before)
	for range 60 {
		p.minute(600)
	}
	require.Zero(t, p.d.Sizing.Left)
	require.Zero(t, p.d.Sizing.Done)
	require.Zero(t, p.d.Sizing.Nodes("c2"))
}

func TestAFreezeHoldsSizesToo(t *testing.T) {
	p := exchanging(t, func(cfg *scaler.Config) {
		cfg.Windows = []scaler.Window{{Start: "00:00", End: "24:00", Freeze: "down"}}
	})
	require.Equal(t, "c2", p.d.Sizing.Swing)
	require.Equal(t, sizing.VetoPaused, p.d.Sizing.Veto)
	require.Contains(t, p.d.Explain().Sizes, "the fleet is frozen or paused")
}

// Where the cloud fills half of the orders a change costs twice as much.
func TestSizesThatAreHardToGetCostMoreToGoTo(t *testing.T) {
	price := func(available float64) float64 {
		p := exchanging(t, func(cfg *scaler.Config) {
			for i := range cfg.Sizes.Catalog {
				cfg.Sizes.Catalog[i].Available = available
			}
		})
		return p.d.Sizing.Price
	}
	require.InEpsilon(t, 2*price(1), price(0.5), 1e-9)
}

// Demand that hardly varies does not show what it costs: what was declared holds.
func TestALawThatIsNotSureTeachesNothing(t *testing.T) {
	p := newPool(t, sizesConfig(family(2, 16)), map[string]int{"c2": 10})
	for m := range 200 {
		require.NoError(t, p.engine.Use("c2", 8+0.01*math.Sin(float64(m)*1.7), sizing.Resources{CPU: 0.5 + 0.4*math.Sin(float64(m)*3.3)}))
	}
	p.minute(100)
	require.InEpsilon(t, 19, p.d.Capacity, 1e-12)
}

// Without fresh samples nothing is learned about sizes, however long it lasts.
func TestBlindEnginesChangeNoSizes(t *testing.T) {
	cfg := sizesConfig(family(2, 16))
	p := newPool(t, cfg, map[string]int{"c16": 12})
	for m := range 600 {
		p.minute(day(m, 300))
	}
	for range 3 * 1440 {
		p.now = p.now.Add(time.Minute)
		require.NoError(t, p.engine.Recommend(&p.d, p.now, p.fleet()))
		require.Empty(t, p.d.Sizing.From)
		require.False(t, p.d.Acts())
	}
}

// What nodes carry, and the objective on waiting, survive a restart.
func TestWhatWasLearnedOfNodesSurvives(t *testing.T) {
	cfg := sizesConfig(family(2, 16))
	cfg.Sizes.Wait = scaler.Wait{Service: scaler.Duration(100 * time.Millisecond), Limit: scaler.Duration(100 * time.Millisecond)}
	p := newPool(t, cfg, map[string]int{"c2": 10})
	for m := range 200 {
		v := 8 + 3*math.Sin(float64(m)/5)
		require.NoError(t, p.engine.Use("c2", v, sizing.Resources{CPU: 0.1 * v}))
	}
	p.minute(100)
	busy := sizing.Queue{Workers: 2, Service: 0.1, Arrivals: 1, Services: 1}.Utilisation(0.1, 0.05)
	require.InEpsilon(t, 19*busy, p.d.Capacity, 0.01, "as busy as the objective allows, not as Target has it")
	snapshot, err := p.engine.AppendBinary(nil)
	require.NoError(t, err)
	other, err := scaler.Restore(cfg, snapshot)
	require.NoError(t, err)
	var a, b scaler.Decision
	now := p.now.Add(30 * time.Second)
	require.NoError(t, p.engine.Recommend(&a, now, p.fleet()))
	require.NoError(t, other.Recommend(&b, now, p.fleet()))
	require.Equal(t, a.Capacity, b.Capacity)
	require.Equal(t, a.Sizing, b.Sizing)
}

// While the fleet is too small for what is measured no size changes, though a review wants it.
func TestWhatIsMissingComesBeforeSizes(t *testing.T) {
	c := family(2)
	cheap := c[0]
	cheap.Name, cheap.Family, cheap.Prices, cheap.CPU = "d2", "d", []sizing.Price{{Hour: 0.4}}, 2.1
	p := newPool(t, sizesConfig(append(c, cheap)), map[string]int{"c2": 40})
	demand := 600.0
	for m := range 1441 {
		if m > 1430 {
			demand *= 1.3 // faster than nodes boot
		}
		p.minute(demand)
	}
	require.Greater(t, p.d.Observed, float64(p.d.Ready)*p.d.Capacity)
	require.Equal(t, sizing.VetoEmergency, p.d.Sizing.Veto)
	require.Equal(t, "c2", p.d.Sizing.Swing)
	for range 30 {
		p.minute(demand)
	}
	require.Equal(t, "d2", p.d.Sizing.Swing, "afterwards nobody waits for the next review")
}
