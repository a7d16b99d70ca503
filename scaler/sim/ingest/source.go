package ingest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/internal/csvfile"
	"github.com/headroom-go/headroom/scaler/sim"
)

// Source is a file as the steps of a trace. Its fields are what is known before a step is read.
type Source struct {
	Name   string        // of the file, for errors
	Format string        // in words
	Series string        // the name of the series that was read, "" if the file gives none
	Step   time.Duration // the length of a step
	Steps  int           // the number of steps, holes included
	Start  time.Time     // of the first step
	Points int           // what the file has of the series

	open    func() (io.ReadCloser, error)
	rows    func() (Rows, error) // in place of open
	options Options
	kind    string
	chosen  int // the number of the series, -1 for all of them
	known   int // how many series there are
	note    string
	grid    grid
	scale   float64 // of Count
	sorted  []sample
	sums    []float64
	stats   stats
}

// Open recognises the file at path and looks through it. Each or Trace then read it again, so that the file must stay as it is.
//
// A file of several series is an error that lists them, unless Options.Series chooses. A point with the time of another of
// its series and a different value is an error. An error is one line that names the file, mostly the line, and what was
// wanted.
func Open(path string, o Options) (*Source, error) {
	return open(path, o, func() (io.ReadCloser, error) {
		file, err := csvfile.Open(path)
		if err != nil {
			return nil, err
		}
		return file, nil
	})
}

func open(name string, o Options, reopen func() (io.ReadCloser, error)) (*Source, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return lookThrough(&Source{Name: name, open: reopen, options: o})
}

// Rows are a table that this package cannot read by itself, such as one of Parquet.
type Rows interface {
	// Header returns the names of the columns.
	Header() []string
	// Next returns the fields of the next row as text, "" for one without a value, and its number for errors, or io.EOF. The
	// fields need not be valid after the next call.
	Next() (fields []string, row int, err error)
	Close() error
}

// OpenRows is Open for a table. Every call of reopen begins it anew; name and format stand for it in errors and in words.
func OpenRows(name, format string, o Options, reopen func() (Rows, error)) (*Source, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return lookThrough(&Source{Name: name, Format: format, rows: reopen, options: o})
}

