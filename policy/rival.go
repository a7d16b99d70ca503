package policy

import (
	"time"

	"github.com/headroom-go/headroom/policy/compat"
)

// Families of shadow policies: the names that an operator excludes.
const (
	FamilyBand = "band" // newsvendor bands on the forecast
	FamilyHPA  = "hpa"  // the Kubernetes rule on what was measured last
	// FamilyToday is the rule that the operator runs today, where there is one.
	FamilyToday = "today"
)

// rival is a policy of the race: what it is called and how it decides.
//
// A band clamps its fleet between two newsvendor counts at the step in which an order serves and keeps the largest need of
// its hold. An HPA is the rule of package compat with a target and a window.
type rival struct {
	name   string
	family string

	half bool // band: for half the penalty
	wide bool // band: the upper end of the band is that of Release times the penalty; else the band is a point
	held bool // band: holds six times as long

	target float64       // hpa
	window time.Duration // hpa
}

// rivals is the race. The first one leads until the costs say otherwise. Bands lean on the forecast and win where it is
// good; of the rules, those without a window win on noise that nobody can forecast, those with a long window and a high
// target on fleets of few replicas, those with a low target on bursts. More of either kind were tried and changed the
// geometric mean over 23 traces by less than .1 % (docs/decisions).
var rivals = [...]rival{
	{name: "band-wide", family: FamilyBand, wide: true},
	{name: "band-tight", family: FamilyBand},
	{name: "band-wide-half", family: FamilyBand, wide: true, half: true},
	{name: "band-tight-half", family: FamilyBand, half: true},
	{name: "band-tight-held", family: FamilyBand, held: true},
	{name: "hpa-25-60m", family: FamilyHPA, target: 0.25, window: time.Hour},
	{name: "hpa-30-5m", family: FamilyHPA, target: 0.30, window: 5 * time.Minute},
	{name: "hpa-50-0m", family: FamilyHPA, target: 0.50},
	{name: "hpa-55-15m", family: FamilyHPA, target: 0.55, window: 15 * time.Minute},
	{name: "hpa-70-5m", family: FamilyHPA, target: 0.70, window: 5 * time.Minute},
	{name: "hpa-75-0m", family: FamilyHPA, target: 0.75},
	{name: "hpa-95-15m", family: FamilyHPA, target: 0.95, window: 15 * time.Minute},
	{name: "hpa-95-45m", family: FamilyHPA, target: 0.95, window: 45 * time.Minute},
}

// NumShadows is the number of policies in the race.
const NumShadows = len(rivals)

// Today is the place of the rule that the operator runs today, behind those of the race. Its name is that of its family.
const Today = NumShadows

// Shadow returns the name of a policy, 0 <= i <= Today.
func Shadow(i int) string {
	if i == Today {
		return FamilyToday
	}
	return rivals[i].name
}

// ShadowFamily returns the family of a policy, 0 <= i <= Today.
func ShadowFamily(i int) string {
	if i == Today {
		return FamilyToday
	}
	return rivals[i].family
}

// Measures says whether a policy decides on what was measured last, and not on the forecast.
func Measures(i int) bool { return ShadowFamily(i) != FamilyBand }

// FindShadow returns the index of a policy by its name, or -1.
func FindShadow(name string) int {
	if name == FamilyToday {
		return Today
	}
	for i := range rivals {
		if rivals[i].name == name {
			return i
		}
	}
	return -1
}

// heldTimes is how many times as long a held band holds.
const heldTimes = 6

// params returns the parameters of an HPA.
func (r *rival) params() compat.HPAParams {
	p := compat.DefaultHPAParams()
	p.Target, p.Window = r.target, r.window
	return p
}
