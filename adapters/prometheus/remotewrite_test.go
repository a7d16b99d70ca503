package prometheus_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

// field appends a length-delimited field of protocol buffers.
func field(b []byte, number int, content []byte) []byte {
	b = append(b, byte(number<<3|2))
	b = binary.AppendUvarint(b, uint64(len(content)))
	return append(b, content...)
}

// label appends a Label to a TimeSeries.
func label(b []byte, name, value string) []byte {
	return field(b, 1, field(field(nil, 1, []byte(name)), 2, []byte(value)))
}

// remoteWrite pushes samples of the series visits{case="..."} (Prometheus documentation, "Prometheus Remote-Write 1.0").
func remoteWrite(t testing.TB, c *http.Client, address, name string, samples []forecast.Sample) {
	series := label(label(nil, "__name__", "visits"), "case", name)
	for _, s := range samples {
		sample := binary.LittleEndian.AppendUint64([]byte{1<<3 | 1}, math.Float64bits(s.Value))
		sample = binary.AppendUvarint(append(sample, 2<<3), uint64(s.Time.UnixMilli()))
		series = field(series, 2, sample)
	}
	body := field(nil, 1, series)

	compressed := binary.AppendUvarint(nil, uint64(len(body))) // Snappy's block format, of nothing but literals
	for len(body) > 0 {
		n := min(len(body), 1<<16)
		compressed = append(compressed, 61<<2, byte(n-1), byte((n-1)>>8))
		compressed = append(compressed, body[:n]...)
		body = body[n:]
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/api/v1/write", bytes.NewReader(compressed))
	require.NoError(t, err)
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	res, err := c.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, res.StatusCode, "%s", text)
}
