package datadog

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/DataDog/datadog-go/v5/statsd"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/scaler"
)

// ChangeTag is a tag of every event of an Observer, to search for.
const ChangeTag = "headroom:change"

// change is what an event tells of. As long as it is the same, because nobody carries it out or it takes long, there is no
// second event.
type change struct {
	from, to    int // replicas
	swing, base string
	left, moved int // nodes
}

// maxEvent is how long an event may be, its title, text, tags and key together: it has to fit into one datagram, which over UDP
// has 1432 bytes, or the client refuses it. The rest is for the other fields, the container's ID and global tags.
const maxEvent = 1232

// announce sends an event if d changes something. The caller holds o.mu.
func (o *Observer) announce(p *post, d *scaler.Decision) {
	if !d.Acts() {
		o.told = change{}
		return
	}
	c := change{d.Ready + d.Starting, d.Replicas, d.Sizing.Swing, d.Sizing.Base, d.Sizing.Left, d.Sizing.Moved}
	if c == o.told {
		return
	}
	o.told = c
	e := statsd.Event{
		Title: title(o.tags[0], &c), Timestamp: d.Time,
		AggregationKey: o.key, AlertType: alert(d.Level()), Priority: statsd.Normal, Tags: append(p.with(), ChangeTag),
	}
	e.Text = cut(d.Explain().String(), max(100, maxEvent-len(e.Title)-len(e.AggregationKey)-len(strings.Join(e.Tags, ","))))
	p.join(o.statsd.Event(&e))
}

func title(tag string, c *change) string {
	_, service, _ := strings.Cut(tag, ":")
	if c.from == c.to {
		return fmt.Sprintf("%s: %d replicas, other nodes", service, c.to)
	}
	return fmt.Sprintf("%s: %d -> %d replicas", service, c.from, c.to)
}

func alert(level slog.Level) statsd.EventAlertType {
	switch {
	case level >= slog.LevelError:
		return statsd.Error
	case level >= slog.LevelWarn:
		return statsd.Warning
	}
	return statsd.Info
}

// cut returns the beginning of s, at most n bytes of it.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "..."
}

// text returns what may stand in a message: one line, not too long.
func text(s string) string { return refusal.Clip(s) }

func samplesStatus(d *scaler.Decision) statsd.ServiceCheckStatus {
	if d.Stale {
		return statsd.Warn
	}
	return statsd.Ok
}

func samplesMessage(d *scaler.Decision) string {
	if d.Stale {
		return d.Explain().Why
	}
	return ""
}

// tickStatus says what became of a tick: nothing decided, or not applied, is critical.
func tickStatus(r *adapters.Report) (statsd.ServiceCheckStatus, string) {
	switch {
	case r.Decision.Time.IsZero():
		return statsd.Critical, "no decision: " + message(r.Err)
	case r.Mode == adapters.ModeAct && r.Decision.Acts() && !r.Applied:
		return statsd.Critical, "the decision was not applied: " + message(r.Err)
	case r.Err != nil:
		return statsd.Warn, r.Err.Error()
	}
	return statsd.Ok, ""
}

func message(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}
