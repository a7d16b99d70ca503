package ingest

import (
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/scaler/sim"
)

// sample is a measurement of the chosen series.
type sample struct {
	at    int64 // unix nanoseconds
	value float64
	line  int32
}

// grid is where the steps of a trace lie.
type grid struct {
	first int64 // unix nanoseconds of the first step
	step  int64 // nanoseconds
	n     int
	shift int64 // added to a time before it is put into the step that holds it
}

// place is the step that a time belongs to.
func (g grid) place(at int64) int { return int((at - g.first + g.shift) / g.step) }

func (g grid) time(i int) time.Time { return time.Unix(0, g.first+int64(i)*g.step).UTC() }

// maxDistances is how many different distances of times are counted. Further ones, of times that scatter by nanoseconds, have
// no vote.
const maxDistances = 1 << 16

// survey is what has to be known of the times before they can be put on a grid.
type survey struct {
	points      int
	first, last int64
	lastLine    int32
	unsorted    bool
	distances   map[int64]int
	uncounted   bool
}

// add counts a point of the series that the last point of belongs to.
func (s *survey) add(p sample) {
	if s.points == 0 {
		s.first, s.last = p.at, p.at
	}
	s.points++
	s.lastLine = p.line
	d := p.at - s.last
	switch {
	case d < 0:
		s.unsorted = true
	case d > 0:
		s.count(d, 1)
	}
	s.last = p.at
}

func (s *survey) count(d int64, n int) {
	if s.distances == nil {
		s.distances = map[int64]int{}
	}
	if _, known := s.distances[d]; !known && len(s.distances) >= maxDistances {
		s.uncounted = true
		return
	}
	s.distances[d] += n
}

// join counts the points of another series too.
func (s *survey) join(other *survey) {
	if other.points == 0 {
		return
	}
	if s.points == 0 || other.first < s.first {
		s.first = other.first
	}
	if s.points == 0 || other.last > s.last {
		s.last, s.lastLine = other.last, other.lastLine
	}
	s.points += other.points
	s.uncounted = s.uncounted || other.uncounted
	for d, n := range other.distances {
		s.count(d, n)
	}
}

// usual is the most frequent distance of neighbours, the smallest on a tie, and whether all of them are multiples of it.
func (s *survey) usual() (step int64, regular bool) {
	for d, n := range s.distances {
		if n > s.distances[step] || n == s.distances[step] && d < step {
			step = d
		}
	}
	regular = !s.uncounted
	for d := range s.distances {
		regular = regular && d%step == 0
	}
	return step, regular
}

// median is the upper median of the distances.
func (s *survey) median() int64 {
	keys := sortedKeys(s.distances)
	total := 0
	for _, n := range s.distances {
		total += n
	}
	for _, d := range keys {
		if total -= 2 * s.distances[d]; total < 0 {
			return d
		}
	}
	return keys[len(keys)-1]
}

// roundSteps are the distances that times are meant to have which are within roundWithin of them.
var roundSteps = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 5 * time.Minute, 6 * time.Minute, 10 * time.Minute, 12 * time.Minute,
	15 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour,
	8 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// roundWithin is the part by which the middle distance of times that jitter may lie beside what it is meant to be. The
// jitter of single times cancels in the middle, so that it is small.
const roundWithin = 0.02

func rounded(d int64) int64 {
	for _, r := range roundSteps {
		if math.Abs(float64(d)-float64(r)) <= roundWithin*float64(r) {
			return int64(r)
		}
	}
	if d > int64(time.Second) {
		return int64(time.Duration(d).Round(time.Second))
	}
	return d
}

// layout puts the times on a grid. Times that have the asked or the usual distance go to the nearest step, so that jitter
// does not leave a step empty and its neighbour with two; points that are to be gathered in longer steps go to the step
// that holds them, and the steps begin at multiples of their length in UTC.
func (s *survey) layout(name string, want time.Duration) (grid, error) {
	if len(s.distances) == 0 {
		return grid{}, faultAt(name, int(max(s.lastLine, 1)), "%d points at one time; wanted at least two times", s.points)
	}
	usual, regular := s.usual()
	g := grid{first: s.first, step: usual}
	if !regular {
		g.step = rounded(s.median())
		g.shift = g.step / 2
	}
	if want > 0 {
		distance := g.step
		g.step = int64(want)
		switch ratio := float64(want) / float64(distance); {
		case ratio < 1-roundWithin:
			return grid{}, fmt.Errorf("%s: step %v is shorter than the distance of the times, %v; wanted at least that", name, want, time.Duration(distance))
		case ratio < 1.5:
			g.shift = g.step / 2
		default:
			g.shift = 0
			g.first -= modulo(g.first, g.step)
		}
	}
	if steps := (s.last-g.first)/g.step + 2; s.last < g.first || steps > sim.MaxSteps {
		return grid{}, faultAt(name, int(max(s.lastLine, 1)), "the trace has more than %d steps of %v; wanted fewer: is a time wrong, or the step too short?",
			sim.MaxSteps, time.Duration(g.step))
	}
	g.n = g.place(s.last) + 1
	if g.n < 2 {
		return grid{}, faultAt(name, int(max(s.lastLine, 1)), "all points lie in one step of %v; wanted at least two steps", time.Duration(g.step))
	}
	return g, nil
}

func modulo(a, b int64) int64 { return ((a % b) + b) % b }

// gather turns samples in the order of their times into steps: the mean of the points in each, NaN for a step without any.
type gather struct {
	grid
	yield  func(i int, value float64) error
	next   int // the step that is being gathered
	sum    float64
	known  int // points with a value in it
	points int // and all of them
	stats  stats
}

// stats are what became of the points.
type stats struct {
	merged int // points that share a step with an earlier one
	holes  int // steps that nobody measured
	nulls  int // points without a value
}

func (g *gather) add(p sample) error {
	i := g.place(p.at)
	for g.next < i {
		if err := g.flush(); err != nil {
			return err
		}
	}
	if g.points > 0 {
		g.stats.merged++
	}
	g.points++
	if math.IsNaN(p.value) {
		g.stats.nulls++
		return nil
	}
	g.sum += p.value
	g.known++
	return nil
}

// flush ends a step.
func (g *gather) flush() error {
	value := math.NaN()
	if g.known > 0 {
		value = g.sum / float64(g.known)
	} else {
		g.stats.holes++
	}
	if math.IsInf(value, 0) {
		value = math.MaxFloat64 // the points are finite, their sum is not
	}
	i := g.next
	g.next, g.sum, g.known, g.points = i+1, 0, 0, 0
	return g.yield(i, value)
}

// end flushes the rest.
func (g *gather) end() error {
	for g.next < g.n {
		if err := g.flush(); err != nil {
			return err
		}
	}
	return nil
}
