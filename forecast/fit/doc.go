// Package fit proposes how to configure a forecast.Forecaster for a demand series, from the history of the series. It is off
// the decision path. An engine never calls it: a person or a job does, now and then, and puts what comes back into the
// configuration.
//
// Fit looks for seasons and gains in the first part of a history, lets the real Forecaster run over all of it with the
// configuration of today, with each choice and with all together, and proposes what gains in the second part; its Report
// says how much. The parts can be had by themselves: Seasons finds the periods after which a series repeats itself, Gains
// searches the gains of the smoothing experts, Backtest scores a configuration.
//
// The package also holds the classical models in their textbook form: ETS, Holt-Winters, double-seasonal Holt-Winters,
// TBATS. They are references to compare with, checked to nine digits against R's forecast package. For decisions use
// forecast.Forecaster: a single classical model is a poor forecaster of demand, and its variance a poor interval.
package fit
