package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
	"github.com/headroom-go/headroom/adapters/internal/secret"
)

// maxAnswer is the largest answer that is read, in bytes. 100,000 samples take some six million.
const maxAnswer = 16 << 20

const idempotencyHeader = "Idempotency-Key"

// client sends requests to an Endpoint.
type client struct {
	timeout time.Duration
	http    http.Client
	secrets func() Endpoint // a function, because a field could be printed
}

func newClient(e Endpoint) *client {
	c := &client{timeout: e.Timeout, http: *e.Client, secrets: func() Endpoint { return e }}
	// Not followed: it would carry Header to whichever host it names, and where it leads to is usually a page to log in.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// request is what is sent. body is nil where there is none.
type request struct {
	method, url string
	body        []byte
	key         string // Idempotency-Key; "" for none
}

// ask sends a request and has read look at the body of the answer. The error is a *StatusError if the server has answered
// with one; no error has a secret or more of the address than its host.
func (c *client) ask(ctx context.Context, q request, read func(text []byte) error) error {
	e := c.secrets()
	hide := make([]string, 0, 2+len(e.Header)+len(e.Keys))
	hide = append(hide, string(e.Token))
	for _, value := range e.Header {
		hide = append(hide, string(value))
	}
	for _, k := range e.Keys {
		hide = append(hide, string(k.Secret))
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	text, err := c.exchange(limited, q, e, &hide)
	if err == nil {
		if err = read(text); err != nil && secret.Conceal(string(text), hide) != string(text) {
			// A quotation may break off in the middle of a secret.
			return errors.New("answer that cannot be read, and repeats a secret of the request; it is not quoted")
		}
		return err
	}
	if outer := (*url.Error)(nil); errors.As(err, &outer) { // it has the whole address in its text
		host := "the server"
		if u, ok := refusal.Address(q.url); ok {
			host = u.Host
		}
		err = &callError{q.method, host, outer.Err}
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no whole answer within %v: %w", c.timeout, err)
	}
	return secret.ConcealError(err, hide)
}

// exchange sends one request. It adds what it was signed with to hide.
func (c *client) exchange(ctx context.Context, q request, e Endpoint, hide *[]string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	for name, value := range e.Header {
		req.Header.Set(name, string(value))
	}
	if e.Token != "" {
		req.Header.Set("Authorization", "Bearer "+string(e.Token))
	}
	req.Header.Set("Accept", "application/json")
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		req.Header.Set(idempotencyHeader, q.key)
	}
	if len(e.Keys) > 0 {
		Sign(req, q.body, e.Clock(), e.Keys...)
		*hide = append(*hide, req.Header.Get(SignatureHeader))
		req.GetBody = nil // so that net/http does not repeat it: a receiver takes a signature once
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case res.StatusCode/100 != 2: // what its text says of it, if it has come, is worth less than the number
		return nil, statusError(res, text, *hide, e.Clock())
	case err != nil:
		return nil, fmt.Errorf("reading the answer: %w", err)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("answer of more than %d bytes; wanted less", maxAnswer)
	}
	if e.Verify {
		if err := verifyAnswer(req, res, text, e.Keys); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// verifyAnswer says whether an answer is what the holder of a key has said to this request. Its time says nothing that the
// id does not.
func verifyAnswer(req *http.Request, res *http.Response, body []byte, keys []Key) error {
	text := res.Header.Get(SignatureHeader)
	if text == "" {
		return errors.New("answer without a signature; wanted the header " + SignatureHeader)
	}
	got, err := parseSignature(text)
	if err != nil {
		return fmt.Errorf("signature of the answer is %w", err)
	}
	sent, err := parseSignature(req.Header.Get(SignatureHeader))
	if err != nil || got.id != sent.id {
		return errors.New("signature of the answer has the id of another request; wanted that of this one")
	}
	if got.signer(keys, fmt.Sprint(res.StatusCode), body) < 0 {
		return errors.New("signature of the answer was made with none of the keys, or of something else")
	}
	return nil
}

// callError says that no answer has come. It is a net.Error: the same request may be answered a little later.
type callError struct {
	method, host string
	err          error
}

func (e *callError) Error() string { return e.method + " " + e.host + ": " + e.err.Error() }

func (e *callError) Unwrap() error { return e.err }

// Timeout implements net.Error.
func (e *callError) Timeout() bool { return errors.Is(e.err, context.DeadlineExceeded) }

// Temporary implements net.Error.
func (e *callError) Temporary() bool { return true }

// StatusError is the answer of a server that does not answer the question.
type StatusError struct {
	Status     int           // of HTTP
	Message    string        // the server's, at most 300 bytes, without the secrets of the request
	RetryAfter time.Duration // how long the server wants to be left alone, at most 5 minutes; 0 if it does not say
}

func statusError(res *http.Response, text []byte, hide []string, now time.Time) *StatusError {
	out := &StatusError{Status: res.StatusCode, RetryAfter: refusal.RetryAfter(res.Header.Get("Retry-After"), now)}
	if to, err := res.Location(); err == nil && res.StatusCode/100 == 3 {
		out.Message = "it redirects to " + to.Host + "; wanted an address that answers itself"
	} else {
		out.Message = refusal.Clip(secret.Conceal(string(bytes.ToValidUTF8(text, nil)), hide))
	}
	return out
}

// Error implements error.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("HTTP %d", e.Status)
	if name := http.StatusText(e.Status); name != "" {
		text += " " + name
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf("; to be left alone for %v", e.RetryAfter)
	}
	return text
}

// Temporary says whether the same request may be answered a little later: after 408, 425, 429, and what a server says of
// itself, but for that it does not know how (501) or does not speak this version of HTTP (505).
func (e *StatusError) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return e.Status >= 500
}

// Wait returns RetryAfter.
func (e *StatusError) Wait() time.Duration { return e.RetryAfter }
