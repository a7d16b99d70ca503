package datadog

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPoints compares the scanner with encoding/json and pointers.
func FuzzPoints(f *testing.F) {
	for _, text := range []string{
		`[[1709510400000.0,null],[1709510460000,12.5]]`, `[]`, `null`, ` [ [ 1 , -2e3 ] ,[null,0] ] `, `[[1]]`, `[[1,2,3]]`, `[1,2]`, `[["1",2]]`, `[[1,{}]]`, `{}`, `[[1,[2,3]]]`, `[[]]`, `"a,b"`, `[null]`, `[[1,1e999]]`, `[[true,1]]`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		var slow [][]*float64
		err := json.Unmarshal([]byte(text), &slow)
		for i := range slow {
			if err == nil && len(slow[i]) != 2 {
				err = fmt.Errorf("%d numbers", len(slow[i]))
			}
		}
		var fast points
		wrong := json.Unmarshal([]byte(text), &fast)
		if fast.fault != nil {
			wrong = fast.fault
		}
		require.Equal(t, err == nil, wrong == nil, "%s: %v, %v", text, err, wrong)
		if err != nil {
			return
		}
		value := func(p *float64) float64 {
			if p == nil {
				return math.NaN()
			}
			return *p
		}
		require.Len(t, fast.times, len(slow))
		for i := range slow {
			require.Equal(t, fmt.Sprint(value(slow[i][0]), value(slow[i][1])), fmt.Sprint(fast.times[i], fast.values[i]))
		}
		var list numbers
		if json.Unmarshal([]byte(text), &list) == nil && len(slow) > 0 {
			t.Fatalf("%s is no list of numbers", text)
		}
	})
}

// wide returns an answer of version 1 to so many queries, with so many points each.
func wide(queries, points int) []byte {
	var b strings.Builder
	b.WriteString(`{"status":"ok","resp_version":1,"res_type":"time_series","from_date":1,"to_date":2,"series":[`)
	for i := range queries {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"query_index":%d,"scope":"service:s%d","interval":60,"unit":[{"family":"network","name":"request"},null],"pointlist":[`, i, i)
		for k := range points {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `[%d.0,%v]`, 1709510400000+60_000*k, float64(k)/3)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// TestDecodingAllocatesByTheSeries demands that it does not by the point.
func TestDecodingAllocatesByTheSeries(t *testing.T) {
	allocations := func(points int) float64 {
		text := wide(maxBatch, points)
		return testing.AllocsPerRun(10, func() {
			columns, refused, err := read1(text)
			if len(columns) != maxBatch || refused != "" || err != nil {
				t.Fatal(columns, refused, err)
			}
		})
	}
	few, many := allocations(10), allocations(1000)
	require.InDelta(t, few, many, 5)
	require.Less(t, many, 6.0*maxBatch)
}

func BenchmarkDecode(b *testing.B) {
	for _, points := range []int{11, 1000} {
		b.Run(fmt.Sprintf("35 queries of %d points", points), func(b *testing.B) {
			text := wide(maxBatch, points)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := read1(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