// lookThrough finds the series and the grid.
func lookThrough(s *Source) (*Source, error) {
	s.scale = 1
	if err := s.choose(); err != nil {
		return nil, err
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	return s, nil
}

// pass reads the file once.
func (s *Source) pass(yield func(p *point) error) (decoder, error) {
	var clock stamps
	d, file, err := s.begin(&clock)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if err := d.each(yield); err != nil {
		return nil, err
	}
	s.note = ""
	if clock.zoneless {
		s.note = "times without a zone read as UTC"
	}
	if a, ok := d.(*answerDecoder); ok {
		s.Format = a.kind
	}
	return d, nil
}

// begin opens what is read, which the caller closes.
func (s *Source) begin(clock *stamps) (d decoder, file io.Closer, err error) {
	if s.rows != nil {
		rows, err := s.rows()
		if err != nil {
			return nil, nil, err
		}
		d, err := newTable(s.Name, rows.Header(), rows, s.options, clock)
		if err != nil {
			_ = rows.Close() // the first error is the one to tell
			return nil, nil, err
		}
		return d, rows, nil
	}
	text, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	if d, s.Format, err = newDecoder(text, s.Name, s.options, clock); err != nil {
		_ = text.Close()
		return nil, nil, err
	}
	return d, text, nil
}

// choose finds the series that is wanted.
func (s *Source) choose() error {
	points := map[int]int{}
	d, err := s.pass(func(p *point) error { points[p.series]++; return nil })
	if err != nil {
		return err
	}
	names := d.series()
	s.known = len(names)
	if len(points) == 0 {
		return faultAt(s.Name, 1, "no measurements; wanted at least two")
	}
	want := s.options.Series
	switch {
	case want == SumOf && !slices.Contains(names, SumOf):
		s.chosen, s.Series = -1, fmt.Sprintf("the sum of %d series", len(names))
	case want == "" && len(names) > 1:
		return fmt.Errorf("%s: %d series; wanted -series with one of them, or with %s: %s", s.Name, len(names), SumOf, quoteList(names))
	default:
		found := matches(names, want)
		if len(found) != 1 {
			list := names
			if len(found) > 1 {
				list = nil
				for _, i := range found {
					list = append(list, names[i])
				}
			}
			return fmt.Errorf("%s: series %q: %d have that name; wanted one of %s", s.Name, want, len(found), quoteList(list))
		}
		s.chosen, s.Series = found[0], names[found[0]]
	}
	s.kind = s.options.Kind
	if s.kind == "" || s.kind == Auto {
		s.kind = kindOf(names, s.chosen)
	}
	return nil
}

// matches are the series of that name, else those whose name has it as a part.
func matches(names []string, want string) []int {
	if i := slices.Index(names, want); i >= 0 {
		return []int{i}
	}
	var found []int
	for i, name := range names {
		if strings.Contains(name, want) {
			found = append(found, i)
		}
	}
	return found
}

// kindOf is the kind of a series by its name. Of a sum all have to be counters.
func kindOf(names []string, chosen int) string {
	for i, name := range names {
		metric, _, _ := strings.Cut(name, "{")
		if (chosen < 0 || chosen == i) && !strings.HasSuffix(metric, "_total") {
			return Gauge
		}
	}
	return Counter
}

// raw calls yield with the points of the wanted series in the order of the file.
func (s *Source) raw(yield func(series int, p sample) error) error {
	_, err := s.pass(func(p *point) error {
		if s.chosen >= 0 && p.series != s.chosen {
			return nil
		}
		v, err := parseValue(p.text)
		if err != nil {
			return faultAt(s.Name, p.line, "value %q: %w", clip(p.text), err)
		}
		return yield(p.series, sample{p.at, v, int32(min(p.line, math.MaxInt32))})
	})
	return err
}

// prepare finds the grid, and keeps what cannot be read again in order.
func (s *Source) prepare() error {
	if s.chosen < 0 {
		return s.addUp()
	}
	var times survey
	converted := converter{name: s.Name, counter: s.kind == Counter, yield: func(p sample) error { times.add(p); return nil }}
	unsorted, before := false, int64(math.MinInt64)
	err := s.raw(func(_ int, p sample) error {
		s.Points++
		unsorted = unsorted || p.at < before
		before = p.at
		if unsorted {
			return nil
		}
		return converted.add(p)
	})
	if err != nil {
		return err
	}
	if unsorted {
		if err := s.keepSorted(); err != nil {
			return err
		}
		times = survey{}
		converted = converter{name: s.Name, counter: s.kind == Counter, yield: converted.yield}
		if err := eachSample(s.sorted, converted.add); err != nil {
			return err
		}
	}
	return s.settle(&times)
}

// keepSorted reads the series into memory.
func (s *Source) keepSorted() error {
	s.sorted = make([]sample, 0, s.Points)
	err := s.raw(func(_ int, p sample) error { s.sorted = append(s.sorted, p); return nil })
	slices.SortStableFunc(s.sorted, byTime)
	return err
}

func byTime(a, b sample) int {
	switch {
	case a.at < b.at:
		return -1
	case a.at > b.at:
		return 1
	}
	return 0
}

func eachSample(samples []sample, yield func(p sample) error) error {
	for _, p := range samples {
		if err := yield(p); err != nil {
			return err
		}
	}
	return nil
}

// settle makes the grid, and what follows from it.
func (s *Source) settle(times *survey) error {
	var err error
	if s.grid, err = times.layout(s.Name, s.options.Step); err != nil {
		return err
	}
	s.Step, s.Steps, s.Start = time.Duration(s.grid.step), s.grid.n, s.grid.time(0)
	if s.kind == Count {
		usual, regular := times.usual()
		if !regular {
			usual = rounded(times.median())
		}
		s.scale = float64(time.Second) / float64(usual)
	}
	return nil
}

// addUp reads all series and adds them step by step. A step that some have not measured is the sum of the others.
func (s *Source) addUp() error {
	series := map[int][]sample{}
	err := s.raw(func(n int, p sample) error {
		series[n] = append(series[n], p)
		s.Points++
		return nil
	})
	if err != nil {
		return err
	}
	var all survey
	order := slices.Sorted(maps.Keys(series)) // sums depend on the order
	for _, n := range order {
		slices.SortStableFunc(series[n], byTime)
		var one survey
		rates := series[n][:0]
		c := converter{name: s.Name, counter: s.kind == Counter, yield: func(p sample) error {
			one.add(p)
			rates = append(rates, p)
			return nil
		}}
		if err := eachSample(slices.Clone(series[n]), c.add); err != nil {
			return err
		}
		series[n] = rates
		s.stats.merged += c.twice
		s.stats.nulls += c.nulls
		all.join(&one)
	}
	if err := s.settle(&all); err != nil {
		return err
	}
	s.sums = make([]float64, s.grid.n)
	for i := range s.sums {
		s.sums[i] = math.NaN()
	}
	for _, n := range order {
		g := gather{grid: s.grid, yield: func(i int, v float64) error {
			if math.IsNaN(s.sums[i]) {
				s.sums[i] = v
			} else if !math.IsNaN(v) {
				s.sums[i] = min(s.sums[i]+v, math.MaxFloat64)
			}
			return nil
		}}
		if err := eachSample(series[n], g.add); err != nil {
			return err
		}
		if err := g.end(); err != nil {
			return err
		}
		s.stats.merged += g.stats.merged
		s.stats.nulls += g.stats.nulls
	}
	for _, v := range s.sums {
		if math.IsNaN(v) {
			s.stats.holes++
		}
	}
	return nil
}

// Each calls yield with the steps from the first to the last: its start, and its demand, NaN for a hole. It stops at an
// error, which it returns. It may be called again.
func (s *Source) Each(yield func(at time.Time, demand float64) error) error {
	step := func(i int, v float64) error { return yield(s.grid.time(i), v*s.scale) }
	if s.sums != nil {
		for i, v := range s.sums {
			if err := step(i, v); err != nil {
				return err
			}
		}
		return nil
	}
	g := gather{grid: s.grid, yield: step}
	c := converter{name: s.Name, counter: s.kind == Counter, yield: g.add}
	var err error
	if s.sorted != nil {
		err = eachSample(s.sorted, c.add)
	} else {
		err = s.raw(func(_ int, p sample) error { return c.add(p) })
	}
	if err == nil {
		err = g.end()
	}
	s.stats = g.stats
	s.stats.merged += c.twice
	s.stats.nulls += c.nulls
	return err
}

// Trace reads the steps into memory.
func (s *Source) Trace(name string) (*sim.Trace, error) {
	demand := make([]float64, 0, s.Steps)
	if err := s.Each(func(_ time.Time, d float64) error { demand = append(demand, d); return nil }); err != nil {
		return nil, err
	}
	return sim.NewTrace(name, s.Start, s.Step, demand)
}

// converter turns readings of a counter into rates, and lets everything else pass. It drops a point that is there twice.
type converter struct {
	name    string
	counter bool
	yield   func(p sample) error

	rate  forecast.Counter
	last  sample
	begun bool
	twice int // points that were dropped because they are there twice
	nulls int // and those because a counter had no reading
}

var errTwice = errors.New("wanted one value for each time and series")

func (c *converter) add(p sample) error {
	if c.begun && p.at == c.last.at {
		same := p.value == c.last.value || math.IsNaN(p.value) && math.IsNaN(c.last.value)
		if !same {
			return faultAt(c.name, int(p.line), "time %s is line %d's already, with another value; %w",
				time.Unix(0, p.at).UTC().Format(time.RFC3339Nano), c.last.line, errTwice)
		}
		c.twice++
		return nil
	}
	c.last, c.begun = p, true
	if !c.counter {
		return c.yield(p)
	}
	if math.IsNaN(p.value) {
		c.nulls++
		return nil
	}
	r, ok := c.rate.Rate(time.Unix(0, p.at), p.value)
	if !ok {
		return nil
	}
	return c.yield(sample{r.Time.UnixNano(), r.Value, p.line})
}

// Stream returns the steps as a stream, which reads the file anew each time. The file is read once here, for the peak.
func (s *Source) Stream(name string) (*sim.Stream, error) {
	out := &sim.Stream{Name: name, Step: s.Step, Steps: s.Steps, First: s.Start, Last: s.grid.time(s.Steps - 1), Each: s.Each}
	err := s.Each(func(_ time.Time, d float64) error {
		if d > out.Peak {
			out.Peak = d
		}
		return nil
	})
	return out, err
}
