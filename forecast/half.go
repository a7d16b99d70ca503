package forecast

import "math"

// half is a number of 16 bits that is not negative: 6 bits of exponent and 10 of mantissa, so that its relative error is at
// most 1/2048 from 2.3e-10 to 4.3e9; smaller is 0 and larger is the largest. The zero value is unknown, not 0. Seasons have
// hundreds of bins and need no more digits; at four bytes they would be most of an engine's memory.
type half uint16

const (
	halfShift = 23 - 10
	halfBias  = (127 - 32) << 10
	halfZero  = 1
	halfMost  = 1<<16 - 1
)

// toHalf rounds v, which is not negative, to the nearest half.
func toHalf(v float64) half {
	bits := int64(math.Float32bits(float32(v)))
	code := (bits+1<<(halfShift-1))>>halfShift - halfBias
	return half(max(halfZero, min(code, halfMost)))
}

// known says whether h was ever set.
func (h half) known() bool { return h != 0 }

// value returns the number, 0 where it is unknown.
func (h half) value() float64 {
	if h <= halfZero {
		return 0
	}
	return float64(math.Float32frombits(uint32(int64(h)+halfBias) << halfShift))
}
