// Package file has adapters that are files: a Source of CSV or lines of JSON that something appends to, an Actuator that is a
// small JSON file for something to act upon, a Store of snapshots, and logs with one JSON object on each line, of all decisions
// (Observer) and of all orders and how they were taken (Recorder).
package file
