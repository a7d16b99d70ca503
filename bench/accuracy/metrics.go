package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/headroom-go/headroom/forecast"
)

// The measures of the M4 competition, as Makridakis, Spiliotis and Assimakopoulos define them in "The M4 Competition:
// 100,000 time series and 61 forecasting methods" (International Journal of Forecasting 36, 2020, section 2.3). In all of
// them y are the h values to forecast, Y_t, and f the forecasts of them, in the same unit and of the same length.

// smape is the symmetric mean absolute percentage error, 0 to 200:
//
//	sMAPE = 200/h * sum |Y_t - F_t| / (|Y_t| + |F_t|)
//
// A term of two zeros, which M4 does not have, is a forecast without error and counts as 0.
func smape(y, f []float64) float64 {
	var sum float64
	for i := range y {
		if y[i] != f[i] {
			sum += math.Abs(y[i]-f[i]) / (math.Abs(y[i]) + math.Abs(f[i]))
		}
	}
	return 200 * sum / float64(len(y))
}

// seasonalScale is what MASE and MSIS divide by, the mean absolute error of seasonal naive inside the n values of training
// that came before y, of season m:
//
//	1/(n-m) * sum over t = m+1..n of |X_t - X_(t-m)|
//
// It wants n > m.
func seasonalScale(train []float64, m int) float64 {
	var sum float64
	for t := m; t < len(train); t++ {
		sum += math.Abs(train[t] - train[t-m])
	}
	return sum / float64(len(train)-m)
}

// mase is the mean absolute scaled error:
//
//	MASE = 1/h * sum |Y_t - F_t| / seasonalScale
func mase(y, f []float64, scale float64) float64 {
	var sum float64
	for i := range y {
		sum += math.Abs(y[i] - f[i])
	}
	return sum / float64(len(y)) / scale
}

// What Naive2, the reference of the competition, scores on the mean over M4's 414 hourly series.
const (
	naive2SMAPE = 18.383
	naive2MASE  = 2.395
)

// owa is the overall weighted average: the mean of what sMAPE and MASE, each a mean over all series, are to those of
// Naive2.
func owa(smape, mase, refSMAPE, refMASE float64) float64 {
	return (smape/refSMAPE + mase/refMASE) / 2
}

// msis is the mean scaled interval score of the interval from lo to hi that shall hold 1-alpha of the values:
//
//	MSIS = 1/h * sum ((U_t - L_t) + 2/a (L_t - Y_t) [Y_t < L_t] + 2/a (Y_t - U_t) [Y_t > U_t]) / seasonalScale
func msis(y, lo, hi []float64, alpha, scale float64) float64 {
	var sum float64
	for i, v := range y {
		sum += hi[i] - lo[i] + 2/alpha*(max(0, lo[i]-v)+max(0, v-hi[i]))
	}
	return sum / float64(len(y)) / scale
}

// inside is the coverage of an interval: the share of values that lie in it, bounds included.
func inside(y, lo, hi []float64) float64 {
	n := 0
	for i, v := range y {
		if lo[i] <= v && v <= hi[i] {
			n++
		}
	}
	return float64(n) / float64(len(y))
}

// pinball is the loss of having said x for the quantile at level q of what came as y: q (y-x) where y is above x, and
// (1-q) (x-y) where it is below. Its mean is smallest for the true quantile (Koenker and Bassett, 1978).
func pinball(q, y, x float64) float64 {
	if y >= x {
		return q * (y - x)
	}
	return (1 - q) * (x - y)
}

// quantile reads the quantile at level q, between the first and the last of forecast.Levels, off a row of a forecast;
// between two levels it is interpolated along a line.
func quantile(row []float64, q float64) float64 {
	i, found := slices.BinarySearch(forecast.Levels[:], q)
	if found {
		return row[i]
	}
	if i == 0 || i == forecast.NumLevels {
		panic(fmt.Sprintf("level %v: wanted %v to %v", q, forecast.Levels[0], forecast.Levels[forecast.NumLevels-1]))
	}
	a, b := forecast.Levels[i-1], forecast.Levels[i]
	return row[i-1] + (q-a)/(b-a)*(row[i]-row[i-1])
}

// geometricMean is exp of the mean logarithm; NaN of nothing.
func geometricMean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(x)))
}
