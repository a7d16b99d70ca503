// Package state is the binary codec of snapshots: one method of a component describes its fields, and the same method
// writes and reads them, so that the two directions cannot drift apart.
//
// The layout is fixed: little-endian, no padding, no field names; lengths of slices are written and compared on reading,
// never obeyed, because the configuration sizes all buffers before a snapshot is read. The caller frames the bytes with a
// version, a fingerprint of the configuration and a checksum.
package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrShort says that a snapshot ends before its last field.
var ErrShort = errors.New("snapshot ends too early")

// Codec writes fields to a buffer or reads them back, in the order of the calls. The first error sticks.
type Codec struct {
	buf     []byte
	reading bool
	err     error
}

// NewWriter returns a Codec that appends to b.
func NewWriter(b []byte) Codec { return Codec{buf: b} }

// NewReader returns a Codec that reads from b, which it does not retain beyond the last call.
func NewReader(b []byte) Codec { return Codec{buf: b, reading: true} }

// Reading says whether fields are being read.
func (c *Codec) Reading() bool { return c.reading }

// Err returns the first error.
func (c *Codec) Err() error { return c.err }

// Bytes returns what was written, or what is left to read.
func (c *Codec) Bytes() []byte { return c.buf }

// Fail records an error of the caller's, such as a value out of range.
func (c *Codec) Fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// take returns the next n bytes to read, or nil after an error.
func (c *Codec) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if len(c.buf) < n {
		c.err = ErrShort
		return nil
	}
	p := c.buf[:n]
	c.buf = c.buf[n:]
	return p
}

// Uint64 handles one field of 8 bytes.
func (c *Codec) Uint64(v *uint64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, *v)
	} else if p := c.take(8); p != nil {
		*v = binary.LittleEndian.Uint64(p)
	}
}

// Int64 handles one signed field of 8 bytes.
func (c *Codec) Int64(v *int64) {
	u := uint64(*v)
	c.Uint64(&u)
	*v = int64(u)
}

// Int handles one int, as 8 bytes.
func (c *Codec) Int(v *int) {
	i := int64(*v)
	c.Int64(&i)
	*v = int(i)
}

// Uint16 handles one field of 2 bytes.
func (c *Codec) Uint16(v *uint16) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint16(c.buf, *v)
	} else if p := c.take(2); p != nil {
		*v = binary.LittleEndian.Uint16(p)
	}
}

// Byte handles one byte.
func (c *Codec) Byte(v *byte) {
	if !c.reading {
		c.buf = append(c.buf, *v)
	} else if p := c.take(1); p != nil {
		*v = p[0]
	}
}

// Bool handles a bool, as one byte; a byte other than 0 and 1 is an error.
func (c *Codec) Bool(v *bool) {
	var b byte
	if *v {
		b = 1
	}
	c.Byte(&b)
	if b > 1 {
		c.Fail(fmt.Errorf("snapshot has %d where 0 or 1 was wanted", b))
	}
	*v = b == 1
}

// Float64 handles one float64, bit for bit. Reading refuses NaN and infinity: no state of ours has them by right, and
// what gets in here would come out in a decision.
func (c *Codec) Float64(v *float64) {
	u := math.Float64bits(*v)
	c.Uint64(&u)
	*v = math.Float64frombits(u)
	if c.reading && (math.IsNaN(*v) || math.IsInf(*v, 0)) {
		c.Fail(fmt.Errorf("snapshot has %v where a finite number was wanted", *v))
		*v = 0
	}
}

// Value handles a float64 that may be NaN, which stands for a gap, but is otherwise finite.
func (c *Codec) Value(v *float64) {
	u := math.Float64bits(*v)
	c.Uint64(&u)
	*v = math.Float64frombits(u)
	if c.reading && math.IsInf(*v, 0) {
		c.Fail(fmt.Errorf("snapshot has %v where a finite number or NaN was wanted", *v))
		*v = 0
	}
}

// Float32 handles one float32, bit for bit. Reading refuses NaN and infinity.
func (c *Codec) Float32(v *float32) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, math.Float32bits(*v))
	} else if p := c.take(4); p != nil {
		*v = math.Float32frombits(binary.LittleEndian.Uint32(p))
		if f := float64(*v); math.IsNaN(f) || math.IsInf(f, 0) {
			c.Fail(fmt.Errorf("snapshot has %v where a finite number was wanted", f))
			*v = 0
		}
	}
}

// Value32 handles a float32 that may be NaN, which stands for what is not known, but is otherwise finite.
func (c *Codec) Value32(v *float32) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, math.Float32bits(*v))
	} else if p := c.take(4); p != nil {
		*v = math.Float32frombits(binary.LittleEndian.Uint32(p))
		if f := float64(*v); math.IsInf(f, 0) {
			c.Fail(fmt.Errorf("snapshot has %v where a finite number or NaN was wanted", f))
			*v = 0
		}
	}
}

// Len writes n, or reads a length and refuses one that is not n.
func (c *Codec) Len(n int) bool {
	got := n
	c.Int(&got)
	if got != n {
		c.Fail(fmt.Errorf("snapshot has %d elements where this configuration has %d", got, n))
	}
	return c.err == nil
}

// Float64s handles the elements of v; the length must agree.
func (c *Codec) Float64s(v []float64) {
	if !c.Len(len(v)) {
		return
	}
	for i := range v {
		c.Float64(&v[i])
	}
}

// Values32 handles the elements of v, of which each may be NaN; the length must agree.
func (c *Codec) Values32(v []float32) {
	if !c.Len(len(v)) {
		return
	}
	for i := range v {
		c.Value32(&v[i])
	}
}

// Values handles the elements of v, of which each may be NaN; the length must agree.
func (c *Codec) Values(v []float64) {
	if !c.Len(len(v)) {
		return
	}
	for i := range v {
		c.Value(&v[i])
	}
}

// Float32s handles the elements of v; the length must agree.
func (c *Codec) Float32s(v []float32) {
	if !c.Len(len(v)) {
		return
	}
	for i := range v {
		c.Float32(&v[i])
	}
}

// Int32s handles the elements of v; the length must agree.
func (c *Codec) Int32s(v []int32) {
	if !c.Len(len(v)) {
		return
	}
	for i := range v {
		if !c.reading {
			c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(v[i]))
		} else if p := c.take(4); p != nil {
			v[i] = int32(binary.LittleEndian.Uint32(p))
		}
	}
}

// String handles a string of at most most bytes. Reading allocates only where *v is not yet what is read.
func (c *Codec) String(v *string, most int) {
	n := len(*v)
	c.Int(&n)
	if n < 0 || n > most {
		c.Fail(fmt.Errorf("snapshot has a text of %d bytes where at most %d were wanted", n, most))
		return
	}
	if !c.reading {
		c.buf = append(c.buf, *v...)
	} else if p := c.take(n); string(p) != *v {
		*v = string(p)
	}
}
