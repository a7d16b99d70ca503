// Package file has a Source, an Actuator and an Observer that are files: CSV that something appends to, a small JSON file
// that something acts upon, and a log of decisions with one JSON object on each line.
package file
