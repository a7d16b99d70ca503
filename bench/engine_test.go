package bench

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

var t0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// demand is a day of minutes with a season and noise, in units of one replica's capacity.
func demand() []float64 {
	rng := rand.New(rand.NewPCG(1, 1))
	d := make([]float64, 1440)
	for i := range d {
		d[i] = 30 + 12*math.Sin(2*math.Pi*float64(i)/1440) + rng.NormFloat64()
	}
	return d
}

// warm returns an engine that has seen two days, and the time.
func warm(b *testing.B, events int) (*scaler.Engine, time.Time) {
	b.Helper()
	e, err := scaler.New(scaler.Config{MaxEvents: max(1, events)})
	if err != nil {
		b.Fatal(err)
	}
	d := demand()
	now := t0
	var dec scaler.Decision
	for i := range 2 * len(d) {
		if err := e.Observe(0, forecast.Sample{Time: now, Value: d[i%len(d)]}); err != nil {
			b.Fatal(err)
		}
		now = now.Add(time.Minute)
		if err := e.Recommend(&dec, now, policy.Fleet{Ready: 40}); err != nil {
			b.Fatal(err)
		}
	}
	return e, now
}

// BenchmarkObserve is one sample that begins a new step, so that the experts learn from the one before.
func BenchmarkObserve(b *testing.B) {
	e, now := warm(b, 1)
	d := demand()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := e.Observe(0, forecast.Sample{Time: now, Value: d[i%len(d)]}); err != nil {
			b.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
}

// BenchmarkRecommend is one decision between two samples, without an event near, with one and with two that overlap.
func BenchmarkRecommend(b *testing.B) {
	for _, c := range []struct {
		name   string
		events int
	}{{"quiet", 0}, {"one_event", 1}, {"two_events", 2}} {
		b.Run(c.name, func(b *testing.B) {
			e, now := warm(b, c.events)
			for i := range c.events {
				if err := e.Announce(forecast.Event{ID: strconv.Itoa(i), Start: now.Add(time.Duration(3+i) * time.Minute)}); err != nil {
					b.Fatal(err)
				}
			}
			var d scaler.Decision
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Recommend(&d, now, policy.Fleet{Ready: 40}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStep is what a replay pays for each step: a sample and a decision.
func BenchmarkStep(b *testing.B) {
	e, now := warm(b, 1)
	d := demand()
	var dec scaler.Decision
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := e.Observe(0, forecast.Sample{Time: now, Value: d[i%len(d)]}); err != nil {
			b.Fatal(err)
		}
		now = now.Add(time.Minute)
		if err := e.Recommend(&dec, now, policy.Fleet{Ready: 40}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSnapshot writes and restores an engine; the size is reported.
func BenchmarkSnapshot(b *testing.B) {
	b.Run("write", func(b *testing.B) {
		e, _ := warm(b, 1)
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = e.AppendBinary(buf[:0]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(buf)), "bytes")
	})
	b.Run("restore", func(b *testing.B) {
		e, _ := warm(b, 1)
		buf, err := e.AppendBinary(nil)
		if err != nil {
			b.Fatal(err)
		}
		cfg := e.Config()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := scaler.Restore(cfg, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkFleet gives each of 10,000 engines a sample and a decision: the working set no longer fits the caches. The
// time is that of all of them.
func BenchmarkFleet(b *testing.B) {
	const engines = 10_000
	fleet := make([]*scaler.Engine, engines)
	for i := range fleet {
		e, err := scaler.New(scaler.Config{MaxEvents: 1, Penalty: 20})
		if err != nil {
			b.Fatal(err)
		}
		fleet[i] = e
	}
	d := demand()
	now := t0
	var dec scaler.Decision
	tick := func(i int) {
		for _, e := range fleet {
			if err := e.Observe(0, forecast.Sample{Time: now, Value: d[i%len(d)]}); err != nil {
				b.Fatal(err)
			}
			if err := e.Recommend(&dec, now.Add(time.Minute), policy.Fleet{Ready: 40}); err != nil {
				b.Fatal(err)
			}
		}
		now = now.Add(time.Minute)
	}
	for i := range 10 {
		tick(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tick(i)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/engines, "ns/engine")
}
