package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/headroom-go/headroom/scaler"
	"github.com/headroom-go/headroom/scaler/sim"
)

// load reads the files and settles which value goes where: an explicit flag wins over the configuration file, and that
// over a flag's default and over what is derived from the trace. Plant and engine use the same values. What became of an
// export is said on notes.
func (f *flags) load(notes io.Writer) (sim.Case, error) {
	var c sim.Case
	var err error
	if f.trace == "" {
		c.Trace, c.Events = demo()
	} else {
		if c.Trace, err = f.readTrace(notes); err != nil {
			return c, err
		}
		if f.events != "" {
			if c.Events, err = sim.OpenEvents(f.events); err != nil {
				return c, err
			}
		}
	}
	var file scaler.Config
	if f.config != "" {
		if file, err = readConfig(f.config, c.Trace); err != nil {
			return c, fmt.Errorf("%s: %w", f.config, err)
		}
	}
	c.Options = f.options(c.Trace, file)
	if f.streamed != nil && c.Options.Capacity == 0 {
		return c, errors.New("-stream: wanted -capacity too, or one in -config; the default is taken from the whole trace")
	}
	if c.Options.Capacity == 0 && !f.explicit["capacity"] {
		return c, fmt.Errorf("%s: none of the %d steps has any demand; wanted some, or -capacity", f.trace, c.Trace.Len())
	}
	if err := c.Options.Validate(c.Trace); err != nil {
		return c, err
	}
	if !slices.Contains(f.names, sim.Headroom) && !f.controls && f.catalog == "" {
		return c, nil
	}
	if c.Config, err = sim.EngineConfig(file, c.Trace, c.Options); err == nil {
		err = c.Config.WithDefaults().Validate()
	}
	return c, err
}

// options are the terms of the simulation.
func (f *flags) options(t *sim.Trace, file scaler.Config) sim.Options {
	o := sim.DefaultOptions(t)
	if f.streamed != nil {
		o.Capacity = 0 // two steps say nothing
	}
	o.Boot, o.Lag, o.Announce = f.boot.Std(), f.lag.Std(), f.announce.Std()
	o.Penalty, o.Warmup, o.ScoreFrom = float64(f.penalty), float64(f.warmup), f.scoreFrom.Time
	o.BootTimes, o.FailedStarts, o.GiveUp, o.Drain = f.bootTimes, float64(f.failed), f.giveUp.Std(), f.drain.Std()
	o.Cap, o.ScaleToZero, o.Activation, o.Signal, o.Seed = f.most, f.zero, f.activation.Std(), f.signal, f.seed
	if f.explicit["boot-times"] && !f.explicit["boot"] {
		o.Boot = o.BootTimes.At(0.95) // as a fleet that measures them would be told of
	}
	if f.explicit["capacity"] {
		o.Capacity = float64(f.capacity)
	} else if len(file.Signals) == 1 && file.Signals[0].Capacity != 0 {
		o.Capacity = file.Signals[0].Capacity
	}
	if file.Boot != 0 && !f.explicit["boot"] {
		o.Boot = file.Boot.Std()
	}
	if file.Delay != 0 && !f.explicit["lag"] {
		o.Lag = file.Delay.Std()
	}
	if file.Penalty != 0 && !f.explicit["penalty"] {
		o.Penalty = file.Penalty
	}
	return o
}

// readConfig reads a configuration, JSON or YAML, that fits the trace. Every fault is in the error.
func readConfig(path string, t *sim.Trace) (scaler.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return scaler.Config{}, err
	}
	// YAML would read JSON too, but the JSON parser knows the line of a slip.
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		if text, err = yaml.YAMLToJSONStrict(text); err != nil {
			return scaler.Config{}, fmt.Errorf("%w; wanted JSON or YAML", err)
		}
	}
	file, err := scaler.ParseConfig(text)
	if err != nil {
		return file, err
	}
	// Faults of the file are found with its own values, before flags replace them.
	own := file
	if own.Step == 0 {
		own.Step = scaler.Duration(t.Step)
	}
	if err := own.WithDefaults().Validate(); err != nil {
		return file, err
	}
	_, err = sim.EngineConfig(file, t, sim.Options{Capacity: 1, Penalty: 20})
	return file, err
}
