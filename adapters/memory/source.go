package memory

import (
	"context"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/timeline"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// SourceConfig describes a series in memory. A zero field means the value in brackets.
type SourceConfig struct {
	// Step is the length of the interval that each sample describes. More than 0.
	Step time.Duration
	// Keep is how much older than the newest sample one may be and still be kept [everything is kept].
	Keep time.Duration
}

// Source is a series of samples in memory. Append to it from wherever the samples arise. It is safe for concurrent use.
type Source struct {
	cfg SourceConfig

	mu   sync.Mutex
	line timeline.Timeline
}

var _ adapters.Source = (*Source)(nil)

// NewSource returns an empty Source. The error is scaler.Faults, with every fault of cfg.
func NewSource(cfg SourceConfig) (*Source, error) {
	var faults scaler.Faults
	if cfg.Step <= 0 {
		faults = append(faults, scaler.Fault{Field: "step", Value: cfg.Step.String(), Wanted: "more than 0s"})
	}
	if cfg.Keep < 0 {
		faults = append(faults, scaler.Fault{Field: "keep", Value: cfg.Keep.String(), Wanted: "0s (everything) or more"})
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return &Source{cfg: cfg}, nil
}

// Append adds samples in any order. One that has the time of an earlier one takes its place. Values pass as they are; NaN
// is a known gap.
func (s *Source) Append(samples ...forecast.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line.Add(samples...)
	if newest, ok := s.line.Newest(); ok && s.cfg.Keep > 0 {
		s.line.Trim(newest.Add(-s.cfg.Keep))
	}
}

// Read implements adapters.Source. Its only error is that of a context that has ended.
func (s *Source) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line.Window(dst, from, to, s.cfg.Step), nil
}
