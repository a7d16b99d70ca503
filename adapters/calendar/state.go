package calendar

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// stateVersion is that of the form of a State.
const stateVersion = 1

// state is what a Watcher has announced, in JSON.
type state struct {
	Version   int           `json:"version"`
	Events    []stateEvent  `json:"events"`
	Calendars []stateHolder `json:"calendars"`
}

type stateEvent struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`
	Start    time.Time         `json:"start"`
	Window   forecast.Duration `json:"window"`
	Duration forecast.Duration `json:"duration"`
	Weight   float64           `json:"weight"`
	Labels   []forecast.Label  `json:"labels,omitempty"`
	Calendar string            `json:"calendar"`
	Doubted  bool              `json:"doubted,omitempty"`
}

type stateHolder struct {
	Name string    `json:"name"`
	Held time.Time `json:"held"`
}

// State returns what the Watcher has announced, as JSON. Keep it with the snapshot of the engine: without it a Watcher that
// begins with a restored engine cannot withdraw what left the calendars in between.
func (w *Watcher) State() ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := state{Version: stateVersion, Events: []stateEvent{}}
	for _, x := range w.ledger {
		ev := x.event
		s.Events = append(s.Events, stateEvent{ID: ev.ID, Kind: ev.Kind, Start: ev.Start, Window: forecast.Duration(ev.Window), Duration: forecast.Duration(ev.Duration),
			Weight: ev.Weight, Labels: ev.Labels, Calendar: x.calendar, Doubted: x.doubted})
	}
	slices.SortFunc(s.Events, func(a, b stateEvent) int { return strings.Compare(a.ID, b.ID) })
	for i, c := range w.cfg.Calendars {
		s.Calendars = append(s.Calendars, stateHolder{c.Name, w.calendars[i].held})
	}
	return json.Marshal(s)
}

// Restore takes what State returned, before the first Sync. The next Sync announces all of it once more, as far as it is
// still in the calendars, and withdraws the rest. What a calendar had that is watched no longer is withdrawn as well.
// Errors say which event is wrong; then nothing was changed.
func (w *Watcher) Restore(b []byte) error {
	var s state
	if err := strict(b, &s); err != nil {
		return fmt.Errorf("calendar: the state is not one: %w", err)
	}
	if s.Version != stateVersion {
		return fmt.Errorf("calendar: version of the state is %d; wanted %d", s.Version, stateVersion)
	}
	ledger := make(map[string]*standing, len(s.Events))
	for _, e := range s.Events {
		ev := forecast.Event{ID: e.ID, Kind: e.Kind, Start: e.Start, Window: e.Window.Std(), Duration: e.Duration.Std(), Weight: e.Weight, Labels: e.Labels}
		if err := ev.Check(); err != nil {
			return fmt.Errorf("calendar: the state has an %w", err)
		}
		ledger[e.ID] = &standing{event: ev, calendar: e.Calendar, doubted: e.Doubted, unsure: true}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger = ledger
	for _, h := range s.Calendars {
		for i, c := range w.cfg.Calendars {
			if c.Name == h.Name {
				w.calendars[i].held = h.Held
			}
		}
	}
	return nil
}
