package main

import (
	"bytes"
	"flag"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden output with what the example prints now")

const (
	golden    = "testdata/output.txt"
	goldenLog = "testdata/log.txt"
)

// After a change of the engine: go test ./examples/controller -update, and read the difference line by line.
func TestOutput(t *testing.T) {
	var out, logs bytes.Buffer
	handler := slog.NewTextHandler(&logs, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey { // of the machine, not of the story
			return slog.Attr{}
		}
		return a
	}})
	require.NoError(t, run(t.Context(), &out, handler))
	for file, got := range map[string]*bytes.Buffer{golden: &out, goldenLog: &logs} {
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(file, got.Bytes(), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got.String(), file)
	}
}
