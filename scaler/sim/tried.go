package sim

import "github.com/headroom-go/headroom/policy/compat"

// Tried is one setting of a search in hindsight and how it did. Which setting it is stands in the one field of the first
// three that is set. EventUnserved of its scores is NaN.
type Tried struct {
	HPA        *compat.HPAParams // of HPABest and SeasonalHPABest
	Watermarks *compat.WPAMetric // of WPABest
	Replicas   int               // of StaticBest
	Scores
}
