package deploy

import (
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/file"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/scaler"
)

// actuator makes that of a workload.
func (a *assembling) actuator(w *Workload, engine *scaler.Config, at string) adapters.Actuator {
	stand, _ := memory.NewActuator(memory.ActuatorConfig{Step: time.Second})
	var out adapters.Actuator = stand
	var err error
	switch c := &w.Actuator; {
	case c.Webhook != nil:
		out, err = webhook.NewActuator(webhook.ActuatorConfig{Endpoint: a.endpoint(&c.Webhook.Endpoint), FleetURL: c.Webhook.FleetURL, Workload: w.Name})
		at += ".webhook"
	case c.File != nil:
		out, err = file.NewActuator(file.ActuatorConfig{Path: c.File.Path, FleetPath: c.File.FleetPath, Start: c.File.Start})
		at += ".file"
	case c.Memory != nil:
		out, err = memory.NewActuator(memory.ActuatorConfig{Step: engine.Step.Std(), Boot: engine.Boot.Std(), Start: c.Memory.Start, Clock: a.parts.Clock})
		at += ".memory"
	case c.Other != nil:
		var ok bool
		if out, ok = construct(a, a.parts.Actuators, c.Other, a.part(w, "", c.Other), at, out); !ok {
			return stand
		}
	}
	if !a.made(at, err) {
		return stand
	}
	if w.Actuator.Record != "" {
		recorder, err := file.NewRecorder(out, w.Actuator.Record, a.parts.Logger)
		if a.made(at, err) {
			return recorder
		}
	}
	return out
}
