package forecast

// witness shows the events that have an effect in [from, to) what demand z was seen there, of which expected, with variance
// noise, was expected without them. It returns how much of z the events are now thought to have brought: short ones, which
// come and go within minutes, and long ones.
//
// Events that overlap explain the demand together: each is weighed against what the others are expected to bring. What is
// attributed to an event will teach the shape of the response of its kind, when the event is over.
func (c *calendar) witness(from, to int64, z, expected, noise float64) (short, long float64) {
	lo, hi := c.between(from, to)
	if lo == hi {
		return 0, 0
	}
	var part [maxAirings][maxStarts]float64
	var chance [maxStarts]float64
	var mean, variance [maxAirings]float64
	var air [maxAirings]*announced
	n := 0
	var sum, spread float64
	for i := lo; i < hi && n < maxAirings; i++ {
		a := &c.events[i]
		if a.airing < 0 || !c.parts(&part[n], &chance, a, from, to) {
			continue
		}
		for s := range chance {
			part[n][s] = float64(part[n][s] * chance[s])
		}
		air[n] = a
		mean[n], variance[n] = c.air[a.airing].brings(&part[n])
		sum += mean[n]
		spread += variance[n]
		n++
	}
	// The variance that counting makes, per unit of demand: what is usual, unless ordinary demand is mostly other noise.
	grain := max(0.02, min(noise/max(expected, 0.1), 3))
	for i := range n {
		a := air[i]
		g := &c.air[a.airing]
		r := &c.models[a.prior].response
		into := &short
		if r.long(a.length) {
			into = &long
		}
		if a.starts() > 1 && a.cell() > float64(widestCell*r.width) {
			*into += mean[i]
			continue
		}
		p := part[i]
		for s := range p {
			p[s] = float64(p[s] * g.scale)
		}
		g.observe(&sizes, &p, z, expected+(sum-mean[i]), noise+(spread-variance[i]), grain)
		m, _ := g.brings(&part[i])
		mean[i] = m
		*into += m
	}
	for i := range n {
		a := air[i]
		if r := &c.models[a.prior].response; r.long(a.length) || a.window >= r.after() {
			continue // its response says little about the shape
		}
		t0, t1 := float64(float64(from-a.start)*1e-9), float64(float64(to-a.start)*1e-9)
		arrivals := float64(mean[i]/(expected+short+long)*z) / grain
		c.models[a.prior].response.attribute(&c.air[a.airing].came, t0, t1, arrivals)
	}
	return short, long
}

// brings returns the mean and the variance of what an event adds to a step that gets part[s] of its response.
func (g *airing) brings(part *[maxStarts]float64) (mean, variance float64) {
	m, v := g.expected()
	var first, second float64
	for s, p := range g.start {
		x := float64(part[s] * g.scale)
		first += float64(p * x)
		second += float64(p * float64(x*x))
	}
	mean = float64(m * first)
	return mean, max(0, float64((v+float64(m*m))*second)-float64(mean*mean))
}
