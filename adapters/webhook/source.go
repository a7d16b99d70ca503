package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/moment"
	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/forecast"
)

// SourceConfig says whom to ask for samples, and how. A zero field means the value in brackets.
type SourceConfig struct {
	Endpoint Endpoint
	// Method is GET, with from and to in the query of the address, or POST, with {"from":"...","to":"..."} as the body
	// [GET]. Both are RFC 3339 in UTC.
	Method string
	// Step is the length of the interval that each sample describes. More than 0.
	Step time.Duration
	// Delay is how long after the end of an interval its sample may still change; what is younger is not asked for [0s]. The
	// Delay of the engine should be as long.
	Delay time.Duration
	// Points is the largest number of intervals that one request asks for; a longer window takes several [10000].
	Points int
}

const (
	defaultPoints = 10_000
	maxPoints     = 100_000 // such an answer has some six million bytes, see maxAnswer
)

func (c SourceConfig) complete() (SourceConfig, error) {
	var faults faultList
	c.Endpoint = c.Endpoint.complete(&faults)
	c.Method = cmp.Or(c.Method, http.MethodGet)
	c.Points = cmp.Or(c.Points, defaultPoints)
	faults.check(c.Method == http.MethodGet || c.Method == http.MethodPost, "method", strconv.Quote(c.Method), "GET or POST")
	faults.check(c.Step > 0, "step", c.Step.String(), "more than 0s")
	faults.check(c.Delay >= 0, "delay", c.Delay.String(), "0s or more")
	faults.check(c.Points > 0 && c.Points <= maxPoints, "points", strconv.Itoa(c.Points), fmt.Sprintf("0 (%d) to %d", defaultPoints, maxPoints))
	if len(faults.Faults) > 0 {
		return c, faults.Faults
	}
	return c, nil
}

// Source asks a server for the samples of a window. The answer is
//
//	{"samples":[{"time":"2024-03-04T20:15:00Z","value":12.5},{"time":1709583360,"value":null}]}
//
// in ascending order, each time once; a time is the start of an interval, RFC 3339 or unix seconds, and null is a known gap.
// An interval that is not there was not measured, which is not zero: a server leaves it out and does not fill it up. What lies
// outside the window is left out, members of other names are not looked at. Everything else is an error, an answer
// without samples, a sample without value, and one that breaks off too. Infinite numbers have no form in JSON; negative
// ones pass, and the engine refuses them and says so. Samples are in UTC.
//
// It does not repeat a request that has failed: a Runner does. After an answer with Retry-After it is silent for as long as
// that says, at most 5 minutes, and Read returns the same error. Its methods are safe for concurrent use.
type Source struct {
	url     string
	cfg     SourceConfig // without Endpoint
	client  *client
	silence refusal.Silence
}

var (
	_ adapters.Source = (*Source)(nil)
	_ adapters.Timed  = (*Source)(nil)
)

// NewSource returns a Source that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewSource(cfg SourceConfig) (*Source, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Source{url: cfg.Endpoint.URL, client: newClient(cfg.Endpoint)}
	cfg.Endpoint = Endpoint{}
	s.cfg = cfg
	return s, nil
}

// Timing implements adapters.Timed with the configured delay.
func (s *Source) Timing() adapters.Timing { return adapters.Timing{Delay: s.cfg.Delay} }

// Read implements adapters.Source. Its errors are *StatusError where the server has answered with one.
func (s *Source) Read(ctx context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	if ctx.Err() != nil {
		return dst, ctx.Err()
	}
	to = to.Add(-s.cfg.Delay)
	out := dst
	for from.Before(to) {
		end := to
		if page := from.Add(time.Duration(s.cfg.Points) * s.cfg.Step); page.Before(end) {
			end = page
		}
		var err error
		if out, err = s.page(ctx, out, from, end, to); err != nil {
			return dst, fmt.Errorf("webhook source: %w", err)
		}
		from = end
	}
	return out, nil
}

