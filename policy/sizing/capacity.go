package sizing

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// Capacity is what a node, or a replica, of one size carries, and what that rests on.
type Capacity struct {
	Mean       float64 // demand
	Bound      float64 // lower bound of it: what is planned with
	Bottleneck int     // resource that is used up first, an index of ResourceNames; -1 where none is
	Seen       int     // observations of the law of that resource
}

// Model is what is known of a service, from which follows what each size carries of its demand.
type Model struct {
	Laws [NumResources]Law // of what a replica uses, in the order of ResourceNames
	// Target are the largest shares of the resources that may be used, above 0 up to 1, in the order of ResourceNames: what
	// Queue.Utilisation allows for cores, and as much of memory as is safe. 0 leaves a resource out.
	Target [NumResources]float64
	// Errors is how many standard errors the bound lies below the mean.
	Errors float64

	speeds [maxFamilies]speed
	used   int
}

// maxFamilies bounds how many families of machines a Model knows the speed of.
const maxFamilies = 16

// speed is what was learned of the cores of a family.
type speed struct {
	family string
	ratio  float64 // mean of what was expected to be used over what was
	seen   float64
}

// speedPrior is how many observations the speed of the catalogue counts for.
const speedPrior = 20

// Observe learns that a replica on a machine of size s served demand and used so much.
//
// The laws are of the size that they were learned on, in cores of its speed: on a family that is quicker less is used for the
// same demand. That is learned beside them, as long as the laws are of another family; own says whether s is of theirs.
func (m *Model) Observe(s *Size, own bool, demand float64, used Resources) {
	if own {
		for i := range m.Laws {
			m.Laws[i].Update(demand, used.At(i))
		}
		return
	}
	if want := m.Laws[0].Used(demand); m.Laws[0].Seen() >= lawTrusted && want > 0 && used.CPU > 0 && !math.IsInf(used.CPU, 0) {
		v := m.speed(s.Family, true)
		if v == nil {
			return
		}
		v.seen = math.Min(v.seen+1, 1000)
		v.ratio += (want/used.CPU - v.ratio) / v.seen
	}
}

// speed returns the entry of a family, a new one if that is wanted and there is room.
func (m *Model) speed(family string, add bool) *speed {
	for i := range m.speeds[:m.used] {
		if m.speeds[i].family == family {
			return &m.speeds[i]
		}
	}
	if !add || m.used == maxFamilies {
		return nil
	}
	m.used++
	m.speeds[m.used-1] = speed{family: family}
	return &m.speeds[m.used-1]
}

// Speed returns how much quicker the cores of a size are taken to be: what the catalogue says, and more and more what was seen.
func (m *Model) Speed(s *Size) float64 {
	prior := s.Speed
	if prior == 0 {
		prior = 1
	}
	v := m.speed(s.Family, false)
	if v == nil {
		return prior
	}
	return (float64(speedPrior*prior) + float64(v.seen*v.ratio)) / (speedPrior + v.seen)
}

// Capacity returns what one replica that has all of a machine of size s to itself carries: of each resource that has a target
// and a law, as much demand as uses up the target; the least of them counts. It is NaN before any law has seen enough.
func (m *Model) Capacity(s *Size) Capacity {
	has, speed := s.Resources(), m.Speed(s)
	best := Capacity{Mean: math.NaN(), Bound: math.NaN(), Bottleneck: -1}
	for i := range m.Laws {
		if !(m.Target[i] > 0) || i == 2 && s.Network == 0 {
			continue
		}
		usable := float64(m.Target[i] * has.At(i))
		if i == 0 {
			usable = float64(usable * speed)
		}
		mean, bound := m.Laws[i].Capacity(usable, m.Errors)
		if !(bound >= best.Bound) && !math.IsNaN(bound) {
			best = Capacity{mean, bound, i, m.Laws[i].Seen()}
		}
	}
	if math.IsInf(best.Bound, 1) {
		best.Bottleneck = -1
	}
	return best
}

// Known says whether anything has been learned of what a size carries: the laws are trusted, and unless they were learned on machines
// of its family, which own says, so is the speed of that.
func (m *Model) Known(s *Size, own bool) bool {
	learned := false
	for i := range m.Laws {
		learned = learned || m.Target[i] > 0 && m.Laws[i].Seen() >= lawTrusted
	}
	if own || !learned {
		return learned
	}
	v := m.speed(s.Family, false)
	return v != nil && v.seen >= lawTrusted
}

var errModel = errors.New("snapshot holds speeds of machines that cannot be")

// State walks what was learned, for snapshots.
func (m *Model) State(c *state.Codec) {
	for i := range m.Laws {
		m.Laws[i].State(c)
	}
	c.Int(&m.used)
	if m.used < 0 || m.used > maxFamilies {
		c.Fail(errModel)
		m.used = 0
	}
	for i := range m.speeds[:m.used] {
		v := &m.speeds[i]
		c.String(&v.family, maxFamily)
		c.Float64(&v.ratio)
		c.Float64(&v.seen)
		if c.Reading() && !(v.ratio >= 0 && v.seen >= 0) {
			c.Fail(errModel)
			*v = speed{family: v.family}
		}
	}
}

// maxFamily is the longest name of a family, in bytes.
const maxFamily = 64

// PodCapacity returns what a node of size s carries where each pod carries pod of the demand and requests so much: as many of
// them as fit, at most most on a node.
func PodCapacity(s *Size, pod Capacity, request Resources, most int) Capacity {
	n, full := Pods(s.Resources(), request, most)
	return Capacity{float64(n) * pod.Mean, float64(n) * pod.Bound, full, pod.Seen}
}
