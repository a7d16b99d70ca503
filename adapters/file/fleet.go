package file

import (
	"os"

	"github.com/headroom-go/headroom/adapters/internal/fleetform"
	"github.com/headroom-go/headroom/policy"
)

// readFleet reads a fleet that somebody else wrote.
func readFleet(path string) (policy.Fleet, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return policy.Fleet{}, err
	}
	return fleetform.Parse(path, b)
}
