package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/adapters/datadog"
)

// Parts are what Build takes besides the document. The zero value is enough for a document that says nothing of "other".
type Parts struct {
	// Sources, Actuators, Observers, Stores and Calendars make what the document calls other, by its type: for example the
	// actuator of adapters/kubernetes, which is a module of its own.
	Sources   map[string]func(Part) (adapters.Source, error)
	Actuators map[string]func(Part) (adapters.Actuator, error)
	Observers map[string]func(Part) (adapters.Observer, error)
	Stores    map[string]func(Part) (adapters.Store, error)
	Calendars map[string]func(Part) (calendar.Loader, error)

	// Statsd takes what observers send to a Datadog agent: a client of github.com/DataDog/datadog-go/v5, which remains the
	// caller's to close [none; needed where the document has such an observer].
	Statsd datadog.Statsd
	// Client sends all requests [one with http.DefaultTransport].
	Client *http.Client
	// Clock tells the time for signatures, and for fleets in memory [time.Now].
	Clock func() time.Time
	// Logger is told what all parts have to say [nobody].
	Logger *slog.Logger
}

// Part is what a constructor is told.
type Part struct {
	Cluster  string
	Workload string            // "" for a calendar
	Name     string            // of the input, observer or calendar; that under which a store keeps; "" for an actuator
	Step     time.Duration     // of the engine: the length of the intervals that a source describes
	Boot     time.Duration     // of the engine
	Delay    time.Duration     // of the input
	Tags     map[string]string // with cluster and workload
	Settings json.RawMessage   // an object, or nil
	Secrets  map[string]Secret
	Client   *http.Client
	Logger   *slog.Logger
}

// Decode fills v from the settings, and refuses those that v does not have. A constructor may return its error, or
// scaler.Faults, whose fields then appear below the settings in the error of Build.
func (p Part) Decode(v any) error {
	settings := p.Settings
	if settings == nil {
		settings = []byte("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(settings))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("settings: %w", err)
	}
	return nil
}
