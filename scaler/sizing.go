package scaler

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/state"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/policy/sizing"
)

// MaxPools is the largest number of sizes that the nodes of a Fleet may be of.
const MaxPools = 8

// poolRoom leaves a plan room for sizes that the fleet has no nodes of: a base, a swing, one that is tried, one that helps out.
const poolRoom = MaxPools + 3 + sizing.MaxHelpers

// NodePool is what a decision says of the nodes of one size.
type NodePool struct {
	Size     string `json:"size"`
	Ready    int    `json:"ready"`    // that serve, as observed
	Starting int    `json:"starting"` // on order, as observed
	Nodes    int    `json:"nodes"`    // ready and starting nodes should become this many now
	Plan     int    `json:"plan"`     // and this many when the plan is carried out, for this count of replicas
}

// Sizing is what a decision says of nodes and their sizes; its zero value stands for an engine without Config.Sizes. Money is in the currency of
// the catalogue.
type Sizing struct {
	Swing string // size of what comes and goes with demand
	Base  string // size of what is always needed; "" where no other size is enough cheaper for what it carries
	Fixed int    // nodes of Base in the plan

	// Capacity is in replicas that a node of Swing carries, what that rests on, and which resource is used up first, or BottleneckLatency.
	Capacity sizing.Capacity

	// What the plan costs, and what it would cost with another swing: the cheapest other so far, "" for none. That would have
	// been Saved cheaper, as far as that counts towards the Price of a change; where it reaches it the swing changes, unless
	// there is a Veto.
	Cost   float64 // an hour
	Other  string
	Beside float64 // an hour
	Saved  float64
	Price  float64
	Veto   sizing.Veto

	From  string // the swing before a change in this step; "" for none
	Moved int    // nodes by which the base has grown or shrunk in this step

	// The way to the plan: every step of it can be taken back, for what it has cost.
	Left int           // nodes that are still to be ordered in place of others, beyond what this decision orders
	Rest float64       // what that will cost: their boot, and what it costs to take the others out
	Done time.Duration // from Time until the exchange is over at the pace of Sizes.Share; 0 where there is none

	pools [poolRoom]NodePool
	count int
}

// Pools returns the nodes of each size that there is one of, or should be, the cheapest first. The slice belongs to the decision.
func (s *Sizing) Pools() []NodePool { return s.pools[:s.count] }

// Nodes returns how many nodes of a size there should be now.
func (s *Sizing) Nodes(size string) int {
	for i := range s.Pools() {
		if s.pools[i].Size == size {
			return s.pools[i].Nodes
		}
	}
	return 0
}

// sizingJSON is Sizing.
type sizingJSON struct {
	Swing    string       `json:"swing"`
	Base     string       `json:"base,omitempty"`
	Fixed    int          `json:"fixed,omitempty"`
	Capacity capacityJSON `json:"capacity"`
	Cost     float64      `json:"cost"`
	Other    string       `json:"other,omitempty"`
	Beside   float64      `json:"beside,omitempty"`
	Saved    float64      `json:"saved,omitempty"`
	Price    float64      `json:"price,omitempty"`
	Veto     sizing.Veto  `json:"veto"`
	From     string       `json:"from,omitempty"`
	Moved    int          `json:"moved,omitempty"`
	Left     int          `json:"left,omitempty"`
	Rest     float64      `json:"rest,omitempty"`
	DoneS    float64      `json:"done_s,omitempty"`
	Pools    []NodePool   `json:"pools"`
}

type capacityJSON struct {
	Mean       float64 `json:"mean"`
	Bound      float64 `json:"bound"`
	Bottleneck string  `json:"bottleneck,omitempty"`
	Seen       int     `json:"seen"`
}

func (s *Sizing) json() *sizingJSON {
	if s.Swing == "" {
		return nil
	}
	c := capacityJSON{Mean: s.Capacity.Mean, Bound: s.Capacity.Bound, Seen: s.Capacity.Seen}
	switch b := s.Capacity.Bottleneck; {
	case b == BottleneckLatency:
		c.Bottleneck = "latency"
	case b >= 0 && b < sizing.NumResources:
		c.Bottleneck = sizing.ResourceNames[b]
	}
	return &sizingJSON{
		s.Swing, s.Base, s.Fixed, c, s.Cost, s.Other, s.Beside, s.Saved, s.Price, s.Veto, s.From, s.Moved, s.Left, s.Rest, s.Done.Seconds(),
		append([]NodePool{}, s.Pools()...),
	}
}

