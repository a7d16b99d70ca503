// Package webhook speaks JSON with whatever has an HTTP server: it asks for demand, tells of decisions, hands out
// recommendations and takes live announcements of events.
//
//	Source           asks for the samples of a window
//	Current          asks for one number that is true now, as KEDA's metrics-api scaler does
//	Actuator         sends decisions and asks for the fleet
//
// Errors of requests are *StatusError where a server has answered with one. 408, 425, 429 and 5xx may pass, and a Runner tries
// them again (adapters.Retry), with backoff or after Retry-After; everything else is for ever. No error, log or print
// has a Secret in it.
//
// # Signatures
//
// Requests and answers are signed with HMAC-SHA-256 over time, a number used once, what is asked, and the body:
// SignatureHeader has the form. A Verifier is the other side of it in Go.
package webhook
