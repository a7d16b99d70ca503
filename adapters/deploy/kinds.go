package deploy

// DatadogInput is a query to Datadog.
type DatadogInput struct {
	// Org is the name of the organisation in datadog [the only one].
	Org string `json:"org,omitempty"`
	// Query must have one series, and a .rollup(METHOD, SECONDS) as long as the engine's step on each metric.
	Query string `json:"query"`
	// Points is the largest number of intervals that one request asks for, 1 to 1500 [1000].
	Points int `json:"points,omitempty"`
}

// DatadogObserver sends to a Datadog agent. Its tags are service, which is the workload, cluster, and those of the document.
type DatadogObserver struct{}

// PrometheusInput is an expression for a Prometheus server.
type PrometheusInput struct {
	// URL is the address of the server, such as http://prometheus:9090, without credentials.
	URL string `json:"url"`
	// Query is the expression (PromQL) whose value at the end of an interval is its sample: one series.
	Query string `json:"query"`
	// Guard is an expression that is without a value whenever query is not to be believed [query is always believed].
	Guard string `json:"guard,omitempty"`
	// Points is the largest number of intervals that one query asks for, 1 to 11000 [11000].
	Points int `json:"points,omitempty"`
	// QueryTimeout is how long one query may take [10s].
	QueryTimeout Duration `json:"query_timeout,omitempty"`
	// Partial takes the answers of a server that warns [such an answer is an error].
	Partial bool `json:"partial,omitempty"`
	// Token is sent as a bearer token [none].
	Token Secret `json:"token,omitzero"`
	// TokenFile is read before each query, and sent as a bearer token [none].
	TokenFile string `json:"token_file,omitempty"`
	// User and Password are sent for basic authentication [none].
	User     string `json:"user,omitempty"`
	Password Secret `json:"password,omitzero"`
	// Header is sent with each query [none].
	Header map[string]Secret `json:"header,omitempty"`
}

// Endpoint is an HTTP server.
type Endpoint struct {
	// URL is the address, without user, password and fragment.
	URL string `json:"url"`
	// Token is sent as a bearer token [none].
	Token Secret `json:"token,omitzero"`
	// Header is sent with each request [none].
	Header map[string]Secret `json:"header,omitempty"`
	// Keys sign each request, each under a name, at most 4 [requests are not signed].
	Keys []Key `json:"keys,omitempty"`
	// Verify refuses answers that are not signed with one of keys [any answer is believed].
	Verify bool `json:"verify,omitempty"`
	// Timeout is how long one request may take [10s].
	Timeout Duration `json:"timeout,omitempty"`
}

// Key is a secret that both sides know.
type Key struct {
	// Name says in errors, answers and logs which one it is.
	Name string `json:"name"`
	// Secret has 16 bytes or more.
	Secret Secret `json:"secret"`
}

// WebhookInput is a server that is asked for samples.
type WebhookInput struct {
	Endpoint Endpoint `json:"endpoint"`
	// Method is GET or POST [GET].
	Method string `json:"method,omitempty"`
	// Points is the largest number of intervals that one request asks for [10000].
	Points int `json:"points,omitempty"`
}

// CurrentInput is a server that is asked for one number.
type CurrentInput struct {
	Endpoint Endpoint `json:"endpoint"`
	// Value is the place of the number in the answer, such as queues.0.length [value].
	Value string `json:"value,omitempty"`
	// Time is the place of the time at which it was true [none: it is true when it is asked for].
	Time string `json:"time,omitempty"`
	// Keep is how long samples are kept [24h].
	Keep Duration `json:"keep,omitempty"`
}

// FileInput is a file of samples that may be growing: CSV or lines of JSON, gzip too.
type FileInput struct {
	// Path is that of the file.
	Path string `json:"path"`
}

// WebhookActuator is a server that is told of decisions.
type WebhookActuator struct {
	Endpoint Endpoint `json:"endpoint"`
	// FleetURL is asked for the fleet [the endpoint's url].
	FleetURL string `json:"fleet_url,omitempty"`
}

// FileActuator are the files between the engine and whatever acts.
type FileActuator struct {
	// Path is the file that is written for each change.
	Path string `json:"path"`
	// FleetPath is the file in which the other side says what the fleet is [what was ordered is there].
	FleetPath string `json:"fleet_path,omitempty"`
	// Start is the fleet before the first change, where there is no fleet_path [0].
	Start int `json:"start,omitempty"`
}

// MemoryActuator is a fleet in memory, which boots as long as the engine thinks.
type MemoryActuator struct {
	// Start is the number of ready replicas at first [0].
	Start int `json:"start,omitempty"`
}

// Recommendations are handed out by HTTP.
type Recommendations struct {
	// Path is where the number is; with /decision behind it the decision and its reasons are [/recommendations/NAME of the workload].
	Path string `json:"path,omitempty"`
	// MaxAge is how long ago the newest decision may have been made [5m].
	MaxAge Duration `json:"max_age,omitempty"`
	// Tokens are the bearer tokens one of which must be sent [anybody may ask].
	Tokens []Secret `json:"tokens,omitempty"`
}
