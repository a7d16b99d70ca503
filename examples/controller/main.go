// Command controller has the engine inside a control loop that was there before: a clock, metrics and a fleet of its own.
// It needs no network and ends after half an hour of virtual time, in which a TV spot runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

func main() {
	if err := run(context.Background(), os.Stdout, slog.NewTextHandler(os.Stderr, nil)); err != nil {
		log.Fatal(err)
	}
}

// run prints a line for every minute, and logs each decision at the level of the attention that it wants: a fleet that stays
// is Debug and passes by, a change is Info, a fleet that cannot carry what comes is a warning.
func run(ctx context.Context, out io.Writer, logs slog.Handler) error {
	logger := slog.New(logs)
	begin := time.Date(2024, 3, 4, 20, 45, 0, 0, time.UTC)
	spot := forecast.Event{ID: "spot-1", Kind: "spot", Start: begin.Add(12*time.Minute + 20*time.Second)}

	engine, e1 := scaler.New(scaler.Config{Min: 2, Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}})
	metrics, e2 := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	fleet, e3 := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Boot: 2 * time.Minute, Start: 9})
	if err := errors.Join(e1, e2, e3); err != nil {
		return err
	}
	if err := engine.Announce(spot); err != nil {
		return err
	}
	seen := begin.Add(-24 * time.Hour) // what the metrics have from there on is new to the engine
	for t := seen; t.Before(begin); t = t.Add(time.Minute) {
		metrics.Append(forecast.Sample{Time: t, Value: visits(t, spot.Start)})
	}

	for now := begin; now.Before(begin.Add(31 * time.Minute)); now = now.Add(time.Minute) { // a live loop waits for a ticker
		samples, err := metrics.Read(ctx, nil, seen, now)
		if err != nil {
			return err
		}
		for _, s := range samples {
			if err := engine.Observe(0, s); err != nil {
				return err
			}
			seen = s.Time.Add(1)
		}
		fleet.Advance(now)
		replicas, err := fleet.Fleet(ctx)
		if err != nil {
			return err
		}
		var d scaler.Decision
		if err := engine.Recommend(&d, now, replicas); err != nil {
			return err
		}
		if err := fleet.Apply(ctx, &d); err != nil {
			return err
		}
		logger.Log(ctx, d.Level(), d.Explain().What, "decision", &d)
		fmt.Fprintf(out, "%s %4.0f visits, %2d ready, %2d starting: %v\n", now.Format("15:04"), d.Observed, d.Ready, d.Starting, &d)
		metrics.Append(forecast.Sample{Time: now, Value: visits(now, spot.Start)}) // of the minute that begins; it is read at its end
	}
	return nil
}

// visits is the demand in minute t: a day that rises and falls, a ripple, and what the spot brings.
func visits(t, spot time.Time) float64 {
	minute := t.Hour()*60 + t.Minute()
	n := 40 + min(minute, 1440-minute)/6 + minute*37%13
	response := []int{25, 190, 130, 60, 30, 15, 5}
	if i := int(t.Sub(spot.Truncate(time.Minute)) / time.Minute); i >= 0 && i < len(response) {
		n += response[i]
	}
	return float64(n)
}
