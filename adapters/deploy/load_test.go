package deploy

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func whole(t *testing.T) []byte {
	text, err := os.ReadFile("testdata/whole.yaml")
	require.NoError(t, err)
	return text
}

func TestWhole(t *testing.T) {
	for _, cluster := range []string{"eu", "us", "staging"} {
		_, err := Load(whole(t), cluster, nil)
		require.NoError(t, err)
	}
}
