package policy

import "math"

// Plant is the mechanics of a fleet: what happens to replicas after somebody has decided how many there should be.
//
// Time is counted in steps. A step has three parts, in this order: Arrive lets the replicas whose boot time is over
// become ready, the caller looks at the fleet and decides, and Order applies the decision. Replicas ordered at step i
// are ready from step i + boot steps, and they are paid for (they count as ordered) from step i. Removal is immediate and
// takes the newest replica that is not ready yet first, because that one has cost least and serves nobody; ready
// replicas go only when no other is left.
//
// The simulation and the shadow policies share this one implementation, so that a policy is judged by the same physics
// everywhere. Arrive and Order allocate nothing, read no clock and draw nothing at random. A Plant must be made by
// NewPlant or set up by Reset. It is not safe for concurrent use.
type Plant struct {
	slots    []int32 // replicas that become ready, by the arrival that makes them so: a ring, slots[next] comes next
	next     int
	ready    int
	starting int
	floor    int
}

// PlantSlots returns the length of the memory that Plant.Reset needs for a boot time of bootSteps steps.
func PlantSlots(bootSteps int) int { return max(bootSteps, 0) }

// NewPlant returns a fleet of start ready replicas whose orders take bootSteps steps to become ready (0: they serve in
// the step they are ordered in). The fleet never has fewer than floor replicas: 1, or 0 where scale to zero is allowed.
func NewPlant(bootSteps, start, floor int) *Plant {
	p := new(Plant)
	p.Reset(make([]int32, PlantSlots(bootSteps)), start, floor)
	return p
}

// Reset makes p a fleet of start ready replicas with nothing on order, and keeps slots as its memory.
//
// len(slots) is the boot time in steps (see PlantSlots); the contents are overwritten. A start below floor is raised to
// it, a negative floor counts as 0. Reset allocates nothing, so that a caller may cut many plants out of one array.
func (p *Plant) Reset(slots []int32, start, floor int) {
	clear(slots)
	floor = max(floor, 0)
	*p = Plant{slots: slots, floor: floor, ready: clampCount(start, floor)}
}

// Arrive begins the next step and returns how many replicas became ready with it.
func (p *Plant) Arrive() int {
	if len(p.slots) == 0 {
		return 0
	}
	n := int(p.slots[p.next])
	p.slots[p.next] = 0
	if p.next++; p.next == len(p.slots) {
		p.next = 0
	}
	p.ready += n
	p.starting -= n
	return n
}

// Order makes n the number of ordered replicas and returns the number in force, which differs from n only where n is
// below the floor or above the largest int32. It may be called again in the same step; what an earlier call removed is
// gone, so that ordering it back starts a new boot.
func (p *Plant) Order(n int) int {
	n = clampCount(n, p.floor)
	if more := n - p.Ordered(); more > 0 {
		p.add(more)
	} else if more < 0 {
		p.remove(-more)
	}
	return n
}

func (p *Plant) add(n int) {
	if len(p.slots) == 0 {
		p.ready += n
		return
	}
	p.slots[p.newest()] += int32(n)
	p.starting += n
}

func (p *Plant) remove(n int) {
	// Newest first means walking the ring backwards from the slot that add fills. The walk ends as soon as nothing is
	// on order any more, so a fleet at rest never pays for a long boot time.
	for i := p.newest(); n > 0 && p.starting > 0; i-- {
		if i < 0 {
			i = len(p.slots) - 1
		}
		k := min(n, int(p.slots[i]))
		p.slots[i] -= int32(k)
		p.starting -= k
		n -= k
	}
	p.ready -= n
}

// newest is the slot of what is ordered now: the one that comes round last.
func (p *Plant) newest() int {
	if p.next == 0 {
		return len(p.slots) - 1
	}
	return p.next - 1
}

// Ready returns the replicas that serve.
func (p *Plant) Ready() int { return p.ready }

// Starting returns the replicas that are ordered and paid for but do not serve yet.
func (p *Plant) Starting() int { return p.starting }

// Ordered returns the replicas that are paid for, ready or not.
func (p *Plant) Ordered() int { return p.ready + p.starting }

// clampCount keeps a count in floor .. MaxInt32: the slots are int32, and no sum of them may overflow.
func clampCount(n, floor int) int { return min(max(n, floor), math.MaxInt32) }
