package bench

import (
	"runtime"
	"testing"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

// forecasters are the configurations whose cost is told, at steps of a minute: what an engine with a boot time of two
// minutes learns, the same with a lead time of a day beside it, and the compact form.
var forecasters = []struct {
	name string
	cfg  forecast.Config
}{
	{"lead4", forecast.Config{Leads: []forecast.Duration{minutes(4)}, MaxEvents: 1}},
	{"lead4+day", forecast.Config{Leads: []forecast.Duration{minutes(4), minutes(1440)}, MaxEvents: 1}},
	{"compact", forecast.Config{Leads: []forecast.Duration{minutes(4)}, MaxEvents: 1, Compact: true}},
}

func minutes(n int) forecast.Duration { return forecast.Duration(n) * forecast.Duration(time.Minute) }

// asked are the lead times of a configuration from the time of the forecast, which is the end of the newest closed step.
func asked(cfg *forecast.Config) []time.Duration {
	var leads []time.Duration
	for _, l := range cfg.Leads {
		leads = append(leads, l.Std()-time.Minute)
	}
	return leads
}

// heap is the growth of the heap per thing that one makes, after a collection, in bytes.
func heap(n int, one func() any) float64 {
	things := make([]any, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range things {
		things[i] = one()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(things)
	return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(n)
}

// warmForecaster has seen nine days, so that every expert speaks.
func warmForecaster(cfg forecast.Config) (*forecast.Forecaster, time.Time) {
	f, d, now := forecast.New(cfg), demand(), t0
	for i := range 9 * len(d) {
		f.Observe(now, d[i%len(d)])
		now = now.Add(time.Minute)
	}
	return f, now
}

// BenchmarkForecaster is a sample that begins a new step, and the forecasts of all lead times; B/forecaster is what one
// keeps on the heap.
func BenchmarkForecaster(b *testing.B) {
	for _, c := range forecasters {
		b.Run(c.name, func(b *testing.B) {
			f, now := warmForecaster(c.cfg)
			d, leads := demand(), asked(&c.cfg)
			var rows []float64
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f.Observe(now, d[i%len(d)])
				rows = f.Quantiles(rows, now, leads)
				now = now.Add(time.Minute)
			}
			b.ReportMetric(heap(500, func() any { return forecast.New(c.cfg) }), "B/forecaster")
		})
	}
}

// engines are the configurations whose memory is told, at steps of a minute and two minutes of boot time.
var engines = []struct {
	name string
	cfg  scaler.Config
}{
	{"default", scaler.Config{}},
	{"compact", scaler.Config{Forecast: scaler.Forecast{Compact: true}}},
	{"boot1h", scaler.Config{Boot: scaler.Duration(time.Hour)}},
}

// BenchmarkMemory makes an engine; B/engine is what it keeps on the heap and snapshot-B the size of its snapshot after two
// hours, both without events.
func BenchmarkMemory(b *testing.B) {
	for _, c := range engines {
		b.Run(c.name, func(b *testing.B) {
			e, err := scaler.New(c.cfg)
			if err != nil {
				b.Fatal(err)
			}
			var dec scaler.Decision
			for i := range 120 {
				now := t0.Add(time.Duration(i) * time.Minute)
				if err := e.Observe(0, forecast.Sample{Time: now, Value: 30}); err != nil {
					b.Fatal(err)
				}
				if err := e.Recommend(&dec, now.Add(time.Minute), policy.Fleet{Ready: 40}); err != nil {
					b.Fatal(err)
				}
			}
			snapshot, err := e.AppendBinary(nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				_, _ = scaler.New(c.cfg)
			}
			b.ReportMetric(heap(500, func() any { e, _ := scaler.New(c.cfg); return e }), "B/engine")
			b.ReportMetric(float64(len(snapshot)), "snapshot-B")
		})
	}
}

// TestForecastersAllocateNothing is the promise of Observe, Quantiles and Weights, at every cost that is told above; 1500
// steps pass over the ends of bins and days.
func TestForecastersAllocateNothing(t *testing.T) {
	for _, c := range forecasters {
		f, now := warmForecaster(c.cfg)
		d, leads := demand(), asked(&c.cfg)
		rows := make([]float64, len(leads)*forecast.NumLevels)
		ws := make([]forecast.Weight, forecast.NumExperts)
		i := 0
		n := testing.AllocsPerRun(1500, func() {
			f.Observe(now, d[i%len(d)])
			rows = f.Quantiles(rows, now, leads)
			ws = f.Weights(ws, c.cfg.Leads[0].Std())
			now = now.Add(time.Minute)
			i++
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a step; wanted none", c.name, n)
		}
	}
}

// TestMemory holds the size of a forecaster: 6.5 kB, 32 kB with the slow clock of a day, and 4.7 kB in the compact form.
func TestMemory(t *testing.T) {
	for i, most := range []float64{6500, 32000, 4700} {
		c := forecasters[i]
		if got := heap(500, func() any { return forecast.New(c.cfg) }); got > most || got < 1000 {
			t.Errorf("%s: %.0f bytes; wanted at most %.0f", c.name, got, most)
		}
	}
}
