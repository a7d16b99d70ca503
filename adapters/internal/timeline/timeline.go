// Package timeline keeps samples in the order of their times for sources that hold their own.
package timeline

import (
	"slices"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// Timeline holds samples in ascending order, each time once. The zero value is empty. It is not safe for concurrent use.
type Timeline struct {
	samples  []forecast.Sample
	unsorted bool
}

// Add takes samples in any order; one that has the time of an earlier one takes its place. Many samples in the wrong order
// cost one sort, at the next call of another method.
func (l *Timeline) Add(samples ...forecast.Sample) {
	for _, s := range samples {
		if n := len(l.samples); n > 0 && !s.Time.After(l.samples[n-1].Time) {
			l.unsorted = true
		}
		l.samples = append(l.samples, s)
	}
}

// Window appends to dst the samples with from <= Time whose interval of length step is over by to, and returns it.
func (l *Timeline) Window(dst []forecast.Sample, from, to time.Time, step time.Duration) []forecast.Sample {
	l.sort()
	i, j := l.first(from), l.first(to.Add(-step).Add(1)) // Time + step <= to
	if i >= j {
		return dst
	}
	return append(dst, l.samples[i:j]...)
}

// Trim drops the samples before t.
func (l *Timeline) Trim(t time.Time) {
	l.sort()
	l.samples = slices.Delete(l.samples, 0, l.first(t))
}

// Newest returns the time of the newest sample, and false where there is none.
func (l *Timeline) Newest() (time.Time, bool) {
	l.sort()
	if len(l.samples) == 0 {
		return time.Time{}, false
	}
	return l.samples[len(l.samples)-1].Time, true
}

// Len returns the number of samples.
func (l *Timeline) Len() int {
	l.sort()
	return len(l.samples)
}

// first returns the index of the first sample at t or later.
func (l *Timeline) first(t time.Time) int {
	i, _ := slices.BinarySearchFunc(l.samples, t, func(s forecast.Sample, t time.Time) int { return s.Time.Compare(t) })
	return i
}

func (l *Timeline) sort() {
	if !l.unsorted {
		return
	}
	slices.SortStableFunc(l.samples, func(a, b forecast.Sample) int { return a.Time.Compare(b.Time) })
	kept := l.samples[:0]
	for i, s := range l.samples {
		if i+1 == len(l.samples) || !s.Time.Equal(l.samples[i+1].Time) { // of equal ones the last came last
			kept = append(kept, s)
		}
	}
	l.samples, l.unsorted = kept, false
}
