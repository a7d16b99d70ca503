package memory

import (
	"fmt"
	"strconv"

	"github.com/headroom-go/headroom/scaler"
)

// faults returns everything that is wrong with c.
func (c *ActuatorConfig) faults() scaler.Faults {
	var faults scaler.Faults
	fault := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	fault(c.Step > 0, "step", c.Step.String(), "more than 0s")
	fault(c.Boot >= 0, "boot", c.Boot.String(), "0s (at once) or more")
	if c.Step > 0 {
		fault(c.Boot/c.Step < maxBootSteps, "boot", c.Boot.String(), fmt.Sprintf("less than %d steps of %v", maxBootSteps, c.Step))
	}
	fault(c.Floor >= 0, "floor", strconv.Itoa(c.Floor), "0 or more")
	fault(c.Start >= c.Floor, "start", strconv.Itoa(c.Start), fmt.Sprintf("at least the floor, %d", c.Floor))
	return faults
}