// Acts says whether the decision changes anything: the count, or the nodes of a size.
func (d *Decision) Acts() bool {
	return d.Change() != 0 || slices.ContainsFunc(d.Sizing.Pools(), func(p NodePool) bool { return p.Nodes != p.Ready+p.Starting })
}

// sized is the part of an engine that chooses sizes.
type sized struct {
	cfg     *Sizes
	sizes   []sizing.Size // by price, then name
	kinds   []sizing.Kind // of the planner
	planner *sizing.Planner
	small   int // the size that a replica stands for where replicas are no pods
	classes []time.Duration
	step    time.Duration

	// What changes, besides the planner:
	model  sizing.Model
	slow   sizing.Latency // of demand per core of speed 1
	family int            // size that the laws were learned on, -1 before the first use
	wanted float64        // replicas of the newest decision; what there is more of is there twice for an exchange
	last   int64          // step of the newest plan
	ever   bool

	plan   sizing.Situation // scratch
	pools  []sizing.Pool    // scratch: the fleet, and what becomes of it
	before []int            // scratch: nodes before an exchange
	curves []policy.Curve   // scratch: demand by boot class
	then   []float64        // scratch
	arrive [1]time.Duration
}

// newSized returns what chooses the sizes of a valid configuration, nil if there are none.
func newSized(cfg *Config) *sized {
	z := &cfg.Sizes
	if !z.some() {
		return nil
	}
	price := func(s *sizing.Size) float64 {
		if p, ok := s.Price(z.Options...); ok {
			return p
		}
		return math.Inf(1)
	}
	s := &sized{cfg: z, sizes: slices.Clone(z.Catalog), family: -1, small: -1, wanted: math.Inf(1), step: cfg.Step.Std()}
	slices.SortStableFunc(s.sizes, func(a, b sizing.Size) int { return cmp.Compare(price(&a), price(&b)) })
	open := z.Catalog.Prune("", z.Options...)
	for i := range s.sizes {
		size := &s.sizes[i]
		boot := time.Duration(cfg.steps(cmp.Or(Duration(size.Boot), cfg.Boot))) * s.step
		class := slices.Index(s.classes, boot)
		if class < 0 {
			class = len(s.classes)
			s.classes = append(s.classes, boot)
		}
		units := z.units(size)
		k := sizing.Kind{Candidate: sizing.Candidate{
			Price: min(price(size), maxPrice), Out: z.Disruption, Min: size.Min, Max: cmp.Or(size.Max, maxCount),
		}, Class: class, Open: open.Find(size.Name) >= 0 && units > 0, Learned: true}
		k.In = float64(k.Price*boot.Hours()) / size.Available
		s.kinds = append(s.kinds, k)
		if k.Open && (s.small < 0 || units < z.units(&s.sizes[s.small])) {
			s.small = i
		}
	}
	s.model.Target = [sizing.NumResources]float64{z.Target.CPU, z.Target.Memory, z.Target.Network}
	s.model.Errors = z.Errors
	s.slow = sizing.NewLatency(float64(2*cfg.Signals[0].Capacity), latencyMemory)
	s.planner = sizing.NewPlanner(s.kinds, z.terms())
	s.kinds = s.planner.Kinds()
	s.pools = make([]sizing.Pool, len(s.kinds))
	s.before = make([]int, len(s.kinds))
	s.curves = make([]policy.Curve, len(s.classes))
	s.then = make([]float64, forecast.NumLevels)
	return s
}

// unit is what a replica stands for before anything is learned, in units of the configured capacity of a signal.
func (s *sized) unit() float64 {
	if s == nil || s.cfg.pods() {
		return 1
	}
	return s.cfg.units(&s.sizes[s.small])
}

// maxPrice is the price of a size that has none: it is used up, and never ordered.
const maxPrice = 1e12

// latencyMemory is the half-life of observations of latency: a week of minutes.
const latencyMemory = 7 * 24 * 60

