package sizes

import (
	_ "embed" // for the sample
	"encoding/json"

	"github.com/headroom-go/headroom/policy/sizing"
)

//go:embed testdata/relative-order-only-2026-11-23.json
var sample []byte

// Sample returns a small catalogue to try things with: two families of four sizes each. Its prices are no cloud's, and mean nothing beyond
// their order: within a family they are linear in the size, and memory costs extra.
func Sample() sizing.Catalog {
	var c sizing.Catalog
	if err := json.Unmarshal(sample, &c); err != nil {
		panic(err) // the file is part of the program
	}
	return c
}
