package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// weather is what a source does for a while.
type weather int

const (
	fair weather = iota
	refuses
	passes // the first attempt fails, the second succeeds
	hangs
	truncates
	unknown // NaN
	silent  // nothing new
	negative
	twice
	backward
	fast      // its clock is ahead
	slow      // its clock is behind
	yesterday // its data stands still since yesterday
	lies      // it says zero
	numWeathers
)

// told is what the sources of a workload have told, as far as an honest engine may build on it.
type told struct {
	newest time.Time // of the numbers that came without an error, by the clock here, and that were asked for
	lying  bool      // the newest of them is a lie
	lied   time.Time // end of the last lie
}

// season is a Source of true demand through a weather that changes at random.
type season struct {
	rng   *rand.Rand
	truth func(at time.Time) float64
	told  *told

	now   weather
	until time.Time
	calls int
	last  time.Time // of the numbers that this one has told
	seen  [numWeathers]int
}

// longestLie is half of what the guard doubts. From one lie to the next it takes four times as long: the doubt of a fall
// that lasts ends with its span. There is none at first: what the first answer says is history.
const longestLie = 20 * time.Minute

// change moves the weather on to time now.
func (s *season) change(now time.Time) {
	if now.Before(s.until) {
		return
	}
	if s.now == lies {
		s.told.lied = now
	}
	s.now, s.until = fair, now.Add(time.Duration(5+s.rng.IntN(90))*time.Minute)
	if s.rng.IntN(3) > 0 {
		s.now = weather(1 + s.rng.IntN(int(numWeathers)-1))
		s.until = now.Add(time.Duration(1+s.rng.IntN(19)) * time.Minute)
		if s.now == lies && (s.told.newest.IsZero() || now.Before(noon.Add(longestLie)) || s.told.lying || now.Sub(s.told.lied) < 4*longestLie) {
			s.now = refuses
		}
	}
	s.seen[s.now]++
}

func (s *season) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	s.change(to)
	s.calls++
	switch s.now {
	case refuses:
		return dst, errDown
	case passes:
		if s.calls%2 == 1 {
			return dst, temporary{}
		}
	case hangs:
		<-ctx.Done()
		return dst, fmt.Errorf("asking: %w", ctx.Err())
	case truncates:
		return dst, fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)
	}
	begun := s.until.Add(-longestLie) // faults of samples concern those of the last minutes
	first := len(dst)
	for at := from.Truncate(time.Minute); !at.Add(time.Minute).After(to); at = at.Add(time.Minute) {
		if at.Before(from) {
			continue
		}
		x := forecast.Sample{Time: at, Value: s.truth(at)}
		if at.Before(begun) || at.Before(s.last) { // that much is known and not altered
			dst = append(dst, x)
			continue
		}
		switch s.now {
		case unknown:
			x.Value = math.NaN()
		case negative:
			x.Value = -1
		case silent:
			continue
		case twice:
			dst = append(dst, x)
		case fast:
			x.Time = x.Time.Add(7 * time.Minute)
		case slow:
			x.Time = x.Time.Add(-7 * time.Minute)
		case yesterday:
			x.Time = x.Time.AddDate(0, 0, -1)
		case lies:
			x.Value = 0
		}
		dst = append(dst, x)
	}
	if s.now == backward {
		for i, j := first, len(dst)-1; i < j; i, j = i+1, j-1 {
			dst[i], dst[j] = dst[j], dst[i]
		}
	}
	s.note(dst[first:], from, to)
	return dst, nil
}

// note remembers what an honest engine may build on. An answer from the future is none.
func (s *season) note(told []forecast.Sample, from, to time.Time) {
	for _, x := range told {
		if x.Time.After(to) {
			return
		}
	}
	for _, x := range told {
		if x.Time.Before(from) || !x.Time.Before(to) || !(x.Value >= 0) {
			continue
		}
		if x.Time.After(s.last) {
			s.last = x.Time
		}
		if x.Time.After(s.told.newest) {
			s.told.newest, s.told.lying = x.Time, s.now == lies
		}
	}
}

// shaky is a fleet whose platform fails from time to time.
type shaky struct {
	*memory.Actuator
	rng *rand.Rand
}

var errPlatform = errors.New("the platform is down")

func (s *shaky) Fleet(ctx context.Context) (policy.Fleet, error) {
	if s.rng.IntN(40) == 0 {
		return policy.Fleet{}, errPlatform
	}
	return s.Actuator.Fleet(ctx)
}

func (s *shaky) Apply(ctx context.Context, d *scaler.Decision) error {
	switch s.rng.IntN(40) {
	case 0:
		return errPlatform
	case 1: // it is carried out, and the answer is lost
		return errors.Join(s.Actuator.Apply(ctx, d), errPlatform)
	}
	return s.Actuator.Apply(ctx, d)
}

