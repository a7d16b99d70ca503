package prometheus

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/forecast"
)

// Source reads one series from the HTTP API of a Prometheus server (query_range, stable since version 2).
//
// NaN, such as 0/0, and null are known gaps; an interval for which the server has nothing is left out. Infinite and negative
// values pass as they are: the engine refuses them and says so. An answer with more than one series, or with times that
// were not asked for, that come twice or run backwards, is an error, and so is one that the server warns about. Samples
// are in UTC.
//
// It does not repeat a query that has failed: whoever reads again, with a window that overlaps, is the repetition. After an
// answer that has Retry-After it is silent for as long as that says, at most 5 minutes, and Read returns the same error.
//
// No error and no log has a Secret or what the token file holds in its text, as far as that has 4 bytes or more. Its methods
// are safe for concurrent use.
type Source struct {
	cfg   SourceConfig // without the secrets
	api   *api
	query string
	skew  skewMeter

	silence refusal.Silence
}

var _ adapters.Source = (*Source)(nil)

// NewSource returns a Source that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewSource(cfg SourceConfig) (*Source, error) {
	cfg, faults := cfg.complete()
	if len(faults) > 0 {
		return nil, faults
	}
	s := &Source{api: newAPI(cfg), query: cfg.Query}
	if cfg.Guard != "" { // the line ends end a comment at the end of an expression
		s.query = "(" + cfg.Query + "\n) and on() (" + cfg.Guard + "\n)"
	}
	cfg.Token, cfg.Password, cfg.Header = "", "", nil
	s.cfg = cfg
	return s, nil
}

// Skew returns how far the server's clock is ahead of this one (negative: behind), by the header Date of the newest answer,
// which has whole seconds; 0 before the first. If it is long, samples are early or late by as much.
func (s *Source) Skew() time.Duration { return s.skew.last() }

// Read implements adapters.Source. Its errors are *APIError where the server has answered.
func (s *Source) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	step := s.cfg.Step.Milliseconds()
	// The value at the end of an interval is its sample: ends of the first and of the last interval, in milliseconds.
	first := ceil(from.Add(time.Millisecond-1).UnixMilli(), step) + step
	last := -ceil(-to.Add(-s.cfg.Delay).UnixMilli(), step)
	out := dst
	var labels map[string]string
	for first <= last {
		end := min(last, first+int64(s.cfg.Points-1)*step)
		found, err := s.page(ctx, first, end)
		if err != nil {
			return dst, fmt.Errorf("prometheus source: %w", err)
		}
		if found != nil {
			if labels != nil && !maps.Equal(labels, found.Metric) {
				return dst, fmt.Errorf("prometheus source: %w", severalSeries(labels, found.Metric))
			}
			labels = found.Metric
			for _, p := range found.Values {
				out = append(out, forecast.Sample{Time: time.UnixMilli(p.at - step).UTC(), Value: p.value})
			}
		}
		first = end + step
	}
	return out, nil
}

// ceil returns the smallest multiple of step that is not below ms.
func ceil(ms, step int64) int64 {
	q := ms / step
	if q*step < ms {
		q++
	}
	return q * step
}

// page asks for the values at first, first + Step ... end, and returns nil where there is no series.
func (s *Source) page(ctx context.Context, first, end int64) (*series, error) {
	if err := s.silence.Err(); err != nil {
		return nil, err
	}
	got, err := s.api.ask(ctx, url.Values{
		"query": {s.query},
		"start": {seconds(first)}, "end": {seconds(end)}, "step": {seconds(s.cfg.Step.Milliseconds())},
		"timeout": {strconv.FormatInt(s.cfg.Timeout.Milliseconds(), 10) + "ms"},
	})
	if !got.date.IsZero() {
		s.skew.measure(ctx, s.cfg.Logger, got.date, s.cfg.Step)
	}
	if err != nil {
		s.silence.Heed(err)
		return nil, err
	}
	if err := s.remarks(ctx, got); err != nil {
		return nil, err
	}
	switch n := len(got.series); n {
	case 0:
		return nil, nil
	case 1:
		one := &got.series[0]
		return one, one.check(first, end, s.cfg.Step.Milliseconds())
	default:
		return nil, severalSeries(got.series[0].Metric, got.series[1].Metric)
	}
}

func severalSeries(a, b map[string]string) error {
	return fmt.Errorf("several series, such as %s and %s; wanted one: a sum of them, or a narrower selection", labelText(a), labelText(b))
}

// remarks deals with what the server says beside its answer.
func (s *Source) remarks(ctx context.Context, got reply) error {
	for _, text := range got.Infos {
		s.cfg.Logger.InfoContext(ctx, "the server remarks on the query", "remark", text)
	}
	for _, text := range got.Warnings {
		if strings.HasPrefix(text, "PromQL info") { // in versions 2.48 to 2.54, which had no infos
			s.cfg.Logger.InfoContext(ctx, "the server remarks on the query", "remark", text)
			continue
		}
		if !s.cfg.Partial {
			return fmt.Errorf("the server warns that its answer may be incomplete: %s", text)
		}
		s.cfg.Logger.WarnContext(ctx, "an answer that may be incomplete is taken", "warning", text)
	}
	return nil
}

// seconds returns ms as the API takes it, without the rounding of a float.
func seconds(ms int64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%d.%03d", sign, ms/1000, ms%1000)
}