// carries returns what a node of size k carries, in units of the configured capacity of a signal: pods, or cores of speed 1.
func (s *sized) carries(k int, capacity float64) sizing.Capacity {
	size := &s.sizes[k]
	declared := s.cfg.units(size)
	if s.cfg.pods() {
		_, bottleneck := sizing.Pods(size.Resources(), s.cfg.Pod, s.cfg.Pods)
		return sizing.Capacity{Mean: declared, Bound: declared, Bottleneck: bottleneck}
	}
	c := sizing.Capacity{Mean: declared, Bound: declared}
	if s.family >= 0 {
		model := &s.model
		if s.cfg.Wait.Service > 0 {
			model.Target[0] = s.cfg.busy(size)
		}
		// A law that may be wrong by half tells less than what was declared: demand that hardly varies shows no cost of it.
		if l := model.Capacity(size); l.Bound >= float64(0.5*l.Mean) && !math.IsInf(l.Bound, 0) {
			c = sizing.Capacity{Mean: l.Mean / capacity, Bound: l.Bound / capacity, Bottleneck: l.Bottleneck, Seen: l.Seen}
		}
	}
	if each := s.slow.Capacity(s.cfg.Slow, s.cfg.Errors); !math.IsNaN(each) {
		if fast := float64(each*size.Resources().CPU) * cmp.Or(size.Speed, 1) / capacity; fast > 0 && fast < c.Bound {
			c.Mean, c.Bound, c.Bottleneck = fast, fast, BottleneckLatency
		}
	}
	return c
}

// BottleneckLatency stands in Sizing.Capacity for latency as what is used up first, in place of a resource.
const BottleneckLatency = sizing.NumResources

// revalue makes what nodes carry, as far as it is known, what replicas and plans are counted in.
func (e *Engine) revalue() {
	s := e.sized
	base := e.cfg.Signals[0].Capacity
	unit := 1.0
	if !s.cfg.pods() {
		if c := s.carries(s.small, base); c.Bound > 0 {
			unit = c.Bound
		}
		for i := range e.signals {
			e.signals[i].capacity = float64(e.cfg.Signals[i].Capacity * unit)
		}
	}
	for k := range s.kinds {
		s.kinds[k].Capacity = s.carries(k, base).Bound / unit
		own := s.family >= 0 && s.sizes[k].Family == s.sizes[s.family].Family
		s.kinds[k].Learned = s.cfg.pods() || s.family < 0 || s.model.Known(&s.sizes[k], own)
	}
	s.planner.Revalue()
}

// Use tells the engine what nodes of a size used while each of them served demand of the first signal: cores, GiB and Gbit/s of what
// serves, without what the node keeps for itself. From that it learns what nodes of every size carry. Tell it whenever both have
// been measured, such as once a step.
//
// It does nothing for replicas that are pods, of which as many run as fit. Errors: ErrNoSizes, a *UseError.
func (e *Engine) Use(size string, demand float64, used sizing.Resources) error {
	s := e.sized
	k, err := s.about(size, demand)
	if err != nil {
		return err
	}
	for i, name := range sizing.ResourceNames {
		if err := usable(used.At(i), name); err != nil {
			return err
		}
	}
	if s.cfg.pods() {
		return nil
	}
	if s.family < 0 {
		s.family = k
	}
	s.model.Observe(&s.sizes[k], s.sizes[k].Family == s.sizes[s.family].Family, demand, used)
	e.revalue()
	return nil
}

// Served tells the engine how many requests nodes of a size worked off while each of them served demand of the first signal, and how
// many of those were too slow. What a core serves while no more than Sizes.Slow are bounds what nodes of every size carry,
// and beyond the load that has been tried only a tenth more is.
//
// It does nothing for replicas that are pods. Errors: ErrNoSizes, a *UseError.
func (e *Engine) Served(size string, demand, requests, slow float64) error {
	s := e.sized
	k, err := s.about(size, demand)
	if err != nil {
		return err
	}
	for _, v := range []struct {
		v     float64
		field string
	}{{requests, "requests"}, {slow, "slow"}} {
		if err := usable(v.v, v.field); err != nil {
			return err
		}
	}
	if slow > requests {
		return &UseError{"slow", strconv.FormatFloat(slow, 'g', -1, 64), "at most the requests, " + strconv.FormatFloat(requests, 'g', -1, 64)}
	}
	if s.cfg.pods() {
		return nil
	}
	cores := float64(s.sizes[k].Resources().CPU * cmp.Or(s.sizes[k].Speed, 1))
	s.slow.Observe(demand/cores, requests, slow)
	e.revalue()
	return nil
}

