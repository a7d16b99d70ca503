package sizing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestKubeReserved(t *testing.T) {
	require.InDelta(t, 0.06, KubeReserved(1, 0).CPU, 1e-12)
	require.InDelta(t, 0.07, KubeReserved(2, 0).CPU, 1e-12)
	require.InDelta(t, 0.08, KubeReserved(4, 0).CPU, 1e-12)
	require.InDelta(t, 0.08+12*0.0025, KubeReserved(16, 0).CPU, 1e-12)
	require.InDelta(t, (255+11*58+100)/1024., KubeReserved(4, 58).Memory, 1e-12)
}

func TestPods(t *testing.T) {
	node := Resources{CPU: 4, Memory: 16, Network: 10}
	for _, c := range []struct {
		request    Resources
		most       int
		pods, full int
	}{
		{Resources{CPU: 1, Memory: 2}, 0, 4, 0},
		{Resources{CPU: 1, Memory: 8}, 0, 2, 1},
		{Resources{CPU: .1, Memory: .1, Network: 5}, 0, 2, 2},
		{Resources{CPU: .01}, 110, 110, -1},
		{Resources{CPU: .1}, 0, 40, 0}, // 4/.1 is a little below 40 in binary
		{Resources{CPU: 5}, 0, 0, 0},
		{Resources{}, 0, 0, -1},
		{Resources{}, 30, 30, -1},
	} {
		pods, full := Pods(node, c.request, c.most)
		require.Equal(t, [2]int{c.pods, c.full}, [2]int{pods, full}, "%+v", c)
	}
	rapid.Check(t, func(t *rapid.T) {
		node := Resources{CPU: rapid.Float64Range(0, 100).Draw(t, "cpu"), Memory: rapid.Float64Range(0, 100).Draw(t, "memory")}
		request := Resources{CPU: rapid.Float64Range(0.01, 10).Draw(t, "rcpu"), Memory: rapid.Float64Range(0.01, 10).Draw(t, "rmemory")}
		n, _ := Pods(node, request, 0)
		require.LessOrEqual(t, float64(n)*request.CPU, node.CPU*(1+1e-9))
		require.LessOrEqual(t, float64(n)*request.Memory, node.Memory*(1+1e-9))
		more := float64(n + 1)
		require.True(t, more*request.CPU > node.CPU || more*request.Memory > node.Memory)
	})
}
