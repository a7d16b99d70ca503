package datadog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// Statsd is what an Observer uses of a DogStatsD client; *statsd.Client of github.com/DataDog/datadog-go/v5 is one.
type Statsd interface {
	Gauge(name string, value float64, tags []string, rate float64) error
	GaugeWithTimestamp(name string, value float64, tags []string, rate float64, timestamp time.Time) error
	Count(name string, value int64, tags []string, rate float64) error
	Event(e *statsd.Event) error
	ServiceCheck(sc *statsd.ServiceCheck) error
}

var _ Statsd = (*statsd.Client)(nil)

// ObserverConfig says what decisions are sent with. A zero field means the value in brackets.
type ObserverConfig struct {
	// Statsd takes what is sent. It is the caller's, and many Observers may share one. Who closes it when Run has returned
	// sees to it that what it holds back is sent. Its namespace would be put in front of the names of metrics, but not
	// of events and service checks; leave it empty.
	Statsd Statsd
	// Service is the workload, tag service.
	Service string
	// Cluster is where it runs, tag cluster [no such tag].
	Cluster string
	// Tags are further ones, such as team:search. Each value of one is a series of its own, and billed as one [none].
	Tags []string
	// Logger is told when sending begins to fail [nobody is].
	Logger *slog.Logger
}

// Observer sends decisions to a Datadog agent: metrics (see Metrics), an event for each change with its reason, and service
// checks (see Checks). Beside a Runner it also sends what each tick had from its inputs, and the accounts of a shadow. All of them have
// the tags service and cluster, and size where the engine chooses sizes.
//
// Forecasts are sent with the time that they are about (agents from 7.40 on take that), so that they lie on the demand
// when it has come. Datadog takes times up to ten minutes ahead: what is about a later one is sent when it is near
// enough.
//
// Sending waits for no network. What goes wrong is logged, and Err has it; a client that drops what its agent does not take
// tells only its own error handler. An Observer is safe for concurrent use.
type Observer struct {
	statsd Statsd
	log    *slog.Logger
	key    string   // by which events are grouped
	tags   []string // of all that is sent

	mu      sync.Mutex
	err     error
	told    change // by the newest event; zero while nothing changes
	pending []point
}

var (
	_ adapters.Observer = (*Observer)(nil)
	_ adapters.Reporter = (*Observer)(nil)
)

// point is a value of a forecast that lies too far ahead yet.
type point struct {
	name  string
	at    time.Time
	value float64
	tags  []string
}

const (
	// farthest is how far ahead a point may lie: ten minutes by Datadog's documentation ("Metrics: Submission"), less what the
	// clocks of two machines differ by.
	farthest = 9 * time.Minute
	// maxPending bounds the points that wait: a day of minutes.
	maxPending = 2 * 3 * 1440
	// maxTag is the length of a tag (Datadog documentation, "Getting started with tags").
	maxTag = 200
)

// NewObserver returns an Observer that has sent nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewObserver(cfg ObserverConfig) (*Observer, error) {
	var is checker
	is.check(cfg.Statsd != nil, "statsd", "nil", "a client")
	is.check(cfg.Service != "", "service", `""`, "the name of the workload")
	tags := []string{"service:" + cfg.Service}
	if cfg.Cluster != "" {
		tags = append(tags, "cluster:"+cfg.Cluster)
	}
	for i, tag := range append(tags, cfg.Tags...) {
		field := []string{"service", "cluster"}[min(i, 1)]
		if i >= len(tags) {
			field = fmt.Sprintf("tags[%d]", i-len(tags))
		}
		is.check(tag == clean(tag) && tag != "" && len(tag) <= maxTag, field, strconv.Quote(tag),
			fmt.Sprintf("no comma, | or white space, and at most %d bytes", maxTag))
	}
	for i, tag := range cfg.Tags {
		name, _, _ := strings.Cut(tag, ":")
		is.check(!slices.Contains(ownTags, name), fmt.Sprintf("tags[%d]", i), strconv.Quote(tag), "none of "+strings.Join(ownTags, ", "))
	}
	if len(is.faults) > 0 {
		return nil, is.faults
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Observer{
		statsd: cfg.Statsd, log: cfg.Logger.With("service", cfg.Service),
		key: "headroom:" + cfg.Cluster + ":" + cfg.Service, tags: append(tags, cfg.Tags...),
	}, nil
}

