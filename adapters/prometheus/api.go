package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/secret"
)

// maxAnswer is the largest answer that is read, in bytes. One series of 11,000 points takes half a million.
const maxAnswer = 16 << 20

// api sends range queries.
type api struct {
	address string
	timeout time.Duration
	client  http.Client
	secrets func() (credentials, error) // a function, because a field could be printed
}

func newAPI(cfg SourceConfig) *api {
	a := &api{address: strings.TrimRight(cfg.URL, "/") + "/api/v1/query_range", timeout: cfg.Timeout, client: *cfg.Client}
	// Not followed: it would carry Header to whichever host it names, and where it leads to is usually a page to log in.
	a.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.Header = maps.Clone(cfg.Header)
	a.secrets = func() (credentials, error) { return newCredentials(cfg) }
	return a
}

// reply is an answer that has come.
type reply struct {
	answer
	series []series
	date   time.Time // the server's, also beside an error; zero if it does not say
}

// ask sends one query and reads the answer. The error is an *APIError if the server has answered with one.
func (a *api) ask(ctx context.Context, form url.Values) (reply, error) {
	secrets, err := a.secrets()
	if err != nil {
		return reply{}, err
	}
	limited, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	got, err := a.exchange(limited, form, secrets)
	if err == nil {
		return got, nil
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no whole answer within %v: %w", a.timeout, err)
	}
	return got, secret.ConcealError(err, secrets.hide)
}

// exchange sends one query by POST, which takes expressions of any length, or by GET to a server that will not have that.
func (a *api) exchange(ctx context.Context, form url.Values, secrets credentials) (reply, error) {
	got, err := a.send(ctx, http.MethodPost, form, secrets)
	var refused *APIError
	if errors.As(err, &refused) && (refused.Status == http.StatusMethodNotAllowed || refused.Status == http.StatusNotImplemented) {
		return a.send(ctx, http.MethodGet, form, secrets)
	}
	return got, err
}

func (a *api) send(ctx context.Context, method string, form url.Values, secrets credentials) (reply, error) {
	address, body := a.address, io.Reader(strings.NewReader(form.Encode()))
	if method == http.MethodGet {
		address, body = address+"?"+form.Encode(), nil
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return reply{}, err
	}
	for name, value := range secrets.header {
		req.Header.Set(name, value)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header["Idempotency-Key"] = nil // lets net/http repeat it on a fresh connection if an idle one turns out dead; it is not sent
	}
	res, err := a.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	var got reply
	got.date, _ = http.ParseTime(res.Header.Get("Date"))
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case res.StatusCode/100 != 2: // what its text says of it, if it has come, is worth less than the number
		return got, apiError(res, text, secrets.hide)
	case err != nil:
		return got, fmt.Errorf("reading the answer: %w", err)
	case len(text) > maxAnswer:
		return got, fmt.Errorf("answer of more than %d bytes; wanted one series", maxAnswer)
	}
	if err := json.Unmarshal(text, &got.answer); err != nil {
		return got, fmt.Errorf("answer %q: %w", refusal.Clip(secret.Conceal(string(text), secrets.hide)), err)
	}
	got.conceal(secrets.hide)
	if got.Status == "error" {
		return got, &APIError{Status: res.StatusCode, Type: got.ErrorType, Message: got.Error}
	}
	if got.Status != "success" {
		return got, fmt.Errorf("answer with status %q; wanted success", refusal.Clip(secret.Conceal(got.Status, secrets.hide)))
	}
	got.series, err = got.matrix()
	if err != nil && secret.Conceal(string(text), secrets.hide) != string(text) { // a quotation may break off in the middle of a secret
		err = errors.New("answer that is not a matrix, and repeats a secret of the request; it is not quoted")
	}
	return got, err
}

// apiError returns the error that an answer other than 2xx is.
func apiError(res *http.Response, text []byte, secrets []string) *APIError {
	out := &APIError{Status: res.StatusCode, RetryAfter: refusal.RetryAfter(res.Header.Get("Retry-After"), time.Now())}
	var known answer
	if to, err := res.Location(); err == nil && res.StatusCode/100 == 3 {
		out.Message = "it redirects to " + to.Host + "; wanted an address that answers itself"
	} else if json.Unmarshal(text, &known) == nil && known.Status == "error" {
		out.Type, out.Message = known.ErrorType, known.Error
	} else {
		out.Message = string(bytes.ToValidUTF8(text, nil))
	}
	out.Type, out.Message = refusal.Clip(secret.Conceal(out.Type, secrets)), refusal.Clip(secret.Conceal(out.Message, secrets))
	return out
}

// conceal hides secrets in what the server says, and clips it.
func (r *reply) conceal(secrets []string) {
	for _, text := range slices.Concat([]*string{&r.ErrorType, &r.Error}, pointers(r.Warnings), pointers(r.Infos)) {
		*text = refusal.Clip(secret.Conceal(*text, secrets))
	}
}

func pointers(texts []string) []*string {
	out := make([]*string, len(texts))
	for i := range texts {
		out[i] = &texts[i]
	}
	return out
}
