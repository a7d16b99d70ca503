package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

func TestConvert(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.parquet")
	require.NoError(t, pq.WriteFile(path, []struct{ Time, Value int64 }{{60, 1}, {180, 3}, {120, 2}}))
	play := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(context.Background(), args, &out, &errs)
		return code, out.String(), errs.String()
	}
	code, stdout, stderr := play(path)
	require.Zero(t, code)
	require.Equal(t, "timestamp,value\n1970-01-01T00:01:00Z,1\n1970-01-01T00:02:00Z,2\n1970-01-01T00:03:00Z,3\n", stdout)
	require.Contains(t, stderr, "v.parquet: Parquet, Value: 3 points -> 3 steps of 1m0s")
	for args, want := range map[string]string{
		"":                     "0 arguments: wanted one",
		"-speed 1 x":           "flag provided but not defined: -speed",
		"none.parquet":         "no such file",
		"-kind rate " + path:   `kind "rate": wanted one of`,
		"-series up " + path:   `series "up": 0 have that name`,
		"-step 10s " + path:    "step 10s is shorter than the distance of the times",
		"-value-column " + "a": "0 arguments",
	} {
		code, stdout, stderr = play(strings.Fields(args)...)
		require.Equal(t, 2, code, args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, want)
		require.Equal(t, 1, strings.Count(stderr, "\n"))
	}
	code, stdout, _ = play("-h")
	require.Zero(t, code)
	require.Contains(t, stdout, "-value-column")
}
