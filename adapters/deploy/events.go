package deploy

import "github.com/headroom-go/headroom/adapters/calendar"

// Calendars are watched, and what they plan is announced. A zero field means the value in brackets.
type Calendars struct {
	// List are the calendars, each under a name. Where two have the same event, the one that stands first counts.
	List []Calendar `json:"list,omitempty"`
	// Every is how often they are looked at [1m].
	Every Duration `json:"every,omitempty"`
	// Horizon is how far ahead events are announced [168h].
	Horizon Duration `json:"horizon,omitempty"`
	// Lead is how long before its start an event must be known so that the fleet can be ready [3m].
	Lead Duration `json:"lead,omitempty"`
	// Same is the tolerance within which events of the same kind and labels are one event [15s].
	Same Duration `json:"same,omitempty"`
	// Loss is the share of its coming events that a calendar may lose at once and be believed, 0 to 1 [0.5].
	Loss float64 `json:"loss,omitempty"`
	// Hold is how long a calendar that lost more is not believed [6h].
	Hold Duration `json:"hold,omitempty"`
	// Empty believes a calendar that has become empty [what it had stays announced].
	Empty bool `json:"empty,omitempty"`
	// Ahead is for how long a calendar should know what comes [48h].
	Ahead Duration `json:"ahead,omitempty"`
	// Usual is how many times the usual weight of its kind an event may have without being reported [100].
	Usual float64 `json:"usual,omitempty"`
}

// Calendar is one source of events, and exactly one of the places where it is.
type Calendar struct {
	// Name stands in reports, and in the IDs of events that have none.
	Name string `json:"name"`

	// File is the path of a file.
	File string `json:"file,omitempty" kind:""`
	// HTTP is a server that is asked.
	HTTP  *CalendarHTTP `json:"http,omitempty" kind:""`
	Other *Other        `json:"other,omitempty" kind:""`

	// Workloads are the names of those that the events concern [all].
	Workloads []string `json:"workloads,omitempty"`
	// MaxAge is how long it may go unchanged before that is reported [for ever].
	MaxAge Duration `json:"max_age,omitempty"`

	// Format is csv, yaml, json or icalendar [recognised by content].
	Format calendar.Format `json:"format,omitempty"`
	// Location is the zone of times that name none, such as Europe/Berlin [UTC].
	Location string `json:"location,omitempty"`
	// Kind is that of events that name none [event].
	Kind string `json:"kind,omitempty"`
	// Window is the uncertainty of the starts of events that name none [0s].
	Window Duration `json:"window,omitempty"`
	// Duration is that of events that name none [0s].
	Duration Duration `json:"duration,omitempty"`
	// Most is the largest number of events [10000].
	Most int `json:"most,omitempty"`
	// Columns says what the columns of a media plan mean [what their names suggest].
	Columns map[string]string `json:"columns,omitempty"`
	// DateOrder is dmy or mdy [found out].
	DateOrder string `json:"date_order,omitempty"`
	// DayStart is the hour at which the day of a media plan begins, 0 to 8 [0].
	DayStart int `json:"day_start,omitempty"`
}

// CalendarHTTP is a server that has a calendar.
type CalendarHTTP struct {
	// URL is the address, a secret because those who give a calendar away put one into it.
	URL Secret `json:"url"`
	// Header is sent with each request [none].
	Header map[string]Secret `json:"header,omitempty"`
	// Timeout is how long one request may take [10s].
	Timeout Duration `json:"timeout,omitempty"`
}

// Announcements take live announcements by HTTP, signed.
type Announcements struct {
	// Name stands in logs and in the path.
	Name string `json:"name"`
	// Path is where they are taken [/announce/NAME].
	Path string `json:"path,omitempty"`
	// Workloads are the names of those that are told [all].
	Workloads []string `json:"workloads,omitempty"`
	// Keys are the keys one of which must have signed a request, each under a name, 1 to 16.
	Keys []Key `json:"keys,omitempty"`
	// Tolerance is how far the time of a signature may be from the clock, 1s to 1h [5m].
	Tolerance Duration `json:"tolerance,omitempty"`
	// Prefix is what a proxy has cut off the path of the requests that arrive [nothing].
	Prefix string `json:"prefix,omitempty"`
	// Rate is how many requests a second the holder of one key may make on average [10].
	Rate float64 `json:"rate,omitempty"`
	// Burst is how many at once [100].
	Burst int `json:"burst,omitempty"`
	// MaxBytes is the longest body [262144].
	MaxBytes int `json:"max_bytes,omitempty"`
	// MaxEvents is how many events one may have [1000].
	MaxEvents int `json:"max_events,omitempty"`
	// Behind is how long an event may be over [24h].
	Behind Duration `json:"behind,omitempty"`
	// Ahead is how far ahead it may begin [9600h].
	Ahead Duration `json:"ahead,omitempty"`
}
