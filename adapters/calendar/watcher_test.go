package calendar_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// table is an Announcer with room for so many events.
type table struct {
	most   int
	events map[string]forecast.Event
	calls  int
}

func (a *table) Announce(ev forecast.Event) error {
	if err := ev.Check(); err != nil {
		return err
	}
	a.calls++
	if _, there := a.events[ev.ID]; !there && len(a.events) >= a.most {
		return forecast.ErrEventTableFull
	}
	a.events[ev.ID] = ev
	return nil
}

func (a *table) Withdraw(id string) error {
	a.calls++
	if _, there := a.events[id]; !there {
		return forecast.ErrUnknownEvent
	}
	delete(a.events, id)
	return nil
}

func (a *table) starts() []string {
	var s []string
	for _, ev := range a.events {
		s = append(s, ev.ID+" "+ev.Start.UTC().Format("2 15:04"))
	}
	slices.Sort(s)
	return s
}

// desk is a Watcher of one calendar whose text a test changes.
type desk struct {
	table   table
	text    string
	err     error
	watcher *calendar.Watcher
}

var noon = time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)

func newDesk(t require.TestingT, change func(*calendar.Config)) *desk {
	d := &desk{table: table{most: 100, events: make(map[string]forecast.Event)}}
	cfg := calendar.Config{Announcer: &d.table, Ahead: -1, Calendars: []calendar.Calendar{{Name: "tv", Read: calendar.ReadConfig{Kind: "tv"},
		Loader: calendar.From(func(context.Context) (io.ReadCloser, error) {
			if d.err != nil {
				return nil, d.err
			}
			return io.NopCloser(strings.NewReader(d.text)), nil
		})}}}
	if change != nil {
		change(&cfg)
	}
	var err error
	d.watcher, err = calendar.NewWatcher(cfg)
	require.NoError(t, err)
	return d
}

func (d *desk) sync(t require.TestingT, now time.Time) calendar.Report {
	r, err := d.watcher.Sync(context.Background(), now)
	require.NoError(t, err)
	return r
}

func found(r calendar.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Rule, f)
	}
	return b.String()
}

const evening = "id;date;time;weight\na;2026-03-07;18:00;1\nb;2026-03-07;19:00;1\nc;2026-03-07;20:00;1\nd;2026-03-07;21:00;1\n"

func TestASyncAnnouncesEditsAndWithdraws(t *testing.T) {
	d := newDesk(t, nil)
	d.text = evening
	r := d.sync(t, noon)
	require.Equal(t, []string{"a 7 18:00", "b 7 19:00", "c 7 20:00", "d 7 21:00"}, d.table.starts())
	require.Len(t, r.Announced, 4)
	calls := d.table.calls
	d.sync(t, noon.Add(time.Minute))
	require.Equal(t, calls, d.table.calls, "nothing is said twice")
	d.text = strings.Replace(strings.Replace(evening, "b;2026-03-07;19:00;1\n", "", 1), "18:00;1", "18:05;7", 1)
	r = d.sync(t, noon.Add(2*time.Minute))
	require.Equal(t, []string{"a 7 18:05", "c 7 20:00", "d 7 21:00"}, d.table.starts())
	require.Equal(t, "Sat 7 Mar 12:02:00: 0 announced, 1 changed, 1 withdrawn; 3 stand\n"+
		"~ \"a\" (tv, Sat 7 Mar 18:05:00): start Sat 7 Mar 18:00:00 -> Sat 7 Mar 18:05:00, weight 1 -> 7\n- \"b\" (tv, Sat 7 Mar 19:00:00)\n", r.String())
	d.text = strings.Replace(d.text, "a;2026-03-07;18:05;7\n", "", 1)
	d.sync(t, noon.Add(6*time.Hour+6*time.Minute))
	require.Contains(t, d.table.events, "a", "what has begun is not withdrawn, though the plan drops it")
}

func TestMissingIsNotZero(t *testing.T) {
	all := []string{"a 7 18:00", "b 7 19:00", "c 7 20:00", "d 7 21:00"}
	for name, x := range map[string]struct {
		text string
		err  error
		rule calendar.Rule
	}{
		"unreadable": {err: errors.New("disk on fire"), rule: calendar.FindUnreadable},
		"empty":      {text: "", rule: calendar.FindEmpty},
		"header":     {text: "id;date;time;weight\n", rule: calendar.FindEmpty},
		"faulty":     {text: evening[:len(evening)-15], rule: calendar.FindFault},
		"truncated":  {text: evening[:40], rule: calendar.FindLoss},
		"nonsense":   {text: "<html>504 Gateway Time-out</html>", rule: calendar.FindFault},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.text = evening
			d.sync(t, noon)
			d.text, d.err = x.text, x.err
			r, _ := d.watcher.Sync(context.Background(), noon.Add(time.Hour))
			require.Equal(t, all, d.table.starts())
			require.True(t, slices.ContainsFunc(r.Findings, func(f calendar.Finding) bool { return f.Rule == x.rule && f.New }), found(r))
			require.True(t, r.Calendars[0].Doubt)
			d.text, d.err = evening, nil
			r = d.sync(t, noon.Add(2*time.Hour))
			require.Empty(t, r.Findings)
			require.Equal(t, all, d.table.starts())
		})
	}
}

