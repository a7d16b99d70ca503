package policy

import "math"

// Band is a range of replica counts inside which a fleet is left alone: below Low an order pays for itself, above High
// a replica no longer earns its keep. The range is the hysteresis, in money; no timers are needed.
type Band struct {
	Low, High int
}

// Clamp returns n, or the nearer end of the band where n lies outside.
func (b Band) Clamp(n int) int { return max(b.Low, min(n, b.High)) }

// Holds says whether n lies in the band.
func (b Band) Holds(n int) bool { return b.Low <= n && n <= b.High }

// Join returns the band of a fleet that must satisfy both.
func (b Band) Join(o Band) Band { return Band{max(b.Low, o.Low), max(b.High, o.High)} }

// Newsvendor returns the band of one step: Low where a further replica would earn less than its price, High where it
// would even if unserved demand cost release times as much (release >= 1; 1 makes the band a point).
func (c *Curve) Newsvendor(penalty, release float64) Band {
	return Band{c.Count(penalty), c.Count(float64(penalty * release))}
}

// Calm returns the band of a fleet that needs n replicas, where at most the given share of a fleet is not worth releasing. A
// fleet beyond it goes to n, not to the end of the band: the change is made anyway.
func Calm(n int, share float64) Band {
	spare := math.Min(float64(n)*share/(1-share), maxReplicas)
	// A quotient that should be whole may come out a little below.
	return Band{n, n + int(float64(spare*(1+1e-12)))}
}
