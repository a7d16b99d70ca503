// Package fit looks at the history of a demand series, off the decision path. An engine never calls it: a person or a job
// does, now and then, and puts what comes back into the configuration.
//
// Seasons finds the periods after which a series repeats itself.
//
// The package also holds the classical models in their textbook form: ETS, Holt-Winters, double-seasonal Holt-Winters,
// TBATS. They are references to compare with, checked to nine digits against R's forecast package. For decisions use
// forecast.Forecaster: a single classical model is a poor forecaster of demand, and its variance a poor interval.
package fit
