package deploy

import (
	"encoding/json"

	"github.com/headroom-go/headroom/scaler"
)

// Duration is a time.Duration that reads and writes as text such as "90s".
type Duration = scaler.Duration

// Config is what a document says for one cluster: the document itself, with the part of the cluster laid upon it, and the
// defaults of workloads in each workload. It is plain data. A zero field means the value in brackets.
type Config struct {
	// Version is that of the form of the document: 1.
	Version int `json:"version"`
	// Tags are put on all metrics, besides cluster and workload, which have the names of these [none].
	Tags map[string]string `json:"tags,omitempty"`

	// Datadog are the organisations that inputs ask, each under a name [none].
	Datadog []Datadog `json:"datadog,omitempty"`
	// Limits are rate limits that inputs and actuators share, each under a name [none].
	Limits []Limit `json:"limits,omitempty"`

	// Defaults are what workloads have that say nothing else [nothing].
	Defaults Settings `json:"defaults,omitzero"`
	// Workloads are what is scaled: one at least, each under a name.
	Workloads []Workload `json:"workloads,omitempty"`

	// Calendars announce what is planned [nothing is].
	Calendars Calendars `json:"calendars,omitzero"`
	// Announcements take live announcements by HTTP, each under a name [nobody is listened to].
	Announcements []Announcements `json:"announcements,omitempty"`
	// Metrics shows all decisions to Prometheus [nobody is shown any].
	Metrics *Metrics `json:"metrics,omitempty"`

	// Workers is how many workloads may be looked after at the same time [half of them, at least 32].
	Workers int `json:"workers,omitempty"`
	// Spread is the part of the interval over which decisions are spread, 0 to 1 [0].
	Spread float64 `json:"spread,omitempty"`
}

// Limit is how often a system is asked.
type Limit struct {
	// Name is what limit of an input and act_limit of a workload refer to.
	Name string `json:"name"`
	// Rate is how many calls there are in a second on average, more than 0.
	Rate float64 `json:"rate"`
	// Burst is how many there may be at once [1].
	Burst int `json:"burst,omitempty"`
}

// Datadog is an organisation of Datadog. All inputs that ask it share requests.
type Datadog struct {
	// Name is what org of an input refers to.
	Name string `json:"name"`
	// Site is where the organisation lives, such as datadoghq.eu [datadoghq.com].
	Site string `json:"site,omitempty"`
	// URL is used in place of https://api.SITE, for a proxy [none].
	URL string `json:"url,omitempty"`
	// APIKey and ApplicationKey are sent with each query.
	APIKey         Secret `json:"api_key,omitzero"`
	ApplicationKey Secret `json:"application_key,omitzero"`
	// Version of the API: 1 or 2 [1].
	Version int `json:"version,omitempty"`
	// Batch is the largest number of queries in one request, 1 to 35 [35].
	Batch int `json:"batch,omitempty"`
	// Timeout is how long one request may take [10s].
	Timeout Duration `json:"timeout,omitempty"`
	// Limit is the name of the limit that each request waits for, whichever workload it is for [60 at once, then one in 3s].
	Limit string `json:"limit,omitempty"`
}

// Metrics is a page for Prometheus with the decisions for all workloads.
type Metrics struct {
	// Path is where the page is [/metrics].
	Path string `json:"path,omitempty"`
}

// Other is what the program that loads the document makes itself, from a constructor that it gives to Build.
type Other struct {
	// Type is the name of the constructor.
	Type string `json:"type"`
	// Settings are what the constructor is told.
	Settings json.RawMessage `json:"settings,omitempty"`
	// Secrets are texts that it is told besides [none].
	Secrets map[string]Secret `json:"secrets,omitempty"`
}
