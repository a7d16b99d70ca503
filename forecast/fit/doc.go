// Package fit looks at the history of a demand series and proposes how to configure a forecast.Forecaster for it: which
// seasons it has, and which gains its smoothing expert should use. It says what each proposal gains in a rolling backtest
// with the real Forecaster, and proposes nothing that does not gain.
//
// It is off the decision path. An engine never calls it: a person or a job does, now and then, and puts what comes back into
// the configuration.
//
// The package also holds the classical models in their textbook form (ETS, Holt-Winters, double-seasonal Holt-Winters,
// TBATS). They are references to compare with, checked to nine digits against R's forecast package. For decisions use
// forecast.Forecaster: a single classical model is a poor forecaster of demand, and its variance a poor interval.
package fit
