package policy

// Band is a range of replica counts inside which a fleet is left alone: below Low an order pays for itself, above High
// a replica no longer earns its keep. The range is the hysteresis, in money; no timers are needed.
type Band struct {
	Low, High int
}

// Clamp returns n, or the nearer end of the band where n lies outside.
func (b Band) Clamp(n int) int { return max(b.Low, min(n, b.High)) }

// Join returns the band of a fleet that must satisfy both.
func (b Band) Join(o Band) Band { return Band{max(b.Low, o.Low), max(b.High, o.High)} }

// Newsvendor returns the band of one step: Low where a further replica would earn less than its price, High where it
// would even if unserved demand cost release times as much (release >= 1; 1 makes the band a point).
func (c *Curve) Newsvendor(penalty, release float64) Band {
	return Band{c.Count(penalty), c.Count(float64(penalty * release))}
}