// about returns the size that is told of, which served demand.
func (s *sized) about(size string, demand float64) (int, error) {
	if s == nil {
		return 0, ErrNoSizes
	}
	k := slices.IndexFunc(s.sizes, func(z sizing.Size) bool { return z.Name == size })
	if k < 0 {
		return 0, &UseError{"size", strconv.Quote(size), "the name of a size of the catalogue"}
	}
	return k, usable(demand, "demand")
}

// usable refuses what cannot have been measured.
func usable(v float64, field string) error {
	if v >= 0 && v <= maxValue {
		return nil
	}
	return &UseError{field, strconv.FormatFloat(v, 'g', -1, 64), "0 to 1e18"}
}

// see takes in the nodes of a fleet and returns it with its replicas, which are what nodes carry unless they are pods.
func (s *sized) see(f policy.Fleet) (policy.Fleet, error) {
	clear(s.pools)
	if len(f.Nodes) > MaxPools {
		return f, &FleetError{"nodes", strconv.Itoa(len(f.Nodes)) + " sizes", "at most " + strconv.Itoa(MaxPools)}
	}
	if !s.cfg.pods() && f.Ordered() > 0 {
		return f, &FleetError{"ready and starting", strconv.Itoa(f.Ordered()), "none of them but nodes by size, because there are sizes and replicas are no pods"}
	}
	var ordered, ready, most float64
	start := -1
	for i, n := range f.Nodes {
		k := slices.IndexFunc(s.sizes, func(z sizing.Size) bool { return z.Name == n.Size })
		if k < 0 {
			return f, &FleetError{"nodes[" + strconv.Itoa(i) + "].size", strconv.Quote(n.Size), "a size of the catalogue"}
		}
		if n.Ready < 0 || n.Starting < 0 || n.Ready > maxCount || n.Starting > maxCount || s.pools[k].Nodes > 0 {
			return f, &FleetError{"nodes[" + strconv.Itoa(i) + "]", strconv.Itoa(n.Ready) + " ready, " + strconv.Itoa(n.Starting) + " starting", "0 to " + strconv.Itoa(maxCount) + " of each, and each size once"}
		}
		s.pools[k].Ready, s.pools[k].Nodes = n.Ready, n.Ready+n.Starting
		ready += float64(float64(n.Ready) * s.kinds[k].Capacity)
		held := float64(float64(s.pools[k].Nodes) * s.kinds[k].Capacity)
		if ordered += held; held > most {
			start, most = k, held
		}
	}
	if !s.planner.Begun() {
		if start < 0 {
			start = s.small
		}
		s.planner.Start(start)
	}
	if s.cfg.pods() {
		return f, nil
	}
	// What is there twice for an exchange is not shown: a count that is a little too large is left alone, and the exchange
	// would then add to it again and again.
	f.Ready = replicasOf(math.Min(ready, s.wanted))
	f.Starting = max(0, replicasOf(math.Min(ordered, s.wanted))-f.Ready)
	if boot := s.sizes[s.planner.Swing()].Boot; f.Boot == 0 && boot > 0 {
		f.Boot = boot.Std()
	}
	return f, nil
}

// replicasOf is how many whole replicas so many are, but for rounding.
func replicasOf(v float64) int { return int(math.Floor(math.Min(v, maxCount) + 1e-9)) }

// place decides on the nodes that carry what was decided.
func (e *Engine) place(d *Decision, now time.Time) {
	s := e.sized
	if s == nil {
		return
	}
	in := sizing.Circumstances{
		Event: d.Event, Emergency: d.short(),
		Paused: d.Replicas != d.Advised || e.cfg.Advice || e.guard.stands(now.UnixNano()) || e.guard.held.FreezeUp || e.guard.held.FreezeDown,
	}
	k := e.stepOf(now)
	if !s.ever || k > s.last || k < s.last-1 {
		s.ever, s.last = true, k
		s.planner.Step(e.situation(d, now, k, in))
	}
	replicas := float64(d.Replicas)
	s.planner.Plan(s.pools, replicas)
	for i := range s.pools {
		s.before[i] = s.pools[i].Nodes
	}
	if !e.cfg.Advice && !e.guard.stands(now.UnixNano()) {
		s.planner.Exchange(in).Next(s.kinds, s.pools, replicas)
	}
	s.wanted = replicas
	s.tell(&d.Sizing, e.cfg.Signals[0].Capacity)
}

