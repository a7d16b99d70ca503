package sim

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/compat"
)

func TestHPADecidesFromTheLastVisibleStep(t *testing.T) {
	// Target .7 of 10: a replica should carry 7. The fleet starts with ceil(14/10)+1 = 3.
	tr := minutes(t, 14, 70, hole, 70, 7, 7)
	h, err := NewHPA(compat.DefaultHPAParams(), tr.Step, 10)
	require.NoError(t, err)
	r, err := Run(context.Background(), tr, nil, Options{Capacity: 10, Boot: time.Minute}, h)
	require.NoError(t, err)
	// Step 1 sees 14 and proposes 2; step 2 sees 70 and proposes 10; step 3 sees the hole; then the 10 stays for 300 s.
	require.Equal(t, []int32{3, 2, 10, 10, 10, 10}, r.Ordered)

	h, err = NewHPA(compat.DefaultHPAParams(), tr.Step, 10)
	require.NoError(t, err)
	r, err = Run(context.Background(), tr, nil, Options{Capacity: 10, Lag: 2 * time.Minute}, h)
	require.NoError(t, err)
	require.Equal(t, []int32{3, 3, 3, 2, 10, 10}, r.Ordered, "nothing to see at steps 1 and 2")

	_, err = NewHPA(compat.HPAParams{}, tr.Step, 10)
	require.ErrorContains(t, err, "target 0")
}
