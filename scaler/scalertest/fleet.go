package scalertest

import "slices"

// fleet is a fleet whose boot time may change: orders that were placed keep theirs, and may never arrive at all. While
// boot times stay the same it does what policy.Plant does.
type fleet struct {
	floor  int // fewer there never are
	now    int // steps
	boot   int // steps from an order to service; never if negative
	ready  int
	orders []order // in the order in which they were placed
}

// order is replicas that are on the way.
type order struct {
	n, due int // due < 0: never
}

// arrive begins the next step.
func (f *fleet) arrive() {
	f.now++
	f.orders = slices.DeleteFunc(f.orders, func(o order) bool {
		if o.due < 0 || o.due > f.now {
			return false
		}
		f.ready += o.n
		return true
	})
}

// starting returns the replicas on the way.
func (f *fleet) starting() int {
	n := 0
	for _, o := range f.orders {
		n += o.n
	}
	return n
}

func (f *fleet) ordered() int { return f.ready + f.starting() }

// set makes n the number of ordered replicas: the newest that are on the way go first.
func (f *fleet) set(n int) {
	more := max(n, f.floor) - f.ordered()
	switch {
	case more > 0 && f.boot == 0:
		f.ready += more
	case more > 0 && f.boot < 0:
		f.orders = append(f.orders, order{more, -1})
	case more > 0:
		f.orders = append(f.orders, order{more, f.now + f.boot})
	}
	for more < 0 && len(f.orders) > 0 {
		last := &f.orders[len(f.orders)-1]
		gone := min(-more, last.n)
		last.n -= gone
		more += gone
		if last.n == 0 {
			f.orders = f.orders[:len(f.orders)-1]
		}
	}
	f.ready += min(0, more)
}

// lose takes the replicas on the way away, as a cloud does that gives up on them.
func (f *fleet) lose() { f.orders = nil }
