// Package memory has a Source, an Actuator and an Observer that live in the memory of the program: for a controller that
// has its samples at hand, for examples, and for tests.
package memory
