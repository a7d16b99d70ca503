package datadog

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/secret"
	"github.com/headroom-go/headroom/scaler"
)

// Secret is a text that is not shown: however it is printed, logged or encoded, "[hidden]" stands in its place.
// string(s) is the text.
type Secret = secret.Text

// Keys are what a query is sent with.
type Keys struct {
	API         Secret // the header DD-API-KEY
	Application Secret // the header DD-APPLICATION-KEY
}

// ClientConfig says where an organisation is asked, and how. A zero field means the value in brackets.
type ClientConfig struct {
	// Site is where the organisation lives, such as datadoghq.eu or us3.datadoghq.com [datadoghq.com].
	Site string
	// URL is used in place of https://api.SITE, for a proxy [none].
	URL string
	// Keys is called before each request. It is a function so that keys may be replaced while the program runs; what its error
	// says is passed on as it is.
	Keys func() (Keys, error)
	// Version of the API: 1 (GET /api/v1/query) or 2 (POST /api/v2/query/timeseries) [1].
	Version int
	// Batch is the largest number of queries in one request, 1 to 35 [35].
	Batch int
	// Timeout is how long one request may take, from the first byte sent to the last received [10s].
	Timeout time.Duration
	// Limiter is what each request waits for, beside what Datadog's own answers say of its limit. Programs that share an
	// organisation have to share it out among them [60 at once, then one in 3s: an hour's worth is three quarters of the
	// 1600 that an organisation has unless it was granted more].
	Limiter *rate.Limiter
	// HTTP sends the requests; it follows no redirect [one with http.DefaultTransport].
	HTTP *http.Client
}

// SourceConfig says what to ask for. A zero field means the value in brackets.
type SourceConfig struct {
	// Query must have one series, and a .rollup(METHOD, SECONDS) that is as long as Step on each metric.
	Query string
	// Step is the length of the interval that each sample describes: whole seconds that divide a day.
	Step time.Duration
	// Delay is how long after its end an interval may still change; what is younger is not returned [0s].
	Delay time.Duration
	// Points is the largest number of intervals that one request asks for, 1 to 1500; a longer window takes several [1000].
	Points int
}

const (
	maxPoints = 1500 // Datadog documentation, "Rollup": the most points that a query returns in a series
	day       = 24 * time.Hour

	// maxBatch is as many queries as Datadog's own cluster agent puts into a request (its documentation, "Custom metrics
	// server": external metrics are fetched in chunks of 35).
	maxBatch = 35
	// maxAddress is the length of all queries of one GET request, escaped. Servers refuse addresses of 8 kB or more with 414.
	maxAddress = 7000
)

// sites is the list of the Datadog documentation, "Getting started with Datadog sites".
var sites = []string{
	"datadoghq.com", "datadoghq.eu", "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com", "ap2.datadoghq.com", "ddog-gov.com",
}

var (
	rollups = regexp.MustCompile(`\.rollup\(([^)]*)\)`)
	metrics = regexp.MustCompile(`[A-Za-z0-9_.]\{`) // a metric's name and the beginning of its scope
)

// checker collects faults.
type checker struct{ faults scaler.Faults }

func (c *checker) check(ok bool, field, value, wanted string) {
	if !ok {
		c.faults = append(c.faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
	}
}

// complete returns c with its defaults, and every fault that it has.
func (c ClientConfig) complete() (ClientConfig, scaler.Faults) {
	if c.Site == "" {
		c.Site = sites[0]
	}
	if c.Version == 0 {
		c.Version = 1
	}
	if c.Batch == 0 {
		c.Batch = maxBatch
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Limiter == nil {
		c.Limiter = rate.NewLimiter(rate.Every(3*time.Second), 60)
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{}
	}

	var is checker
	is.check(slices.Contains(sites, c.Site), "site", strconv.Quote(c.Site), "one of "+strings.Join(sites, ", "))
	if c.URL == "" {
		c.URL = "https://api." + c.Site
	} else {
		u, ok := refusal.Address(c.URL)
		is.check(ok && u.RawQuery == "", "url", secret.Hidden, "an address such as https://proxy, without user, password, query and fragment")
	}
	is.check(c.Keys != nil, "keys", "nil", "a function that returns them")
	is.check(c.Version == 1 || c.Version == 2, "version", strconv.Itoa(c.Version), "1 or 2")
	is.check(c.Batch >= 1 && c.Batch <= maxBatch, "batch", strconv.Itoa(c.Batch), fmt.Sprintf("1 to %d", maxBatch))
	is.check(c.Timeout > 0, "timeout", c.Timeout.String(), "more than 0s")
	is.check(c.Limiter.Burst() > 0 || c.Limiter.Limit() == rate.Inf, "limiter", "a burst of 0", "one that lets a request pass")
	return c, is.faults
}

// complete returns c with its defaults, and every fault that it has.
func (c SourceConfig) complete() (SourceConfig, scaler.Faults) {
	if c.Points == 0 {
		c.Points = 1000
	}
	var is checker
	wholeStep := c.Step >= time.Second && c.Step%time.Second == 0 && day%c.Step == 0
	is.check(wholeStep, "step", c.Step.String(), "whole seconds that divide a day")
	is.check(!wholeStep || rolled(c.Query, c.Step), "query", strconv.Quote(c.Query),
		fmt.Sprintf(".rollup(METHOD, %d) on each metric", int(c.Step.Seconds())))
	is.check(single(c.Query), "query", strconv.Quote(c.Query), "one query: brackets and quotes that close, and no comma outside of them")
	is.check(len(url.QueryEscape(c.Query)) <= maxAddress, "query", fmt.Sprintf("%d bytes", len(c.Query)), fmt.Sprintf("at most %d, escaped", maxAddress))
	is.check(c.Delay >= 0, "delay", c.Delay.String(), "0s or more")
	is.check(c.Points >= 1 && c.Points <= maxPoints, "points", strconv.Itoa(c.Points), fmt.Sprintf("1 to %d", maxPoints))
	return c, is.faults
}

// rolled says whether each metric of query has a rollup of step.
func rolled(query string, step time.Duration) bool {
	found := rollups.FindAllStringSubmatch(query, -1)
	for _, f := range found {
		parts := strings.Split(f[1], ",")
		if strings.TrimSpace(parts[len(parts)-1]) != strconv.Itoa(int(step.Seconds())) {
			return false
		}
	}
	return len(found) > 0 && len(found) >= len(metrics.FindAllString(query, -1))
}

// single says whether query is one: a comma that separates two of them would shift the answers of all that follow it in a
// request.
func single(query string) bool {
	depth, quoted := 0, false
	for _, r := range query {
		switch {
		case r == '"' || r == '\'':
			quoted = !quoted
		case quoted:
		case strings.ContainsRune("({[", r):
			depth++
		case strings.ContainsRune(")}]", r):
			if depth--; depth < 0 {
				return false
			}
		case r == ',' && depth == 0:
			return false
		}
	}
	return depth == 0 && !quoted
}
