package deploy

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the text is, there is a deployment or an error, both of the schema's mind; and what is read prints as what reads back.
func FuzzLoad(f *testing.F) {
	for _, name := range corpus {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(text)
	}
	schema := resolved(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		root, err := parseTree(text)
		if err != nil || tooLarge(root) {
			return
		}
		if !agree(t, schema, text) {
			return
		}
		for _, cluster := range []string{"", "eu", "us"} {
			if d, err := Load(text, cluster, nil); err == nil {
				require.Empty(t, Diff(d, d).Differences)
			}
		}
	})
}

// tooLarge says whether a number has no float64, which the schema cannot be asked about.
func tooLarge(root *node) bool {
	found := false
	root.walk("", func(n *node, _ string) {
		_, err := n.number()
		found = found || n.kind == number && err != nil
	})
	return found
}
