// Package bench measures what the engine costs. Run it with
//
//	go test ./bench -bench . -benchmem
//
// and compare two versions with benchstat over several counts: one run on a busy machine says little.
package bench
