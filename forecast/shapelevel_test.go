package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShapeLevelFollowsBothItsSpeeds(t *testing.T) {
	var l shapeLevel
	shape := []float64{0.5, 1, 1.5, 1}
	for i := range 400 {
		l.update(20*shape[i%4], shape[i%4], 4)
	}
	require.InDelta(t, 20, l.at(1, 4, 0), 1e-6, "the shape is divided out")
	require.InDelta(t, 0, l.slope, 1e-6)
	for i := range 4 {
		l.update(40*shape[i%4], shape[i%4], 4)
	}
	near, far := l.at(1, 4, 0), l.at(400, 4, 0)
	require.Greater(t, near, far, "what is new is believed for a while")
	require.Greater(t, far, 20.)
	require.Less(t, near, 40.)
}

func TestShapeLevelDriftIsHalvedAndEnds(t *testing.T) {
	var l shapeLevel
	for i := range 4000 {
		l.update(100+float64(i), 1, 24)
	}
	require.InDelta(t, 1, l.slope, 0.05)
	require.InDelta(t, 12, l.at(24, 24, 0.5)-l.at(24, 24, 0), 1, "half of a slope of 1 for 24 bins")
	require.InDelta(t, 24, l.at(480, 24, 0.5)-l.at(480, 24, 0), 2, "no further than two seasons")
	down := shapeLevel{slow: 1, fast: 1, slope: -10, seen: 100}
	require.Zero(t, down.at(24, 24, 0.5), "nothing is negative")
}

func TestShapeLevelSurvivesAnIdleSlot(t *testing.T) {
	var l shapeLevel
	for range 100 {
		l.update(10, 1, 24)
		l.update(0.001, 0, 24)
	}
	require.InDelta(t, 10, l.slow, 1, "a slot without demand says nothing")
}