func TestALossIsHeldUntilItIsConfirmedOrTimeHasPassed(t *testing.T) {
	shifted := strings.NewReplacer("18:00", "19:00", "19:00", "20:00", "20:00", "21:00", "21:00", "22:00").Replace(evening)
	d := newDesk(t, func(c *calendar.Config) { c.Hold = 2 * time.Hour })
	d.text = evening
	d.sync(t, noon)
	d.text = shifted
	r := d.sync(t, noon.Add(time.Minute))
	require.Contains(t, found(r), "loss: tv: 4 of 4 coming events are gone or moved at once; 4 of them by +1h, as if the time zone were another; they stay announced beside what it says now, until it is confirmed or Sat 7 Mar 14:01:00")
	var covered []string
	for _, ev := range d.watcher.Announced() {
		covered = append(covered, ev.Start.Format("15:04"))
	}
	require.Equal(t, []string{"18:00", "19:00", "20:00", "21:00", "22:00"}, covered, "what it said and what it says")
	for range 3 {
		require.True(t, d.sync(t, noon.Add(time.Hour)).Calendars[0].Doubt)
		require.Len(t, d.table.events, 5)
	}
	want := []string{"a 7 19:00", "b 7 20:00", "c 7 21:00", "d 7 22:00"}
	r = d.sync(t, noon.Add(2*time.Hour+time.Minute))
	require.Contains(t, found(r), "nobody confirmed that for 2h0m0s, so it is believed now")
	require.Equal(t, want, d.table.starts())

	d = newDesk(t, nil)
	d.text = evening
	d.sync(t, noon)
	d.text = shifted
	require.False(t, d.watcher.Confirm("radio"))
	require.True(t, d.watcher.Confirm("tv"))
	require.Empty(t, d.sync(t, noon.Add(time.Minute)).Findings)
	require.Equal(t, want, d.table.starts())
}

func TestNearestFirstWhereTheTableIsFull(t *testing.T) {
	d := newDesk(t, nil)
	d.table.most = 2
	d.text = evening
	r := d.sync(t, noon)
	require.Equal(t, []string{"a 7 18:00", "b 7 19:00"}, d.table.starts())
	require.Contains(t, found(r), "waiting: the table of events is full: 2 from Sat 7 Mar 20:00:00 on wait")
	d.text = evening + "e;2026-03-07;17:00;1\n"
	r = d.sync(t, noon)
	require.Equal(t, []string{"a 7 18:00", "e 7 17:00"}, d.table.starts())
	require.Len(t, r.Evicted, 1)
}

func TestWhatAnOperatorIsTold(t *testing.T) {
	d := newDesk(t, func(c *calendar.Config) {
		c.Ahead = 48 * time.Hour
		c.Calendars = append(c.Calendars, calendar.Calendar{Name: "push", Loader: calendar.FS(fstest.MapFS{"p.yaml": {ModTime: noon.Add(-9 * 24 * time.Hour),
			Data: []byte("kind: tv\nevents:\n- {id: p, start: 2026-03-07 18:00:00, labels: {by: push}}\n- {id: a, start: 2026-03-08 18:00:00}\n- {start: 2026-03-07 19:00:05, weight: 3}\n- {id: far, start: 2062-03-07}\n")}}, "p.yaml"), MaxAge: 7 * 24 * time.Hour})
	})
	d.text = evening + "late;2026-03-07;12:00:40;1\ngone;2026-03-07;11:58;1\nbig;2026-03-07;21:30;900\n"
	r := d.sync(t, noon)
	require.Equal(t, "ends: tv: it ends in 9h30m, on Sat 7 Mar 21:30:00; nothing is known of what comes then\n"+
		"old: push: it was not changed for 9 days (since Thu 26 Feb 12:00:00), and should be within 7 days\n"+
		"time: push, line 6: \"far\" (tv) begins in the year 2062; a slip?\n"+
		"duplicate: push, line 5: \"push/20260307T190005Z-93491de2\" (tv, Sat 7 Mar 19:00:05) is in tv, line 3 already; it is announced once\n"+
		"conflict: push, line 4: \"a\" (tv, Sun 8 Mar 18:00:00) has the id of \"a\" (tv, Sat 7 Mar 18:00:00) in tv, line 2; the latter is announced, this one is not\n"+
		"overlap: push, line 3: \"p\" (tv, Sat 7 Mar 18:00:00) may be \"a\" (tv, Sat 7 Mar 18:00:00) of tv, line 2, with other labels; both are announced\n"+
		"weight: tv, line 8: \"big\" (tv, Sat 7 Mar 21:30:00) has the weight 900, 900 times the usual 1; another unit, or thousands taken for decimals?\n"+
		"late: tv, line 7: \"gone\" (tv, Sat 7 Mar 11:58:00) is too late: announced 2m after its start, replicas need 3m\n"+
		"late: tv, line 6: \"late\" (tv, Sat 7 Mar 12:00:40) is too late: announced 40s before its start, replicas need 3m\n", found(r))
}

