package prometheus

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// skewMeter compares the clock of a server with this one.
type skewMeter struct {
	mu   sync.Mutex
	skew time.Duration
	long bool // that it is long was logged
}

// measure takes the time of an answer that has just come. A skew of more than limit, and a second for the resolution of the
// header, is logged when it begins.
func (m *skewMeter) measure(ctx context.Context, logger *slog.Logger, date time.Time, limit time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.skew = date.Sub(time.Now().Truncate(time.Second))
	long := m.skew.Abs() > limit+time.Second
	if long && !m.long {
		logger.WarnContext(ctx, "the clock of the server and this one differ: samples come early or late by as much", "ahead", m.skew)
	}
	m.long = long
}

func (m *skewMeter) last() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.skew
}
