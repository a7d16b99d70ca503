// Package fit is for looking at the history of a demand series, off the decision path. An engine never calls it.
//
// It holds the classical models in their textbook form: ETS, Holt-Winters, double-seasonal Holt-Winters, TBATS. They are
// references to compare with, checked to nine digits against R's forecast package. For decisions use forecast.Forecaster:
// a single classical model is a poor forecaster of demand, and its variance a poor interval.
package fit