// ownTags are the names that an Observer gives to tags of its own.
var ownTags = []string{"service", "cluster", "direction", "fleet", "headroom", "input", "level", "policy", "rule", "signal"}

// clean returns text with _ for what would end a tag in a datagram.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ',' || r == '|' || r <= ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, text)
}

// Decision implements adapters.Observer.
func (o *Observer) Decision(ctx context.Context, d *scaler.Decision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.post(d)
	for i := range ofDecision {
		ofDecision[i].send(p, ofDecision[i].Name, d)
	}
	o.predict(p, d)
	p.check(checkSamples, samplesStatus(d), samplesMessage(d), d.Time)
	o.announce(p, d)
	o.settle(ctx, p)
}

// predict sends the forecast, and what has waited for its time to come near.
func (o *Observer) predict(p *post, d *scaler.Decision) {
	at := d.Time.Add(d.Lead)
	for i := range ofForecast {
		for _, level := range levels {
			value := ofForecast[i].of(d, d.Quantile(level))
			tags := p.with("signal", d.Signal, "level", strconv.FormatFloat(level, 'g', -1, 64))
			o.pending = append(o.pending, point{ofForecast[i].Name, at, value, tags})
		}
	}
	o.pending = slices.DeleteFunc(o.pending, func(q point) bool {
		if q.at.Sub(d.Time) > farthest {
			return false
		}
		if !math.IsNaN(q.value) && !math.IsInf(q.value, 0) {
			p.join(o.statsd.GaugeWithTimestamp(q.name, q.value, q.tags, 1, q.at))
		}
		return true
	})
	if much := len(o.pending) - maxPending; much > 0 {
		o.pending = slices.Delete(o.pending, 0, much)
	}
}

// Report implements adapters.Reporter.
func (o *Observer) Report(ctx context.Context, r *adapters.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.post(&r.Decision)
	for i := range ofReport {
		ofReport[i].send(p, ofReport[i].Name, r)
	}
	status, message := tickStatus(r)
	p.check(checkTick, status, message, r.Time)
	o.settle(ctx, p)
}

// Err returns what the client said was wrong with what was sent last, nil if it took it.
func (o *Observer) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// settle notes what became of a post, and logs the first of several that fail.
func (o *Observer) settle(ctx context.Context, p *post) {
	if p.err != nil && o.err == nil {
		o.log.ErrorContext(ctx, "datadog observer: the statsd client does not take what is sent", "error", p.err)
	}
	o.err = p.err
}

// post is what is sent of one decision or report.
type post struct {
	statsd Statsd
	tags   []string
	err    error // the first
}

// post returns one with the tags of o and the size that d has chosen.
func (o *Observer) post(d *scaler.Decision) *post {
	tags := o.tags
	if size := d.Sizing.Swing; size != "" {
		tags = append(slices.Clip(tags), "size:"+clean(size))
	}
	return &post{statsd: o.statsd, tags: tags}
}

func (p *post) join(err error) {
	if p.err == nil && err != nil {
		p.err = errors.New(text(err.Error()))
	}
}

// with returns the tags of p and those of names and values; one without a value is left out.
func (p *post) with(pairs ...string) []string {
	tags := slices.Clone(p.tags)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			tags = append(tags, cut(pairs[i]+":"+clean(pairs[i+1]), maxTag))
		}
	}
	return tags
}

// gauge sends v unless it is NaN or infinite: what was not measured is absent.
func (p *post) gauge(name string, v float64, pairs ...string) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		p.join(p.statsd.Gauge(name, v, p.with(pairs...), 1))
	}
}

func (p *post) count(name string, pairs ...string) {
	p.join(p.statsd.Count(name, 1, p.with(pairs...), 1))
}

func (p *post) check(name string, status statsd.ServiceCheckStatus, message string, at time.Time) {
	p.join(p.statsd.ServiceCheck(&statsd.ServiceCheck{Name: name, Status: status, Timestamp: at, Message: text(message), Tags: p.with()}))
}
