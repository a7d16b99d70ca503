package forecast

import "time"

// Sample is one measured value of a demand series.
//
// Time is the start of the interval that the value describes. Value is in the unit of the series (requests per second,
// visits per minute, cores in use); NaN says that the interval is known to be missing, which is not the same as zero.
type Sample struct {
	Time  time.Time
	Value float64
}
