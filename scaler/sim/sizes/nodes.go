package sizes

import "github.com/headroom-go/headroom/policy/sizing"

// exchanged is an exchange towards nodes of one machine, for the rules that know no other.
type exchanged struct {
	how   sizing.Exchange
	kinds []sizing.Kind
	pools []sizing.Pool
}

func newExchanged(machines []Machine, share float64) exchanged {
	x := exchanged{how: sizing.Exchange{Share: share}, kinds: make([]sizing.Kind, len(machines)), pools: make([]sizing.Pool, len(machines))}
	for k := range machines {
		x.kinds[k].Price, x.kinds[k].Capacity = machines[k].Price, machines[k].Capacity
	}
	return x
}

// toward changes nodes, which come as s.Nodes, towards count nodes of machine to.
func (x *exchanged) toward(s *Step, to, count int, nodes []int) {
	for k := range x.pools {
		x.pools[k] = sizing.Pool{Ready: s.Ready[k], Nodes: nodes[k]}
	}
	x.pools[to].Want = count
	x.how.Next(x.kinds, x.pools, float64(float64(count)*x.kinds[to].Capacity))
	for k := range nodes {
		nodes[k] = x.pools[k].Nodes
	}
}
