package policy

import (
	"errors"
	"math"

	"github.com/headroom-go/headroom/internal/state"
)

// MaxHold is the longest Hold, in steps.
const MaxHold = 256

// Hold remembers the largest need of the newest steps: what was ordered for a step is not released before that step has
// come, or an order and its cancellation would chase each other through the boot time. The memory is the caller's.
type Hold struct {
	need []int32 // ring by step index
	step int64   // newest step, noStep before the first
}

// NewHold returns a Hold over n steps, 1 <= n <= MaxHold, the newest included.
func NewHold(n int) Hold { return Hold{need: make([]int32, n), step: noStep} }

// Raise records that step k needs n replicas and returns the largest need of the held steps. Several calls for one step
// keep the largest of them; a step before the newest changes nothing. Steps count from 1970 and are negative before it.
func (h *Hold) Raise(k int64, n int) int {
	w := int64(len(h.need))
	if h.step == noStep || k-h.step >= w {
		clear(h.need)
		h.step = k
	}
	for h.step < k {
		h.step++
		h.need[h.slot(h.step)] = 0
	}
	if k == h.step {
		i := h.slot(k)
		h.need[i] = max(h.need[i], int32(min(n, maxReplicas)))
	}
	top := n
	for _, v := range h.need {
		top = max(top, int(v))
	}
	return top
}

// Until returns the step in which n replicas stop being held: the first for which no held step needs as many. It is the
// newest step if none does now.
func (h *Hold) Until(n int) int64 {
	w := int64(len(h.need))
	if h.step == noStep {
		return 0
	}
	for k := h.step; k > h.step-w; k-- {
		if int(h.need[h.slot(k)]) >= n {
			return k + w
		}
	}
	return h.step
}

// Forget begins anew, as if nothing had been needed yet.
func (h *Hold) Forget() {
	clear(h.need)
	h.step = noStep
}

// slot is the place of step k in the ring.
func (h *Hold) slot(k int64) int64 {
	w := int64(len(h.need))
	return (k%w + w) % w
}

// State walks the memory for snapshots.
func (h *Hold) State(c *state.Codec) {
	c.Int32s(h.need)
	c.Int64(&h.step)
	if c.Reading() && h.step != noStep && (h.step < -maxStep || h.step > maxStep) {
		c.Fail(errors.New("snapshot holds a need for a step that no clock reaches"))
		h.step = noStep
	}
}

// maxStep is beyond the largest step index: seconds since 1970 in the year 2250.
const maxStep = 1 << 34

// noStep is before every step.
const noStep = math.MinInt64
