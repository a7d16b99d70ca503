package scaler_test

import (
	"flag"
	"testing"

	"github.com/headroom-go/headroom/scaler/scalertest"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the engine does now")

// The scenarios are the specification of the engine as a whole. After a change: go test ./scaler -update, and read the
// difference line by line.
func TestScenarios(t *testing.T) { scalertest.Run(t, "testdata/*.txt", *update) }
