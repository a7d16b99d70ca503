package webhook

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

func TestLedgerIsBounded(t *testing.T) {
	l := ledger{events: map[string]forecast.Event{}}
	start := time.Date(2024, 3, 4, 20, 15, 0, 0, time.UTC)
	event := func(i int) forecast.Event {
		return forecast.Event{ID: fmt.Sprint(i), Start: start.Add(time.Duration(i) * time.Second), Duration: time.Minute}
	}
	for i := range mostTold + 10 {
		require.Equal(t, "announced", l.set(event(i)))
	}
	require.Len(t, l.events, mostTold)
	require.Equal(t, "unchanged", l.set(event(0)))
	require.Equal(t, "announced", l.set(event(mostTold)), "what it has no room for is new each time")
	edited := event(1)
	edited.Weight = 1
	require.Equal(t, "edited", l.set(edited))

	l.forget(start.Add(time.Minute + 6000*time.Second))
	require.Len(t, l.events, mostTold-6000)
	l.forget(start.Add(time.Hour * 1000))
	require.Len(t, l.events, mostTold-6000, "there is room enough")
}
