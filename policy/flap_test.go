package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/internal/state"
)

func TestTheBudgetOfReversals(t *testing.T) {
	f := NewFlap(2)
	var tr Trail
	move := func(m, n, ordered int) int {
		got := f.Allow(&tr, minutes(m), n, ordered)
		f.Record(minutes(m), got, ordered)
		return got
	}
	require.Equal(t, 5, move(0, 5, 3))
	require.Equal(t, 4, move(1, 4, 5), "one")
	require.Equal(t, 3, move(2, 3, 4), "further down is no reversal")
	require.Equal(t, 9, move(3, 9, 3), "two")
	require.Equal(t, 9, move(4, 2, 9), "three must wait")
	require.Equal(t, []Step{{RuleFlap, 2, 9}}, tr.Steps())
	require.Equal(t, 12, move(5, 12, 9), "an order goes on")
	require.Equal(t, 12, move(60, 2, 12), "an hour after the first there are two in less than an hour still: minutes 1 and 3")
	require.Equal(t, 2, move(61, 2, 12), "the first is an hour old")
	require.Equal(t, 1, move(61, 1, 2), "and no more are counted for the same way")
}

// A bound above the budget releases what the budget would have kept. Asked again about the same fleet, the budget says what
// it said.
func TestTheBudgetSaysTheSameAgain(t *testing.T) {
	f := NewFlap(1)
	var tr Trail
	f.Record(minutes(0), 4, 5)
	f.Record(minutes(1), 9, 4)
	for range 2 {
		require.Equal(t, 9, f.Allow(&tr, minutes(2), 2, 9))
		f.Record(minutes(2), 7, 9) // a window's maximum
	}
	require.Equal(t, 2, f.Allow(&tr, minutes(3), 2, 7), "further down is no reversal")
}

// An order is never refused, and an hour sees at most one reversal more than the budget, by a twin that keeps them all.
func TestTheBudgetAgainstTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.IntRange(1, 5).Draw(t, "budget")
		f := NewFlap(budget)
		var reversals []int64
		way, ordered, now := 0, 10, int64(0)
		for range rapid.IntRange(1, 80).Draw(t, "calls") {
			now += rapid.Int64Range(0, minutes(25)).Draw(t, "later")
			n := rapid.IntRange(0, 20).Draw(t, "n")
			recent := 0
			for _, r := range reversals {
				if now-r < int64(time.Hour) {
					recent++
				}
			}
			want := n
			if n < ordered && way > 0 && recent >= budget {
				want = ordered
			}
			var tr Trail
			got := f.Allow(&tr, now, n, ordered)
			require.Equal(t, want, got)
			f.Record(now, got, ordered)
			if got != ordered {
				w := 1
				if got < ordered {
					w = -1
				}
				if way != 0 && w != way {
					reversals = append(reversals, now)
					require.LessOrEqual(t, recent+1, budget+1)
				}
				way = w
			}
			ordered = got

			w := state.NewWriter(nil)
			f.State(&w)
			again := NewFlap(budget)
			r := state.NewReader(w.Bytes())
			again.State(&r)
			require.NoError(t, r.Err())
			require.Equal(t, f, again)
		}
	})
}

func TestNoBudgetIsNoLimit(t *testing.T) {
	f := NewFlap(0)
	var tr Trail
	for m := range 100 {
		require.Equal(t, m%2, f.Allow(&tr, minutes(m), m%2, 1-m%2))
		f.Record(minutes(m), m%2, 1-m%2)
	}
	require.Empty(t, tr.Steps())
}

func TestReversalsThatCannotBeAreRefused(t *testing.T) {
	for _, bad := range []Flap{{at: make([]int64, 2), next: 2}, {at: make([]int64, 2), used: 3}, {at: make([]int64, 2), way: 2}, {at: make([]int64, 2), next: 1}, {at: make([]int64, 2), next: 2, used: 2}, {next: 1}} {
		w := state.NewWriter(nil)
		bad.State(&w)
		f := NewFlap(len(bad.at))
		r := state.NewReader(w.Bytes())
		f.State(&r)
		require.Error(t, r.Err())
		require.Equal(t, NewFlap(len(bad.at)), f, "and is not kept")
	}
}

func TestABudgetIsForgottenAndTold(t *testing.T) {
	f := NewFlap(2)
	require.Equal(t, 2, f.Budget())
	for m, n := range []int{5, 3, 5} {
		f.Record(minutes(m), n, 4)
	}
	used, room := f.Within(minutes(3))
	require.Equal(t, 2, used)
	require.Equal(t, minutes(61), room, "an hour after the first of two")
	used, room = f.Within(minutes(61))
	require.Equal(t, 1, used)
	require.Equal(t, minutes(61), room, "there is some")
	require.Equal(t, 5, f.Allow(new(Trail), minutes(60), 1, 5))
	require.Equal(t, 1, f.Allow(new(Trail), minutes(61), 1, 5), "as it was told")
	f.Forget()
	used, _ = f.Within(minutes(3))
	require.Zero(t, used)
	require.Equal(t, 1, f.Allow(new(Trail), minutes(4), 1, 5))
	f.Record(minutes(4), 1, 5)
	used, _ = f.Within(minutes(4))
	require.Zero(t, used, "the first change is no reversal")
	none := NewFlap(0)
	used, room = none.Within(minutes(1))
	require.Zero(t, used)
	require.Equal(t, minutes(1), room)
}