// tell fills in what a decision says.
func (s *sized) tell(d *Sizing, capacity float64) {
	o := s.planner.Outlook()
	*d = Sizing{Swing: s.sizes[o.Swing].Name, Cost: o.Cost, Saved: o.Saved, Price: o.Price, Beside: o.Other, Veto: o.Veto, Moved: o.Rebased}
	d.Capacity = s.carries(o.Swing, capacity)
	if unit := s.kinds[o.Swing].Capacity; d.Capacity.Bound > 0 && unit > 0 { // in replicas
		d.Capacity.Mean, d.Capacity.Bound = float64(d.Capacity.Mean*unit)/d.Capacity.Bound, unit
	}
	if base, n := s.planner.Base(); n > 0 {
		d.Base, d.Fixed = s.sizes[base].Name, n
	}
	if o.Best >= 0 {
		d.Other = s.sizes[o.Best].Name
	}
	if o.From >= 0 {
		d.From = s.sizes[o.From].Name
	}
	total, gone := 0, 0
	for k := range s.pools {
		p := &s.pools[k]
		total += p.Want
		if missing := p.Want - p.Nodes; missing > 0 {
			d.Left += missing
			d.Rest += float64(float64(missing) * s.kinds[k].In)
			d.Done = max(d.Done, s.classes[s.kinds[k].Class])
		} else {
			gone -= missing
			d.Rest -= float64(float64(missing) * s.kinds[k].Out)
		}
		if p.Want == 0 && p.Nodes == 0 && s.before[k] == 0 || d.count == poolRoom {
			continue
		}
		d.pools[d.count] = NodePool{s.sizes[k].Name, p.Ready, s.before[k] - p.Ready, p.Nodes, p.Want}
		d.count++
	}
	if d.Left == 0 || gone == 0 { // what is left comes with the count, or nothing is
		d.Left, d.Rest, d.Done = 0, 0, 0
		return
	}
	each := max(1, int(float64(s.cfg.Share*float64(total))))
	d.Done = time.Duration((d.Left+each-1)/each) * (d.Done + s.step)
}

var errSized = errors.New("snapshot holds sizes that cannot be")

// fields walks what changes after New.
func (s *sized) fields(c *state.Codec) {
	s.planner.State(c)
	s.model.State(c)
	s.slow.State(c)
	c.Int(&s.family)
	begun := !math.IsInf(s.wanted, 1)
	c.Bool(&begun)
	wanted := 0.0
	if begun {
		wanted = s.wanted
	}
	if c.Float64(&wanted); !begun {
		wanted = math.Inf(1)
	}
	s.wanted = wanted
	c.Int64(&s.last)
	c.Bool(&s.ever)
	if c.Reading() && (s.family < -1 || s.family >= len(s.sizes) || s.wanted < 0) {
		c.Fail(errSized)
		s.family, s.wanted = -1, math.Inf(1)
	}
}

// situation is what a plan is made on.
func (e *Engine) situation(d *Decision, now time.Time, k int64, in sizing.Circumstances) *sizing.Situation {
	s := e.sized
	s.plan = sizing.Situation{Step: k, Hours: s.step.Hours(), Replicas: float64(d.Advised), Demand: s.curves, In: in, Blind: d.Stale}
	v := &s.plan
	least := math.Inf(1)
	for i := range s.kinds {
		if c := &s.kinds[i]; c.Open && c.Capacity > 0 {
			least = math.Min(least, c.Price/c.Capacity)
		}
	}
	v.Worth = float64(e.cfg.Penalty * least)
	v.Class = s.kinds[s.planner.Swing()].Class
	from := slices.IndexFunc(e.signals, func(x signal) bool { return x.name == d.Signal })
	for c, boot := range s.classes {
		then := d.Demand[:]
		if c != v.Class && from >= 0 && e.signals[from].forecast.Ready() {
			s.arrive[0] = boot
			f := e.signals[from].forecast
			if d.Event {
				s.then = f.Quantiles(s.then, now, s.arrive[:])
			} else {
				s.then = f.Ordinary(s.then, now, s.arrive[:])
			}
			then = s.then
		}
		if !s.curves[c].Set(forecast.Levels[:], then, d.Capacity) {
			v.Blind = true
		}
	}
	return v
}
