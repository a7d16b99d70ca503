package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

const (
	defaultEvery   = time.Minute
	defaultTimeout = 10 * time.Second
	calendarState  = ".calendars" // behind the name of a workload, under which a store keeps what was announced
)

// concerns says whether a list of names has a name; an empty list has all.
func concerns(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, name)
}

// recipient is some of the workloads, that are told of the same announcements.
type recipient []*adapters.Runner

// Announce tells all of them. The error joins those of the workloads that refused the event; the others know of it all the
// same.
func (r recipient) Announce(ev forecast.Event) error {
	var faults []error
	for _, runner := range r {
		if err := runner.Announce(ev); err != nil {
			faults = append(faults, fmt.Errorf("workload %q: %w", runner.Name(), err))
		}
	}
	return errors.Join(faults...)
}

// Withdraw takes an event back from all of them. It returns scaler.ErrUnknownEvent where none has the ID.
func (r recipient) Withdraw(id string) error {
	err := scaler.ErrUnknownEvent
	for _, runner := range r {
		if runner.Withdraw(id) == nil {
			err = nil
		}
	}
	return err
}

// announcements makes the receivers.
func (a *assembling) announcements() {
	for i := range a.deployment.Config.Announcements {
		c, at := &a.deployment.Config.Announcements[i], fmt.Sprintf("announcements[%d]", i)
		var to recipient
		for _, r := range a.out.Group.Runners() {
			if concerns(c.Workloads, r.Name()) {
				to = append(to, r)
			}
		}
		made, err := webhook.NewAnnouncements(webhook.AnnouncementsConfig{
			Announcer: to,
			Verify:    webhook.VerifierConfig{Keys: a.keys(c.Keys), Tolerance: c.Tolerance.Std(), Prefix: c.Prefix, Clock: a.parts.Clock},
			Rate:      c.Rate, Burst: c.Burst, MaxBytes: int64(c.MaxBytes), MaxEvents: c.MaxEvents, Behind: c.Behind.Std(), Ahead: c.Ahead.Std(),
			Logger: a.parts.Logger.With("announcements", c.Name),
		})
		var own scaler.Faults
		if errors.As(err, &own) {
			for _, f := range own {
				a.check(false, at+"."+strings.TrimPrefix(f.Field, "verify."), f.Value, f.Wanted)
			}
		} else {
			a.route(cmp.Or(c.Path, "/announce/"+c.Name), at+".path", made)
		}
	}
}

// calendars makes a Watcher for each workload: what one engine has no room for another may have.
func (a *assembling) calendars() {
	c := &a.deployment.Config.Calendars
	if len(c.List) == 0 {
		return
	}
	loaders := make([]calendar.Loader, len(c.List))
	for i := range c.List {
		loaders[i] = &shared{of: a.loader(&c.List[i], fmt.Sprintf("calendars.list[%d]", i)), round: &a.out.round}
	}
	for k := range a.deployment.Config.Workloads {
		w := &a.deployment.Config.Workloads[k]
		runner, ok := a.out.Group.Runner(w.Name)
		if !ok {
			continue
		}
		watching := calendar.Config{
			Announcer: runner, Horizon: c.Horizon.Std(), Lead: c.Lead.Std(), Same: c.Same.Std(), Loss: c.Loss, Hold: c.Hold.Std(), Empty: c.Empty,
			Ahead: c.Ahead.Std(), Usual: c.Usual, Logger: a.parts.Logger.With("workload", w.Name),
		}
		for i := range c.List {
			if cal := &c.List[i]; concerns(cal.Workloads, w.Name) {
				location, _ := time.LoadLocation(cal.Location) // it has been checked
				watching.Calendars = append(watching.Calendars, calendar.Calendar{Name: cal.Name, Loader: loaders[i], MaxAge: cal.MaxAge.Std(), Read: calendar.ReadConfig{
					Format: cal.Format, Location: location, Kind: cal.Kind, Window: cal.Window.Std(), Duration: cal.Duration.Std(), Most: cal.Most,
					Columns: cal.Columns, DateOrder: cal.DateOrder, DayStart: cal.DayStart,
				}})
			}
		}
		if len(watching.Calendars) == 0 {
			continue
		}
		made, err := calendar.NewWatcher(watching)
		if a.madeWatcher(&watching, err) {
			a.out.watches = append(a.out.watches, watch{workload: w.Name, watcher: made, store: a.store(w, w.Name+calendarState, fmt.Sprintf("workloads[%d].store", k))})
		}
	}
}

// madeWatcher adds the faults of a Watcher, whose calendars are some of those of the document.
func (a *assembling) madeWatcher(cfg *calendar.Config, err error) bool {
	var own scaler.Faults
	if !errors.As(err, &own) {
		return a.made("calendars", err)
	}
	for _, f := range own {
		path := "calendars." + f.Field
		for i := range cfg.Calendars {
			was := fmt.Sprintf("calendars[%d].", i)
			if rest, ok := cutPrefixes(f.Field, was+"read.", was); ok {
				path = fmt.Sprintf("calendars.list[%s].%s", cfg.Calendars[i].Name, rest)
				break
			}
		}
		a.faults.at(a.deployment.root, path, f.Value, f.Wanted)
	}
	return false
}

// cutPrefixes returns s without the first of prefixes that it has.
func cutPrefixes(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if len(s) > len(p) && s[:len(p)] == p {
			return s[len(p):], true
		}
	}
	return s, false
}

// shared is a calendar that several workloads read, and that is loaded once in a round.
type shared struct {
	of    calendar.Loader
	round *int

	loaded  int // the round in which it was loaded last
	content calendar.Content
	err     error
}

// Load implements calendar.Loader.
func (s *shared) Load(ctx context.Context) (calendar.Content, error) {
	if s.loaded != *s.round {
		s.content, s.err = s.of.Load(ctx)
		if s.loaded = *s.round; ctx.Err() != nil {
			s.loaded = 0
		}
	}
	return s.content, s.err
}

// fetched is the calendar of a server.
func (a *assembling) fetched(c *CalendarHTTP, at string) calendar.Loader {
	address, header := string(a.reveal(c.URL)), a.header(c.Header)
	if a.deployment.looked {
		_, err := http.NewRequest(http.MethodGet, address, http.NoBody) //nolint:noctx // it is not sent
		a.check(err == nil, at+".url", c.URL.String(), "the name of an address, such as https://planning/tv.ics")
	}
	client := *a.parts.Client
	client.Timeout = cmp.Or(c.Timeout.Std(), defaultTimeout)
	a.check(client.Timeout > 0, at+".timeout", c.Timeout.String(), "0s (10s) or more")
	return calendar.HTTP(client.Do, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return nil, err
		}
		for name, value := range header {
			req.Header.Set(name, string(value))
		}
		return req, nil
	})
}

// loader makes that of a calendar.
func (a *assembling) loader(c *Calendar, at string) calendar.Loader {
	switch {
	case c.File != "":
		return calendar.File(c.File)
	case c.HTTP != nil:
		return a.fetched(c.HTTP, at+".http")
	case c.Other == nil: // which has been said
		return calendar.File("")
	}
	made, ok := construct(a, a.parts.Calendars, c.Other, a.part(nil, c.Name, c.Other), at, calendar.File(""))
	if !ok {
		return calendar.File("")
	}
	return made
}
