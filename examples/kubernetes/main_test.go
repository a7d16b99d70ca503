package main

import (
	"bytes"
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, &out), flag.ErrHelp)
	require.Contains(t, out.String(), "-lease-duration")

	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	require.ErrorContains(t, run(t.Context(), []string{"-kubeconfig", kubeconfig}, &out), kubeconfig)
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	require.Error(t, run(t.Context(), nil, &out), "there is no cluster around")
}
