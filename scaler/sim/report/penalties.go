package report

import (
	"context"
	"runtime"
	"sync"

	"github.com/headroom-go/headroom/scaler/sim"
)

// Priced is the engine at a penalty.
type Priced struct {
	Penalty float64
	sim.Scores
}

// Penalties plays the engine on the case once for each penalty, as many at a time as the processor has cores; the order is
// that of the arguments. Each must be more than 1, as for an engine.
func Penalties(ctx context.Context, c sim.Case, penalties []float64) ([]Priced, error) {
	c.Options.Progress, c.Decided = nil, nil
	out, faults := make([]Priced, len(penalties)), make([]error, len(penalties))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var playing sync.WaitGroup
	for i, penalty := range penalties {
		playing.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			one := c
			one.Options.Penalty, one.Config.Penalty = penalty, penalty
			r, err := one.Play(ctx, sim.Headroom)
			out[i], faults[i] = Priced{penalty, r.Scores}, err
		})
	}
	playing.Wait()
	for _, err := range faults {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
