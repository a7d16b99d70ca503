package sizing

import (
	"math"

	"github.com/headroom-go/headroom/policy"
)

// Candidate is a size as it can be had now.
type Candidate struct {
	Price    float64 // of a node an hour, above 0
	Capacity float64 // demand that a node carries, as it is planned with; 0 or less: none that is known
	In, Out  float64 // what it costs to bring a node in, and to take one out, 0 or more
	Min, Max int     // bounds of the count, 0 <= Min <= Max
}

// Bid is what a size would cost.
type Bid struct {
	Nodes    int
	Run      float64 // price of the nodes an hour
	Unserved float64 // price of the demand that they are expected to leave unserved, an hour
}

// Cost returns what the bid costs an hour.
func (b Bid) Cost() float64 { return b.Run + b.Unserved }

// Ask returns the cheapest count of a size and what it costs. demand is the distribution of demand while the choice binds,
// worth the price of one unit of it that goes unserved for an hour. This is the newsvendor's choice for whole nodes: a node
// is worth having while the demand it is expected to serve, times worth, is more than its price. Its critical fractile
// 1 - price/(worth capacity) differs from size to size: what is dear for what it carries is provisioned lower.
//
// A size of no capacity, or one whose Max is 0, bids nothing for an infinite cost.
func Ask(demand *policy.Curve, worth float64, c *Candidate) Bid {
	if !(c.Capacity > 0) || c.Max <= 0 {
		return Bid{Unserved: math.Inf(1)}
	}
	n := 0
	if part := c.Price / float64(worth*c.Capacity); part < 1 {
		// Of the nodes, those that lie below the demand that is exceeded with that probability earn their price, those
		// above do not; only the one in which it lies must be weighed.
		n = int(math.Min(demand.Exceeded(part)/c.Capacity, float64(c.Max)))
		before := demand.Beyond(float64(n) * c.Capacity)
		if after := demand.Beyond(float64(n+1) * c.Capacity); float64(worth*(before-after)) > c.Price {
			n++
		}
	}
	n = max(c.Min, min(n, c.Max))
	return Bid{n, float64(float64(n) * c.Price), float64(worth * demand.Beyond(float64(n)*c.Capacity))}
}

// Band returns the counts of a size between which a fleet is left alone for so many hours: below low a node would earn its
// price and what it costs to bring in, above high one does not even earn its price less what it costs to take out. It is
// the one-step form of lazy capacity provisioning.
func (c *Candidate) Band(demand *policy.Curve, worth, hours float64) (low, high int) {
	up, down := *c, *c
	up.Price = c.Price + c.In/hours
	down.Price = math.Max(0, c.Price-c.Out/hours)
	low = Ask(demand, worth, &up).Nodes
	if down.Price == 0 { // within these hours nothing is worth taking out
		return low, c.Max
	}
	return low, max(low, Ask(demand, worth, &down).Nodes)
}
