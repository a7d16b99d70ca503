package state

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// record has one field of every kind that the codec knows.
type record struct {
	u uint64
	i int
	b byte
	t bool
	f float64
	g float32
	v []float64
	w []float32
	s string
}

func (r *record) fields(c *Codec) {
	c.Uint64(&r.u)
	c.Int(&r.i)
	c.Byte(&r.b)
	c.Bool(&r.t)
	c.Float64(&r.f)
	c.Float32(&r.g)
	c.Float64s(r.v)
	c.Float32s(r.w)
	c.String(&r.s, 64)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := record{
			u: rapid.Uint64().Draw(t, "u"), i: rapid.Int().Draw(t, "i"), b: rapid.Byte().Draw(t, "b"), t: rapid.Bool().Draw(t, "t"),
			f: rapid.Float64().Draw(t, "f"), g: rapid.Float32().Draw(t, "g"),
			v: rapid.SliceOfN(rapid.Float64(), 0, 5).Draw(t, "v"), w: rapid.SliceOfN(rapid.Float32(), 0, 5).Draw(t, "w"),
			s: rapid.StringN(0, 8, 64).Draw(t, "s"),
		}
		w := NewWriter([]byte("head"))
		in.fields(&w)
		require.NoError(t, w.Err())
		out := record{v: make([]float64, len(in.v)), w: make([]float32, len(in.w))}
		r := NewReader(w.Bytes()[4:])
		out.fields(&r)
		require.NoError(t, r.Err())
		require.Empty(t, r.Bytes())
		require.Equal(t, in, out)

		// Cut anywhere, the reader says so and never panics.
		cut := rapid.IntRange(0, len(w.Bytes())-5).Draw(t, "cut")
		r = NewReader(w.Bytes()[4 : 4+cut])
		out.fields(&r)
		require.ErrorIs(t, r.Err(), ErrShort)
	})
}

func TestOnlyAValueMayBeNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		w := NewWriter(nil)
		v := bad
		w.Float64(&v)
		v = bad
		w.Value(&v)
		g := float32(bad)
		w.Float32(&g)
		b := w.Bytes()

		r := NewReader(b)
		r.Float64(&v)
		require.ErrorContains(t, r.Err(), "finite number was wanted")
		require.Zero(t, v)
		r = NewReader(b[8:])
		r.Value(&v)
		require.Equal(t, math.IsNaN(bad), r.Err() == nil)
		r = NewReader(b[16:])
		r.Float32(&g)
		require.ErrorContains(t, r.Err(), "finite number was wanted")
	}
}

func TestForeignLengthsAreRefused(t *testing.T) {
	w := NewWriter(nil)
	w.Float64s([]float64{1, 2, 3})
	r := NewReader(w.Bytes())
	r.Float64s(make([]float64, 2))
	require.ErrorContains(t, r.Err(), "3 elements where this configuration has 2")

	w = NewWriter(nil)
	long := "longer than four"
	w.String(&long, 64)
	r = NewReader(w.Bytes())
	var s string
	r.String(&s, 4)
	require.ErrorContains(t, r.Err(), "16 bytes where at most 4")

	r = NewReader([]byte{7})
	var b bool
	r.Bool(&b)
	require.ErrorContains(t, r.Err(), "7 where 0 or 1")
}