// judge is an Observer that finds what is unsafe: a release
//
//   - while the newest number that any input has truly told is older than the engine's MaxAge allows, or
//   - below what the true demand of the step needs, while the newest number told is a zero that was a lie.
type judge struct {
	name     string
	seed     uint64
	told     *told
	truth    func(at time.Time) float64
	maxAge   time.Duration
	releases int
	stale    int // decisions
	doubts   int
	unsafe   []string
}

const soakCapacity = 10

func (j *judge) Decision(_ context.Context, d *scaler.Decision) {
	old := d.Time.Sub(j.told.newest) > j.maxAge
	if old {
		j.stale++
	}
	for _, s := range d.Steps() {
		if s.Rule == policy.RuleDoubt {
			j.doubts++
		}
	}
	if d.Change() >= 0 {
		return
	}
	j.releases++
	needs := int(math.Ceil(j.truth(d.Time) / soakCapacity))
	switch {
	case old:
		j.blame(d, "on samples that are %v old", d.Time.Sub(j.told.newest))
	case j.told.lying && d.Replicas < needs:
		j.blame(d, "on a lie, below the %d that the true demand needs", needs)
	}
}

func (j *judge) blame(d *scaler.Decision, format string, args ...any) {
	j.unsafe = append(j.unsafe, fmt.Sprintf("seed %d, workload %s, %v: released %s: %v", j.seed, j.name, d.Time, fmt.Sprintf(format, args...), d))
}

// TestSoak plays a day of many workloads with faults of all kinds at random, in virtual time.
func TestSoak(t *testing.T) {
	workloads, seeds := 16, 3
	if testing.Short() {
		workloads, seeds = 4, 1
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { soak(t, seed, workloads) })
		})
	}
}

func soak(t *testing.T, seed uint64, workloads int) {
	const day = 24 * 60
	var cfg adapters.GroupConfig
	var judges []*judge
	var all []*season
	for i := range workloads {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		size, phase := 100*math.Pow(10, 2*rng.Float64()), 2*math.Pi*rng.Float64()
		truth := func(at time.Time) float64 {
			m := at.Unix() / 60
			noise := rand.New(rand.NewPCG(seed^uint64(i), uint64(m))).Float64()
			v := size * (1 + 0.6*math.Sin(phase+2*math.Pi*float64(m)/day) + 0.1*noise)
			if k := m % 240; k >= 100 && k < 106 { // a crowd
				v *= 2.5
			}
			return v
		}
		e, err := scaler.New(scaler.Config{
			Signals: []scaler.Signal{{Name: "visits", Capacity: soakCapacity}}, Boot: scaler.Duration(2 * time.Minute),
			Guard:    scaler.Guard{Late: 1, Doubt: scaler.Duration(2 * longestLie)},
			Forecast: scaler.Forecast{Compact: true},
		})
		require.NoError(t, err)
		feed := adapters.Feed{}
		j := &judge{name: fmt.Sprint(i), seed: seed, truth: truth, maxAge: e.Config().MaxAge.Std(), told: &told{lied: noon.AddDate(0, 0, -1)}}
		for k := range 1 + i%2 {
			s := &season{rng: rand.New(rand.NewPCG(seed, uint64(1000+2*i+k))), truth: truth, told: j.told, until: noon}
			feed.Inputs = append(feed.Inputs, adapters.Input{Name: fmt.Sprint(k), Source: s})
			all = append(all, s)
		}
		plant, err := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Boot: 2 * time.Minute, Start: int(size / soakCapacity), Clock: time.Now})
		require.NoError(t, err)
		judges = append(judges, j)
		cfg.Workloads = append(cfg.Workloads, adapters.Config{
			Name: j.name, Engine: e, Feeds: []adapters.Feed{feed}, Actuator: &shaky{plant, rng}, Observers: []adapters.Observer{j},
			Store: &memory.Store{}, Backfill: 24 * time.Hour,
		})
	}
	g, err := adapters.NewGroup(cfg)
	require.NoError(t, err)
	time.Sleep(time.Until(noon.Add(-time.Minute)))
	ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
	defer cancel()
	require.NoError(t, g.Run(ctx))

	releases, stale, doubts := 0, 0, 0
	for _, j := range judges {
		for _, u := range j.unsafe {
			t.Error(u)
		}
		releases, stale, doubts = releases+j.releases, stale+j.stale, doubts+j.doubts
	}
	var seen [numWeathers]int
	for _, s := range all {
		for w := range seen {
			seen[w] += s.seen[w]
		}
	}
	for w, n := range seen {
		require.NotZero(t, n, "weather %d never came", w)
	}
	require.Greater(t, releases, 10*workloads, "a fleet that releases nothing is safe, and proves nothing")
	require.Greater(t, stale, 10*workloads)
	require.NotZero(t, doubts)
	t.Logf("%d workloads, a day: %d releases, none unsafe; %d decisions on old samples, %d in doubt; weathers %v", workloads, releases, stale, doubts, seen)
}
