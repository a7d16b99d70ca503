package report

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What web/unpack.js does, written again; that the script does so too is tested in a browser (package chromium).

func raw(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func varints(text string) (out []int64) {
	for b := raw(text); len(b) > 0; {
		v, n := binary.Varint(b)
		out, b = append(out, v), b[n:]
	}
	return out
}

func uvarints(text string) (out []uint64) {
	for b := raw(text); len(b) > 0; {
		v, n := binary.Uvarint(b)
		out, b = append(out, v), b[n:]
	}
	return out
}

func unpackFloats(text string) (out []float64) {
	for b := raw(text); len(b) > 0; b = b[4:] {
		out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	return out
}

func unpackRuns(text string, n int) []int64 {
	out := make([]int64, n)
	at, value := 0, int64(0)
	for b := raw(text); len(b) > 0; {
		gap, k := binary.Uvarint(b)
		delta, m := binary.Varint(b[k:])
		b = b[k+m:]
		for range gap {
			out[at], at = value, at+1
		}
		value += delta
	}
	for ; at < n; at++ {
		out[at] = value
	}
	return out
}

func unpackMultiples(text string, quantum float64) (out []float64) {
	m := int64(0)
	for _, delta := range varints(text) {
		switch {
		case delta == 0:
			out = append(out, math.NaN())
			continue
		case delta > 0:
			m += delta - 1
		default:
			m += delta + 1
		}
		out = append(out, float64(m)*quantum)
	}
	return out
}

func join(s sentences) (out []string) {
	var words []string
	for _, w := range s.text {
		if w > 0 {
			words = append(words, s.words[w-1])
			continue
		}
		out = append(out, strings.ReplaceAll(strings.Join(words, " "), " "+lineBreak+" ", "\n"))
		words = nil
	}
	return out
}

func TestFloatsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float32Range(0, math.MaxFloat32)).Draw(t, "values")
		var want []float64
		for _, v := range values {
			want = append(want, float64(v))
		}
		require.Equal(t, want, unpackFloats(packFloats(want)))
	})
	require.True(t, math.IsNaN(unpackFloats(packFloats([]float64{math.NaN()}))[0]))
}

func TestRunsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-1<<50, 1<<50))).Draw(t, "values")
		got := unpackRuns(packRuns(values), len(values))
		require.True(t, len(values) == 0 && len(got) == 0 || len(values) > 0)
		for i, v := range values {
			require.Equal(t, v, got[i])
		}
	})
	require.Empty(t, packRuns(make([]int32, 1e6)), "what never changes from 0 takes nothing")
	require.LessOrEqual(t, len(raw(packRuns([]int32{5, 5, 5, 5, 6, 6}))), 4)
}

func TestMultiplesComeBackRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quantum := rapid.Float64Range(.01, 10).Draw(t, "quantum")
		value := rapid.OneOf(rapid.Float64Range(0, 1e6), rapid.Just(math.NaN()))
		values := rapid.SliceOf(value).Draw(t, "values")
		got := unpackMultiples(packMultiples(values, quantum), quantum)
		require.Len(t, got, len(values))
		for i, v := range values {
			if math.IsNaN(v) {
				require.True(t, math.IsNaN(got[i]))
				continue
			}
			require.InDelta(t, v, got[i], quantum*.5001+1e-6)
		}
	})
}

func TestCountsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.IntRange(0, 1<<40)).Draw(t, "values")
		got := uvarints(packCounts(values))
		require.Len(t, got, len(values))
		for i, v := range values {
			require.EqualValues(t, v, got[i])
		}
	})
}

func TestSentencesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringMatching(`[a-c ]{0,6}(\n[a-c</"é]{0,4}){0,2}`)).Draw(t, "texts")
		got := join(newSentences(texts))
		require.Len(t, got, len(texts))
		for i := range texts {
			require.Equal(t, texts[i], got[i])
		}
	})
	s := newSentences([]string{"b a a", "a c"})
	require.Equal(t, sentences{[]string{"a", "b", "c"}, []int{2, 1, 1, 0, 1, 3, 0}}, s, "the most frequent word first, then the first")
}