// page appends the samples from from to before end whose interval is over by to.
func (s *Source) page(ctx context.Context, dst []forecast.Sample, from, end, to time.Time) ([]forecast.Sample, error) {
	if err := s.silence.Err(); err != nil {
		return dst, err
	}
	q, err := s.request(from.UTC().Format(time.RFC3339Nano), end.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return dst, err
	}
	var points []forecast.Sample
	err = s.client.ask(ctx, q, func(text []byte) (err error) {
		points, err = parseSamples(text)
		return err
	})
	if err != nil {
		s.silence.Heed(err)
		return dst, err
	}
	for _, p := range points {
		if !p.Time.Before(from) && p.Time.Before(end) && !p.Time.Add(s.cfg.Step).After(to) {
			dst = append(dst, p)
		}
	}
	return dst, nil
}

// window is the body of a POST.
type window struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func (s *Source) request(from, to string) (request, error) {
	if s.cfg.Method == http.MethodPost {
		body, err := json.Marshal(window{from, to})
		return request{method: http.MethodPost, url: s.url, body: body}, err
	}
	u, err := url.Parse(s.url)
	if err != nil {
		return request{}, errors.New("the address cannot be read") // it was checked
	}
	query := u.Query()
	query.Set("from", from)
	query.Set("to", to)
	u.RawQuery = query.Encode()
	return request{method: http.MethodGet, url: u.String()}, nil
}

// point is a sample as an answer has it.
type point struct {
	Time  json.RawMessage `json:"time"`
	Value json.RawMessage `json:"value"`
}

// parseSamples reads an answer.
func parseSamples(text []byte) ([]forecast.Sample, error) {
	var answer struct {
		Samples *[]point `json:"samples"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, badAnswer(text, err)
	}
	if answer.Samples == nil {
		return nil, fmt.Errorf(`answer %q has no samples; wanted {"samples":[...]}, with an empty list where nothing was measured`, refusal.Clip(string(text)))
	}
	samples := make([]forecast.Sample, len(*answer.Samples))
	for i, p := range *answer.Samples {
		at, err := parseTime(p.Time)
		if err != nil {
			return nil, fmt.Errorf("samples[%d].time is %s; wanted %w", i, shown(p.Time), err)
		}
		value, err := parseValue(p.Value)
		if err != nil {
			return nil, fmt.Errorf("samples[%d].value is %s; wanted %w", i, shown(p.Value), err)
		}
		if i > 0 && !at.After(samples[i-1].Time) {
			return nil, fmt.Errorf("samples[%d].time is %s; wanted a time after that of the one before, %s", i, shown(p.Time), shown((*answer.Samples)[i-1].Time))
		}
		samples[i] = forecast.Sample{Time: at, Value: value}
	}
	return samples, nil
}

// badAnswer says what is wrong with a text that is not the JSON that was wanted. One that breaks off may be whole the next
// time.
func badAnswer(text []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset >= int64(len(text)) {
		return fmt.Errorf("answer of %d bytes, %q, breaks off: %w", len(text), refusal.Clip(string(text)), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("answer %q: %w", refusal.Clip(string(text)), err)
}

// shown is what stands in a message for a value.
func shown(raw json.RawMessage) string {
	if raw == nil {
		return "missing"
	}
	return refusal.Clip(string(raw))
}

// parseTime reads a time, which is a text or a number.
func parseTime(raw json.RawMessage) (time.Time, error) {
	text := string(raw)
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return time.Time{}, err
		}
	}
	return moment.Parse(text)
}

var errValue = errors.New("a number, or null for a gap")

// parseValue reads a number; null is a known gap.
func parseValue(raw json.RawMessage) (float64, error) {
	if string(raw) == "null" {
		return math.NaN(), nil
	}
	var v float64
	if raw == nil || json.Unmarshal(raw, &v) != nil {
		return 0, errValue
	}
	return v, nil
}
