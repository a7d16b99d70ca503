package forecast

import "time"

// LearnedBin is a part of the response that the events of a kind bring, as far as it has been learned.
type LearnedBin struct {
	From, To time.Duration // after the start of the event; negative before it
	Share    float64       // of all that an event brings, 0..1
}

// Learned writes the response of events of that kind as it is known now, in the order of time, into dst, which it
// reallocates only when its capacity is too small; the shares add to 1. It begins as the prior of the kind, and the name of
// a kind that was not configured stands for the kind of all such. It returns no bins before the first event of the kind
// was announced.
func (f *Forecaster) Learned(dst []LearnedBin, kind string) []LearnedBin {
	m := f.calendar.models[f.calendar.prior(kind)]
	if m == nil {
		return dst[:0]
	}
	r := &m.response
	if cap(dst) < responseBins {
		dst = make([]LearnedBin, responseBins)
	}
	dst = dst[:responseBins]
	for b := range dst {
		dst[b] = LearnedBin{From: seconds(r.edge(b)), To: seconds(r.edge(b + 1)), Share: r.arrivals[b] / r.total}
	}
	return dst
}

// seconds is s as a duration.
func seconds(s float64) time.Duration { return time.Duration(s * 1e9) }
