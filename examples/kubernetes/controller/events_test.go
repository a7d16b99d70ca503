package controller

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/scaler"
)

// An HPA that holds more than the engine wants, as most do, is no news each minute.
func TestOnlyAnotherFloorIsNews(t *testing.T) {
	decision := func(there, wanted int) *scaler.Decision { return &scaler.Decision{Ready: there, Replicas: wanted} }
	e := &events{floor: true}
	for _, c := range []struct {
		there, wanted int
		want          string
	}{
		{40, 28, ""}, {40, 28, ""}, {41, 28, ""}, {41, 30, "FloorRaised"}, {41, 30, ""}, {39, 30, ""}, {30, 60, "FloorRaised"}, {60, 60, ""}, {60, 28, "FloorLowered"}, {55, 28, ""},
	} {
		require.Equal(t, c.want, e.change(decision(c.there, c.wanted)), "%d -> %d", c.there, c.wanted)
	}
	first := &events{floor: true}
	require.Equal(t, "FloorRaised", first.change(decision(4, 50)), "in the middle of a spot")
	scale := &events{}
	require.Equal(t, "ScaledDown", scale.change(decision(40, 28)))
	require.Equal(t, "ScaledUp", scale.change(decision(20, 28)), "somebody has scaled by hand meanwhile")
	require.Empty(t, scale.change(decision(28, 28)))
}
