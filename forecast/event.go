package forecast

import "time"

// Label is one attribute of an announced event, such as {"network", "FXX"} or {"feed", "2.0"}.
type Label struct {
	Key, Value string
}

// Event is something announced that brings demand: a TV spot, a push notification, a sale.
//
// Start is the moment it begins, to the second: rounding it to the sample step costs accuracy. Window is the uncertainty
// of Start, plus or minus. Duration is how long the event itself lasts (14 s for a spot, hours for a sale); the response
// goes on after it. Weight is what the organiser knows of its size, in any unit that is constant within a Kind (spend,
// gross rating points, recipients); 0 means unknown. ID identifies the event for edits and withdrawal; Kind groups events
// whose responses resemble each other. Labels are free.
type Event struct {
	ID, Kind         string
	Start            time.Time
	Window, Duration time.Duration
	Weight           float64
	Labels           []Label
}
