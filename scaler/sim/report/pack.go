package report

import (
	"encoding/base64"
	"encoding/binary"
	"math"
)

// What the page draws is packed into bytes and those into base64; web/unpack.js is the other side. Integers are varints of
// package encoding/binary, signed ones in zigzag. A year of minutes stays within a few bytes a step.

// packFloats packs values as float32, little endian.
func packFloats(values []float64) string {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// integer is what packRuns packs.
type integer interface{ ~int32 | ~int64 }

// packRuns packs values that seldom change: for each value that differs from the one before it (0 before the first), the
// number of values since the last that did, and the difference.
func packRuns[T integer](values []T) string {
	var b []byte
	last, before := 0, T(0)
	for i, v := range values {
		if v == before {
			continue
		}
		b = binary.AppendUvarint(b, uint64(i-last))
		b = binary.AppendVarint(b, int64(v-before))
		last, before = i, v
	}
	return base64.StdEncoding.EncodeToString(b)
}

// packMultiples packs values as multiples of quantum, to which they are rounded: the difference to the value before, as a
// signed integer that lies one further from 0 than it is. 0 stands for NaN, which no difference is taken to.
func packMultiples(values []float64, quantum float64) string {
	var b []byte
	before := int64(0)
	for _, v := range values {
		if math.IsNaN(v) {
			b = append(b, 0)
			continue
		}
		m := int64(math.Round(v / quantum))
		delta := m - before
		if delta >= 0 {
			delta++
		} else {
			delta--
		}
		b = binary.AppendVarint(b, delta)
		before = m
	}
	return base64.StdEncoding.EncodeToString(b)
}

// packCounts packs integers of 0 or more.
func packCounts(values []int) string {
	var b []byte
	for _, v := range values {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return base64.StdEncoding.EncodeToString(b)
}
