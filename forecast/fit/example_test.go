package fit_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/forecast/fit"
)

// A factory works in shifts of nine hours, which no default knows.
func ExampleFit() {
	start := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	var samples []forecast.Sample
	for i := range 20 * 24 * 12 {
		at := start.Add(time.Duration(i) * 5 * time.Minute)
		shift := math.Mod(at.Sub(start).Hours(), 9)
		jitter := math.Mod(float64(i)*math.Phi, 1) // 0 to 1, without a period
		samples = append(samples, forecast.Sample{Time: at, Value: 50 + 100*math.Exp(-shift/3) + 20*jitter})
	}
	history, err := fit.NewHistory(forecast.Duration(5*time.Minute), samples)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := fit.Fit(context.Background(), fit.Options{
		Leads: []forecast.Duration{forecast.Duration(10 * time.Minute), forecast.Duration(2 * time.Hour)},
	}, history)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("main season:", result.Config.Seasons.Main)
	before, after := result.Report.Rows[0].Scores[1], result.Report.Rows[len(result.Report.Rows)-1].Scores[1]
	fmt.Println("two hours ahead its loss falls by a third or more:", after.Pinball[1] < before.Pinball[1]*2/3)
	// Output:
	// main season: 9h0m0s
	// two hours ahead its loss falls by a third or more: true
}
