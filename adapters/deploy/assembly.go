package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
)

// ErrNoSecrets is what Build returns for a Deployment that was made without a lookup of secrets.
var ErrNoSecrets = errors.New("deployment: its secrets were not looked up; wanted one that was loaded with a lookup, such as os.LookupEnv")

// Assembly is a deployment that can run: a Runner for each workload, what announces events to them, and what is shown by HTTP.
// Make it with Build.
type Assembly struct {
	// Group has the Runners.
	Group *adapters.Group

	log    *slog.Logger
	every  time.Duration
	routes map[string]http.Handler

	syncing sync.Mutex // guards what follows
	round   int
	watches []watch
}

// watch is the Watcher of a workload, and where its state is kept.
type watch struct {
	workload string
	watcher  *calendar.Watcher
	store    adapters.Store // nil for none
	restored bool
	saved    []byte
}

// Build makes everything that the document speaks of. It asks and opens nothing yet. The error is Faults, with everything that
// is wrong: constructors that are missing, what they refuse, and secrets that a part refuses; or ErrNoSecrets.
func (d *Deployment) Build(p Parts) (*Assembly, error) {
	if !d.looked {
		return nil, ErrNoSecrets
	}
	if err := d.faults(formOf(reflect.TypeFor[Config]())).err(); err != nil { // Config may have been changed
		return nil, err
	}
	a := assembling{deployment: d, parts: p}
	a.assemble()
	if err := a.faults.err(); err != nil {
		return nil, err
	}
	return &a.out, nil
}

// ServeHTTP implements http.Handler with the pages of metrics, announcements and recommendations, each at its path.
func (a *Assembly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, ok := a.routes[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	handler.ServeHTTP(w, r)
}

// Watcher returns what watches the calendars of a workload, and false where there is none: for Announced and Confirm. Its Sync is
// the Assembly's.
func (a *Assembly) Watcher(workload string) (*calendar.Watcher, bool) {
	for i := range a.watches {
		if a.watches[i].workload == workload {
			return a.watches[i].watcher, true
		}
	}
	return nil, false
}

// Sync brings what is announced in line with the calendars, for all workloads, as calendar.Watcher.Sync does. Each calendar is
// loaded once. What was announced is kept where the snapshots of the workload are, and taken from there before the first time.
// The error joins those of the workloads, each with its name.
func (a *Assembly) Sync(ctx context.Context, now time.Time) error {
	a.syncing.Lock()
	defer a.syncing.Unlock()
	a.round++
	var faults []error
	for i := range a.watches {
		if err := a.watches[i].sync(ctx, now); err != nil {
			faults = append(faults, fmt.Errorf("workload %q: %w", a.watches[i].workload, err))
		}
	}
	return errors.Join(faults...)
}

func (w *watch) sync(ctx context.Context, now time.Time) error {
	var faults []error
	if w.store != nil && !w.restored {
		b, err := w.store.Load(ctx)
		if err == nil && b != nil {
			err = w.watcher.Restore(b)
		}
		if err != nil { // the calendars say it all again, and only what left them meanwhile stays announced
			faults = append(faults, fmt.Errorf("what was announced before is not known: %w", err))
		}
		w.restored = ctx.Err() == nil
	}
	if _, err := w.watcher.Sync(ctx, now); err != nil {
		faults = append(faults, err)
	}
	if w.store == nil || ctx.Err() != nil {
		return errors.Join(faults...)
	}
	state, err := w.watcher.State()
	if err == nil && !bytes.Equal(state, w.saved) {
		if err = w.store.Save(ctx, state); err == nil {
			w.saved = state
		}
	}
	return errors.Join(append(faults, err)...)
}

// Run looks at the calendars, then runs the Group and looks at the calendars time and again, until ctx ends; then it returns
// what Group.Run does. Errors are logged. What it starts ends before it. HTTP is the caller's: serve the Assembly beside it.
func (a *Assembly) Run(ctx context.Context) error {
	a.look(ctx)
	var watching sync.WaitGroup
	looking, stop := context.WithCancel(ctx)
	if len(a.watches) > 0 {
		watching.Go(func() {
			ticker := time.NewTicker(a.every)
			defer ticker.Stop()
			for {
				select {
				case <-looking.Done():
					return
				case <-ticker.C:
					a.look(looking)
				}
			}
		})
	}
	err := a.Group.Run(ctx)
	stop()
	watching.Wait()
	return err
}

// look syncs now, and logs what went wrong.
func (a *Assembly) look(ctx context.Context) {
	if err := a.Sync(ctx, time.Now()); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "calendars", "error", err)
	}
}