func TestARestoredWatcherWithdrawsWhatLeftThePlanMeanwhile(t *testing.T) {
	d := newDesk(t, nil)
	d.text = evening
	d.sync(t, noon)
	state, err := d.watcher.State()
	require.NoError(t, err)
	second := newDesk(t, nil)
	second.table, second.text = d.table, strings.Replace(evening, "d;2026-03-07;21:00;1\n", "", 1)
	require.NoError(t, second.watcher.Restore(state))
	r := second.sync(t, noon)
	require.Equal(t, []string{"a 7 18:00", "b 7 19:00", "c 7 20:00"}, second.table.starts())
	require.Empty(t, r.Announced)
	require.ErrorContains(t, second.watcher.Restore([]byte(`{"version":9}`)), "version of the state is 9; wanted 1")
	require.Error(t, second.watcher.Restore([]byte(`nonsense`)))
}

// Any plan, edited at random, ends with what the plan says being announced: the twin knows no ledger, it sorts the plan.
func TestWhateverIsEditedTheAnnouncedSetIsThatOfThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, func(c *calendar.Config) { c.Same = -1 })
		d.table.most = rapid.IntRange(1, 12).Draw(t, "room")
		d.table.events = make(map[string]forecast.Event)
		plan := make(map[string]int) // id -> minutes after noon
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			for range rapid.IntRange(0, 5).Draw(t, "edits") {
				id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"}).Draw(t, "id")
				if at := rapid.IntRange(-1, 600).Draw(t, "at"); at <= 0 {
					delete(plan, id)
				} else {
					plan[id] = at
				}
			}
			var rows []string
			for id, at := range plan {
				rows = append(rows, fmt.Sprintf("%s,%d\n", id, noon.Add(time.Duration(at)*time.Minute).Unix()))
			}
			d.text = "id,timestamp\n" + strings.Join(rapid.Permutation(rows).Draw(t, "order"), "")
			d.watcher.Confirm("tv")
			d.sync(t, noon)

			slices.SortFunc(rows, func(a, b string) int {
				if x := plan[a[:1]] - plan[b[:1]]; x != 0 {
					return x
				}
				return strings.Compare(a, b)
			})
			var want []string
			for _, row := range rows[:min(len(rows), d.table.most)] {
				want = append(want, noon.Add(time.Duration(plan[row[:1]])*time.Minute).Format("2 15:04"))
			}
			slices.Sort(want)
			var got []string // of two that start together either may have the last place
			for _, start := range d.table.starts() {
				got = append(got, start[2:])
			}
			slices.Sort(got)
			require.Equal(t, want, got)
			calls := d.table.calls
			r := d.sync(t, noon)
			require.Zero(t, len(r.Announced)+len(r.Edited)+len(r.Withdrawn)+len(r.Evicted))
			require.LessOrEqual(t, d.table.calls-calls, 2*len(r.Waiting), "only what waits is tried again")
		}
	})
}

func TestAWatcherNamesEveryFaultOfItsConfiguration(t *testing.T) {
	_, err := calendar.NewWatcher(calendar.Config{Loss: 2, Horizon: -1, Calendars: []calendar.Calendar{{Name: "a", MaxAge: -1, Read: calendar.ReadConfig{DayStart: 30}}, {Name: "a"}}})
	for _, field := range []string{"announcer", "loss", "horizon", "calendars[0].loader", "calendars[0].max_age", "calendars[0].read.day_start", "calendars[1].name"} {
		require.ErrorContains(t, err, field+" is ")
	}
}

var (
	_ calendar.Announcer = (*adapters.Runner)(nil)
	_ calendar.Announcer = (*scaler.Engine)(nil)
)
