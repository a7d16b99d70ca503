package forecast

import "github.com/headroom-go/headroom/internal/fp"

// Kind is what is known beforehand of the response to one kind of announced event.
//
// The response is a delayed gamma curve of order 2: nothing until Delay after the start, a peak Rise later, gone after
// about ten times Rise. Its size is log-normal with median Lift and standard deviation Spread of the logarithm: a lift of 2
// brings twice ordinary demand on top for as long as the event lasts, or, if that is less than a minute, as much as two
// ordinary minutes do. If events of the kind carry weights, the median grows with (weight/typical weight)^WeightPower. This
// is where learning begins.
//
// The defaults describe a TV spot: the web response peaks about a minute after the airing and is gone in five, typical
// lifts are .3 to .6 of the demand of the minute with a tail to fifteenfold, and visits grow with spend less than
// proportionally.
type Kind struct {
	Name        string   `json:"name"`
	Lift        float64  `json:"lift,omitempty"`         // times ordinary demand, for the length of the event and at least a minute [1]
	Spread      float64  `json:"spread,omitempty"`       // standard deviation of ln(size) [1.2]
	WeightPower float64  `json:"weight_power,omitempty"` // exponent, above 0 up to 2 [0.6]
	Delay       Duration `json:"delay,omitempty"`        // from the start to the first response [14s]
	Rise        Duration `json:"rise,omitempty"`         // from the first response to the peak [33s]
}

// Defaults returns k with every zero field replaced by its default.
func (k Kind) Defaults() Kind {
	if k.Lift == 0 {
		k.Lift = 1
	}
	if k.Spread == 0 {
		k.Spread = 1.2
	}
	if k.WeightPower == 0 {
		k.WeightPower = 0.6
	}
	if k.Delay == 0 {
		k.Delay = Duration(14e9)
	}
	if k.Rise == 0 {
		k.Rise = Duration(33e9)
	}
	return k
}

// tail is the number of rise times after which the response counts as over: 99.9 % of a gamma curve of order 2 has come.
const tail = 9.3

// after returns how long after the end of an event its response lasts, in seconds.
func (k *Kind) after() float64 {
	return k.Delay.Std().Seconds() + float64(tail*k.Rise.Std().Seconds())
}

// share returns which part of the response of an event that starts at 0 comes between from and to seconds.
func (k *Kind) share(from, to float64) float64 {
	delay, rise := k.Delay.Std().Seconds(), k.Rise.Std().Seconds()
	return cumulative(to-delay, rise) - cumulative(from-delay, rise)
}

// cumulative is the distribution function of the gamma curve of order 2 and scale rise.
func cumulative(t, rise float64) float64 {
	if t <= 0 {
		return 0
	}
	r := t / rise
	return 1 - float64((1+r)*fp.Exp(-r))
}
