// Package adaptertest has the conformance suites for adapters: what every Source, Actuator and Store must do, whatever
// system stands behind it.
//
// A suite opens the adapter under test through a function of its caller, which also says how the system behind it is
// filled, how time passes there, and how it breaks. Each check opens a new one. An adapter passes a suite before it meets
// the real system, and passes it again there.
package adaptertest
