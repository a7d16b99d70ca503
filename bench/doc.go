// Package bench measures what the engine costs. Run it with
//
//	go test ./bench -bench . -benchmem
//
// for its time and memory, and
//
//	go run ./bench/accuracy -traces DIR
//
// for the accuracy of its forecasts (see there). To judge a change of time, compare two versions with benchstat over
// several counts: one run on a busy machine says little.
package bench
