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

	"github.com/headroom-go/headroom/scaler"
)

// Keys are what a query is sent with.
type Keys struct {
	API         string // the header DD-API-KEY
	Application string // the header DD-APPLICATION-KEY
}

// SourceConfig says what to ask, and where. A zero field means the value in brackets.
type SourceConfig struct {
	// Site is where the organisation lives, such as datadoghq.eu or us3.datadoghq.com [datadoghq.com].
	Site string
	// URL is used in place of https://api.SITE, for a proxy [none].
	URL string
	// Keys is called before each query. It is a function so that no print of a SourceConfig shows a key, and so that keys may
	// be replaced; what its error says is passed on as it is.
	Keys func() (Keys, error)
	// Query must have one series, and a .rollup(METHOD, SECONDS) that is as long as Step on each metric.
	Query string
	// Step is the length of the interval that each sample describes: whole seconds that divide a day.
	Step time.Duration
	// Delay is how long after its end an interval may still change; what is younger is not returned [0s].
	Delay time.Duration
	// Version of the API: 1 (GET /api/v1/query) or 2 (POST /api/v2/query/timeseries) [1].
	Version int
	// Points is the largest number of intervals that one query asks for, 1 to 1500; a longer window takes several [1000].
	Points int
	// Timeout is how long one query may take, from the first byte sent to the last received [10s].
	Timeout time.Duration
	// Client sends the queries; it follows no redirect [one with http.DefaultTransport].
	Client *http.Client
}

const (
	maxPoints = 1500 // Datadog documentation, "Rollup": the most points that a query returns in a series
	day       = 24 * time.Hour
)

// sites is the list of the Datadog documentation, "Getting started with Datadog sites".
var sites = []string{
	"datadoghq.com", "datadoghq.eu", "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com", "ap2.datadoghq.com", "ddog-gov.com",
}

var (
	rollups = regexp.MustCompile(`\.rollup\(([^)]*)\)`)
	metrics = regexp.MustCompile(`[A-Za-z0-9_.]\{`) // a metric's name and the beginning of its scope
)

// complete returns c with its defaults, and every fault that it has.
func (c SourceConfig) complete() (SourceConfig, scaler.Faults) {
	if c.Site == "" {
		c.Site = sites[0]
	}
	if c.Version == 0 {
		c.Version = 1
	}
	if c.Points == 0 {
		c.Points = 1000
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Client == nil {
		c.Client = &http.Client{}
	}

	var faults scaler.Faults
	check := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	check(slices.Contains(sites, c.Site), "site", strconv.Quote(c.Site), "one of "+strings.Join(sites, ", "))
	if c.URL == "" {
		c.URL = "https://api." + c.Site
	} else { // a wrong address is not shown: a password may stand anywhere in it
		u, err := url.Parse(c.URL)
		ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
		check(ok, "url", hidden, "an address such as https://proxy, without user, password, query and fragment")
	}
	check(c.Keys != nil, "keys", "nil", "a function that returns them")
	wholeStep := c.Step >= time.Second && c.Step%time.Second == 0 && day%c.Step == 0
	check(wholeStep, "step", c.Step.String(), "whole seconds that divide a day")
	check(!wholeStep || rolled(c.Query, c.Step), "query", strconv.Quote(c.Query),
		fmt.Sprintf(".rollup(METHOD, %d) on each metric", int(c.Step.Seconds())))
	check(c.Delay >= 0, "delay", c.Delay.String(), "0s or more")
	check(c.Version == 1 || c.Version == 2, "version", strconv.Itoa(c.Version), "1 or 2")
	check(c.Points >= 1 && c.Points <= maxPoints, "points", strconv.Itoa(c.Points), fmt.Sprintf("1 to %d", maxPoints))
	check(c.Timeout > 0, "timeout", c.Timeout.String(), "more than 0s")
	return c, faults
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
