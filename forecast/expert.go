package forecast

import (
	"fmt"
	"strings"
)

// Expert names one of the forecasters that a lead time mixes.
type Expert uint8

// The experts. Those up to ByRegression run on the clock of the samples and serve every lead time; the others run on the
// slow clock and serve lead times of at least one of its bins.
const (
	ByPersistence   Expert = iota // the newest value
	ByLevel                       // the fast level
	BySeason                      // the middle level, moved by the change of the main profile until the target
	ByMain                        // what the main profile has for the target
	ByLong                        // what the long profile has for the target
	ByRegression                  // the regression of the lead straight to the target
	ByNaiveMain                   // one main season before the target
	ByNaiveLong                   // one long season before the target
	ByRatioMain                   // the same, times how the newest bins compare with those a main season before
	ByRatioLong                   // the same with the long season
	ByClass                       // the profile of the target's class of day: workday, Saturday, Sunday or holiday
	ByShape                       // level times the shape of the target's class of day
	ByDrift                       // the same, with half the drift of the level
	BySmoothing                   // double-seasonal Holt-Winters
	BySmoothingLog                // the same in logarithms
	ByNeighbours                  // autoregression on the neighbours of now, a main and a long season ago
	ByNeighboursLog               // the same in logarithms
	ByDays                        // autoregression on the same slot of the last eight main seasons
	ByDaysLog                     // the same in logarithms
	NumExperts
	numFast = ByNaiveMain
)

var expertNames = [NumExperts]string{
	"persistence", "level", "season", "main", "long", "regression",
	"naive_main", "naive_long", "ratio_main", "ratio_long", "class", "shape", "drift",
	"smoothing", "smoothing_log", "neighbours", "neighbours_log", "days", "days_log",
}

// String returns the name of the expert, such as "days_log".
func (e Expert) String() string {
	if e < NumExperts {
		return expertNames[e]
	}
	return fmt.Sprintf("Expert(%d)", uint8(e))
}

// MarshalText returns the name of the expert.
func (e Expert) MarshalText() ([]byte, error) {
	if e >= NumExperts {
		return nil, fmt.Errorf("expert %d: wanted one below %d", e, NumExperts)
	}
	return []byte(expertNames[e]), nil
}

// UnmarshalText reads the name of an expert.
func (e *Expert) UnmarshalText(b []byte) error {
	for i, name := range expertNames {
		if name == string(b) {
			*e = Expert(i)
			return nil
		}
	}
	return fmt.Errorf("expert %q: wanted one of %s", b, strings.Join(expertNames[:], ", "))
}
