package webhook

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/secret"
	"github.com/headroom-go/headroom/scaler"
)

// Secret is a text that is not shown: however it is printed, logged or encoded, "[hidden]" stands in its place.
// string(s) is the text.
type Secret = secret.Text

// Endpoint says how to speak to a server. A zero field means the value in brackets.
type Endpoint struct {
	// URL is the address, which may have a query, without user, password and fragment. What is secret belongs into Token or
	// Header: no error names more of a URL than its host, but a print of an Endpoint does.
	URL string
	// Token is sent as a bearer token [none].
	Token Secret
	// Header is sent with each request, for example X-Api-Key [none].
	Header map[string]Secret
	// Keys sign each request, all of them, so that a new one can take the place of an old one while the server knows
	// either; at most 4 [requests are not signed].
	Keys []Key
	// Verify refuses an answer that is not signed with one of Keys, or is the answer to another request [any answer is
	// believed]. It needs Keys.
	Verify bool
	// Timeout is how long one request may take, from the first byte sent to the last received [10s].
	Timeout time.Duration
	// Client sends the requests; its Timeout holds, too, and it follows no redirect [one with http.DefaultTransport].
	Client *http.Client
	// Clock tells the time for signatures [time.Now].
	Clock func() time.Time
}

const defaultTimeout = 10 * time.Second

// faultList collects what is wrong with a configuration.
type faultList struct{ scaler.Faults }

func (f *faultList) check(ok bool, field, value, wanted string) {
	if !ok {
		f.Faults = append(f.Faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
	}
}

// complete returns e with its defaults; faults takes what is wrong with it.
func (e Endpoint) complete(faults *faultList) Endpoint {
	e.Timeout = cmp.Or(e.Timeout, defaultTimeout)
	if e.Client == nil {
		e.Client = &http.Client{}
	}
	if e.Clock == nil {
		e.Clock = time.Now
	}
	e.Header = maps.Clone(e.Header)
	checkAddress(faults, "endpoint.url", e.URL)
	_, taken := e.Header["Authorization"]
	faults.check(e.Token == "" || !taken, "endpoint.token, endpoint.header.Authorization", "both", "at most one")
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		ok := http.CanonicalHeaderKey(name) == name && name != "Host" && name != SignatureHeader && name != idempotencyHeader
		faults.check(ok, "endpoint.header", strconv.Quote(name), "the name of a header in its usual form, such as X-Api-Key, that is not sent anyway")
		faults.check(printable(string(e.Header[name])), "endpoint.header."+name, secret.Hidden, "printable ASCII")
	}
	faults.check(printable(string(e.Token)), "endpoint.token", secret.Hidden, "printable ASCII")
	e.Keys = checkKeys(faults, "endpoint.keys", e.Keys, maxSignatures)
	faults.check(!e.Verify || len(e.Keys) > 0, "endpoint.verify", "true", "false, since there are no keys")
	faults.check(e.Timeout > 0, "endpoint.timeout", e.Timeout.String(), "0s (10s) or more")
	return e
}

// checkAddress tells nothing of a wrong address, in which a password may stand anywhere.
func checkAddress(faults *faultList, field, address string) {
	value := `""`
	if address != "" {
		value = secret.Hidden
	}
	_, ok := refusal.Address(address)
	faults.check(ok, field, value, "an address such as https://shop/headroom, without user, password and fragment")
}

// printable says whether s may be the value of a header.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Key is a secret that both sides know. Its Name says in errors, answers and logs which one it is.
type Key struct {
	Name   string
	Secret Secret // 16 bytes or more, for example what `openssl rand -hex 32` prints
}

const (
	minSecret     = 16 // bytes; RFC 2104, section 3, recommends as many as the hash has, 32
	maxSignatures = 4  // in one header
	maxKeys       = 16 // of a receiver
)

// checkKeys returns a copy of keys.
func checkKeys(faults *faultList, field string, keys []Key, most int) []Key {
	faults.check(len(keys) <= most, field, fmt.Sprintf("a list of %d", len(keys)), fmt.Sprintf("at most %d", most))
	names := make(map[string]bool)
	for i, k := range keys {
		at := fmt.Sprintf("%s[%d]", field, i)
		faults.check(k.Name != "" && !names[k.Name], at+".name", strconv.Quote(k.Name), "a name of its own")
		faults.check(len(k.Secret) >= minSecret, at+".secret", fmt.Sprintf("%d bytes long", len(k.Secret)), fmt.Sprintf("%d or more", minSecret))
		names[k.Name] = true
	}
	return append([]Key(nil), keys...)
}
