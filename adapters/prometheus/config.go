package prometheus

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/secret"
	"github.com/headroom-go/headroom/scaler"
)

// SourceConfig says what to ask a server, and how. A zero field means the value in brackets.
type SourceConfig struct {
	// URL is the address of the server, such as http://prometheus:9090, with the path that stands before /api/v1 if there is
	// one. Credentials have fields of their own.
	URL string
	// Query is the expression (PromQL) whose value at the end of an interval is the sample of that interval. It must have
	// one series; the package's documentation says how to write it.
	Query string
	// Guard is an expression that is without a value whenever Query is not to be believed, such as
	// count(up{job="shop"} == 1) > 0. The intervals for which it has none are left out [Query is always believed].
	Guard string
	// Step is the length of the interval that each sample describes, in whole milliseconds. More than 0. Samples begin at
	// multiples of it since 1970.
	Step time.Duration
	// Delay is how long after the end of an interval its scrapes, or the rule that computes it, may still be on their way;
	// what is younger is not returned. A Runner takes an interval once, and it then remains what it was [0s]. The
	// Delay of the engine should be as long.
	Delay time.Duration
	// Points is the largest number of intervals that one query asks for, 1 to 11000; a longer window takes several [11000,
	// the most that Prometheus answers].
	Points int
	// Timeout is how long one query may take, from the first byte sent to the last received [10s].
	Timeout time.Duration
	// Partial takes the answers of a server that warns, though it may not have looked everywhere, which can make a sum too
	// small [such an answer is an error].
	Partial bool

	// Token is sent as a bearer token [none].
	Token Secret
	// TokenFile is read before each query, because what it holds is replaced from time to time; its content is sent as a
	// bearer token [none].
	TokenFile string
	// User and Password are sent for basic authentication [none].
	User     string
	Password Secret
	// Header is sent with each query, for example X-Scope-OrgID [none].
	Header map[string]Secret

	// Client sends the queries; its Timeout holds, too, and it follows no redirect [one with http.DefaultTransport].
	Client *http.Client
	// Logger is told what a server remarks about a query, of warnings that Partial lets pass, and when the server's
	// clock and this one differ by more than Step [nobody].
	Logger *slog.Logger
}

const (
	maxPoints      = 11000 // web/api/v1 of Prometheus: "exceeded maximum resolution of 11,000 points per timeseries"
	defaultTimeout = 10 * time.Second
)

// complete returns c with its defaults, and every fault that it has.
func (c SourceConfig) complete() (SourceConfig, scaler.Faults) {
	if c.Points == 0 {
		c.Points = maxPoints
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Client == nil {
		c.Client = &http.Client{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}

	var faults scaler.Faults
	check := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	c.checkURL(check)
	check(strings.TrimSpace(c.Query) != "", "query", strconv.Quote(c.Query), "an expression")
	check(c.Step > 0 && c.Step%time.Millisecond == 0, "step", c.Step.String(), "more than 0s, in whole milliseconds")
	check(c.Delay >= 0, "delay", c.Delay.String(), "0s or more")
	check(c.Points >= 1 && c.Points <= maxPoints, "points", strconv.Itoa(c.Points), fmt.Sprintf("1 to %d", maxPoints))
	check(c.Timeout > 0, "timeout", c.Timeout.String(), "more than 0s")
	ways := 0
	for _, has := range []bool{c.Token != "", c.TokenFile != "", c.User != "" || c.Password != ""} {
		if has {
			ways++
		}
	}
	check(ways <= 1, "token, token file, user", fmt.Sprintf("%d of them", ways), "at most one")
	return c, faults
}

// checkURL tells nothing of a wrong address, in which a password may stand anywhere.
func (c *SourceConfig) checkURL(check func(ok bool, field, value, wanted string)) {
	u, ok := refusal.Address(c.URL)
	ok = ok && u.RawQuery == ""
	value := `""`
	if c.URL != "" {
		value = secret.Hidden
	}
	check(ok, "url", value, "an address such as http://prometheus:9090, without user, password, query and fragment")
}
