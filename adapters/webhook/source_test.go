package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/forecast"
)

// shop is a server with samples: the other side of a Source, as its documentation has it. It believes only what is signed.
type shop struct {
	verifier *webhook.Verifier
	samples  []forecast.Sample
	broken   bool
}

func newShop(t testing.TB) *shop {
	v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: keys[1:]})
	require.NoError(t, err)
	return &shop{verifier: v}
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if _, err := s.verifier.Verify(r, body); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if s.broken {
		http.Error(w, "the database is away", http.StatusServiceUnavailable)
		return
	}
	var asked struct{ From, To time.Time }
	if r.Method == http.MethodPost {
		_ = json.Unmarshal(body, &asked)
	} else {
		asked.From, _ = time.Parse(time.RFC3339Nano, r.URL.Query().Get("from"))
		asked.To, _ = time.Parse(time.RFC3339Nano, r.URL.Query().Get("to"))
	}
	slices.SortFunc(s.samples, func(a, b forecast.Sample) int { return a.Time.Compare(b.Time) })
	var list []string
	for _, x := range s.samples {
		if x.Time.Before(asked.From) || !x.Time.Before(asked.To) {
			continue
		}
		value := "null"
		if !math.IsNaN(x.Value) {
			value = fmt.Sprint(x.Value)
		}
		list = append(list, fmt.Sprintf(`{"time":%q,"value":%s}`, x.Time.Format(time.RFC3339Nano), value))
	}
	answer := []byte(`{"samples":[` + strings.Join(list, ",") + `]}`)
	webhook.SignAnswer(w.Header(), r, http.StatusOK, answer, time.Now(), keys[1])
	_, _ = w.Write(answer)
}

func TestSourceConforms(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			adaptertest.RunSource(t, func(t *testing.T) adaptertest.SourceHarness {
				back := newShop(t)
				s := newServer(t, back.ServeHTTP)
				e := s.endpoint()
				e.Verify = true
				source, err := webhook.NewSource(webhook.SourceConfig{Endpoint: e, Method: method, Step: time.Minute, Points: 5000})
				require.NoError(t, err)
				return adaptertest.SourceHarness{
					Source: source, Step: time.Minute,
					Append: func(samples ...forecast.Sample) { back.samples = append(back.samples, samples...) },
					Gap: func(at time.Time) {
						back.samples = append(back.samples, forecast.Sample{Time: at, Value: math.NaN()})
					},
					Break: func() { back.broken = true },
				}
			})
		})
	}
}

func newSource(t testing.TB, s *server, change func(c *webhook.SourceConfig)) *webhook.Source {
	cfg := webhook.SourceConfig{Endpoint: s.endpoint(), Step: time.Minute}
	if change != nil {
		change(&cfg)
	}
	source, err := webhook.NewSource(cfg)
	require.NoError(t, err)
	return source
}

func TestSourceAsks(t *testing.T) {
	s := newServer(t, says(200, `{"samples":[]}`))
	berlin := time.FixedZone("", 3600)
	_, err := newSource(t, s, nil).Read(t.Context(), nil, minute(0).In(berlin), minute(3))
	require.NoError(t, err)
	r := s.asked[0]
	require.Equal(t, "GET /hook?from=2024-03-04T20%3A00%3A00Z&shop=1&to=2024-03-04T20%3A03%3A00Z", r.Method+" "+r.RequestURI)
	require.Equal(t, "Bearer "+token, r.Header.Get("Authorization"))
	require.Equal(t, apiKey, r.Header.Get("X-Api-Key"))

	_, err = newSource(t, s, func(c *webhook.SourceConfig) { c.Method, c.Delay = http.MethodPost, 30*time.Second }).Read(t.Context(), nil, minute(0), minute(3))
	require.NoError(t, err)
	require.Equal(t, "POST /hook?shop=1", s.asked[1].Method+" "+s.asked[1].RequestURI)
	require.Equal(t, `{"from":"2024-03-04T20:00:00Z","to":"2024-03-04T20:02:30Z"}`, s.bodies[1])
	require.Equal(t, "application/json", s.asked[1].Header.Get("Content-Type"))
}

func TestSourceReadsAnswers(t *testing.T) {
	cases := map[string]struct {
		text string
		want []float64 // from minute 0 on; NaN for a gap, negative for nothing
	}{
		"none":                       {`{"samples":[]}`, nil},
		"texts and numbers":          {`{"samples":[{"time":"2024-03-04T21:00:00+01:00","value":1},{"time":1709582460,"value":2.5e1}]}`, []float64{1, 25}},
		"a gap":                      {`{"samples":[{"time":1709582400,"value":null}]}`, []float64{math.NaN()}},
		"zero":                       {`{"samples":[{"time":1709582400,"value":0}]}`, []float64{0}},
		"other members":              {`{"unit":"1/s","samples":[{"time":1709582400,"value":3,"host":"a"}],"next":null}`, []float64{3}},
		"what was not asked for":     {`{"samples":[{"time":1709582340,"value":9},{"time":1709582400,"value":4},{"time":1709582700,"value":9}]}`, []float64{4}},
		"an interval not over":       {`{"samples":[{"time":1709582400,"value":4},{"time":1709582641,"value":9}]}`, []float64{4}},
		"a server that ends a line":  {"{\"samples\":[{\"time\":1709582400,\"value\":3}]}\n\n", []float64{3}},
		"a negative number, as said": {`{"samples":[{"time":1709582400,"value":-3}]}`, []float64{-3}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := newSource(t, newServer(t, says(200, c.text)), nil).Read(t.Context(), nil, minute(0), minute(5))
			require.NoError(t, err)
			require.Len(t, got, len(c.want))
			for i, v := range c.want {
				require.Equal(t, minute(i), got[i].Time)
				require.True(t, got[i].Value == v || math.IsNaN(v) && math.IsNaN(got[i].Value), "%v", got)
			}
		})
	}
}

// faults are ways in which a server does not answer, for everything that asks: with the beginning of what is said of it, and
// whether it may pass.
func faults() map[string]struct {
	answer http.HandlerFunc
	want   string
	passes bool
} {
	long := strings.Repeat("y", 280)
	return map[string]struct {
		answer http.HandlerFunc
		want   string
		passes bool
	}{
		"400":                    {says(400, "from is late"), "HTTP 400 Bad Request: from is late", false},
		"401":                    {says(401, "not {token}"), "HTTP 401 Unauthorized: not [hidden]", false},
		"403":                    {says(403, long+"{key}"), "HTTP 403 Forbidden: " + long + "[hidden]", false},
		"404":                    {says(404, ""), "HTTP 404 Not Found", false},
		"408":                    {says(408, ""), "HTTP 408 Request Timeout", true},
		"409":                    {says(409, "{signature} again"), "HTTP 409 Conflict: [hidden] again", false},
		"422":                    {says(422, "\xff\n\n  no  such shop"), "HTTP 422 Unprocessable Entity: no such shop", false},
		"425":                    {says(425, ""), "HTTP 425 Too Early", true},
		"429":                    {says(429, "slow down"), "HTTP 429 Too Many Requests: slow down", true},
		"429 and when":           {says(429, "slow down", "Retry-After", "7"), "HTTP 429 Too Many Requests: slow down; to be left alone for 7s", true},
		"429 and next year":      {says(429, "", "Retry-After", "31536000"), "HTTP 429 Too Many Requests; to be left alone for 5m0s", true},
		"429 and nonsense":       {says(429, "", "Retry-After", "soon"), "HTTP 429 Too Many Requests", true},
		"500":                    {says(500, "panic"), "HTTP 500 Internal Server Error: panic", true},
		"501":                    {says(501, ""), "HTTP 501 Not Implemented", false},
		"503":                    {says(503, ""), "HTTP 503 Service Unavailable", true},
		"599":                    {says(599, ""), "HTTP 599", true},
		"a redirect":             {says(302, "", "Location", "https://login.example/?next={token}"), "HTTP 302 Found: it redirects to login.example; wanted an address that answers itself", false},
		"a hasty goodbye":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF", true},
		"a text that breaks off": {breaksOff(`{"samples":[`), "reading the answer: unexpected EOF", true},
		"an error that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, "half")
		}, "HTTP 500 Internal Server Error: half", true},
	}
}

// temporary is what a Runner asks an error.
func temporary(err error) bool {
	type network interface {
		Timeout() bool
		Temporary() bool
	}
	var says interface{ Temporary() bool }
	var net network
	return errors.As(err, &net) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &says) && says.Temporary()
}

func TestSourceFaults(t *testing.T) {
	for name, c := range faults() {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, c.answer)
			got, err := newSource(t, s, nil).Read(t.Context(), nil, minute(0), minute(5))
			require.Empty(t, got)
			require.ErrorContains(t, err, "webhook source: ")
			require.ErrorContains(t, err, c.want)
			requireDiscreet(t, err.Error())
			require.Equal(t, c.passes, temporary(err), "%v", err)
			require.Equal(t, 1, s.count(), "a Source repeats nothing")
		})
	}
	t.Run("refused", func(t *testing.T) {
		s := newServer(t, hangs)
		source := newSource(t, s, nil)
		s.Close()
		_, err := source.Read(t.Context(), nil, minute(0), minute(5))
		require.ErrorContains(t, err, "webhook source: GET 127.0.0.1:")
		require.ErrorContains(t, err, "connection refused")
		require.NotContains(t, err.Error(), "hook?", "no more of the address than its host")
		require.True(t, temporary(err))
	})
	for name, answer := range map[string]http.HandlerFunc{"no answer": hangs, "a slow text": hangsAfter(`{"samples":[`)} {
		t.Run(name, func(t *testing.T) {
			source := newSource(t, newServer(t, answer), func(c *webhook.SourceConfig) { c.Endpoint.Timeout = 30 * time.Millisecond })
			_, err := source.Read(t.Context(), nil, minute(0), minute(5))
			require.ErrorContains(t, err, "no whole answer within 30ms: ")
			require.NotContains(t, err.Error(), "hook?")
			require.True(t, temporary(err))
		})
	}
}

func TestSourceRefusesAnswers(t *testing.T) {
	long := strings.Repeat("z", 295)
	cases := map[string]struct{ text, want string }{
		"nothing":                 {``, `answer of 0 bytes, "", breaks off: unexpected EOF`},
		"half":                    {`{"samples":[{"time":17`, `answer of 22 bytes, "{\"samples\":[{\"time\":17", breaks off: unexpected EOF`},
		"a page to log in":        {"<html>Welcome", `answer "<html>Welcome": invalid character '<'`},
		"a page with a secret":    {"<html>Welcome {token}", "answer that cannot be read, and repeats a secret of the request; it is not quoted"},
		"a secret cut off":        {long + "{key}", "it is not quoted"},
		"two answers":             {`{"samples":[]}{"samples":[]}`, "invalid character '{' after top-level value"},
		"a list":                  {`[]`, "cannot unmarshal array"},
		"null":                    {`null`, `answer "null" has no samples`},
		"no samples":              {`{"error":"the database is away"}`, `answer "{\"error\":\"the database is away\"}" has no samples; wanted {"samples":[...]}, with an empty list where nothing was measured`},
		"samples that are null":   {`{"samples":null}`, "has no samples"},
		"no time":                 {`{"samples":[{"value":1}]}`, "samples[0].time is missing; wanted RFC 3339"},
		"a time that is null":     {`{"samples":[{"time":null,"value":1}]}`, "samples[0].time is null; wanted RFC 3339"},
		"milliseconds":            {`{"samples":[{"time":1709582400000,"value":1}]}`, "samples[0].time is 1709582400000; wanted RFC 3339"},
		"no value is no gap":      {`{"samples":[{"time":1709582400,"vlaue":1}]}`, "samples[0].value is missing; wanted a number, or null for a gap"},
		"text for a value":        {`{"samples":[{"time":1709582400,"value":"12"}]}`, `samples[0].value is "12"; wanted a number, or null for a gap`},
		"NaN":                     {`{"samples":[{"time":1709582400,"value":NaN}]}`, "invalid character 'N'"},
		"a number beyond numbers": {`{"samples":[{"time":1709582400,"value":1e999}]}`, "samples[0].value is 1e999; wanted a number"},
		"a time that comes twice": {`{"samples":[{"time":1709582400,"value":1},{"time":"2024-03-04T20:00:00Z","value":2}]}`, `samples[1].time is "2024-03-04T20:00:00Z"; wanted a time after that of the one before, 1709582400`},
		"times backwards":         {`{"samples":[{"time":1709582460,"value":1},{"time":1709582400,"value":2}]}`, "samples[1].time is 1709582400; wanted a time after"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := newSource(t, newServer(t, says(200, c.text)), nil).Read(t.Context(), nil, minute(0), minute(5))
			require.Empty(t, got)
			require.ErrorContains(t, err, c.want)
			requireDiscreet(t, err.Error())
		})
	}
	t.Run("too long", func(t *testing.T) {
		blanks := strings.Repeat(" ", 1<<20)
		s := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			for range 17 {
				fmt.Fprint(w, blanks)
			}
		})
		_, err := newSource(t, s, nil).Read(t.Context(), nil, minute(0), minute(5))
		require.ErrorContains(t, err, "answer of more than 16777216 bytes")
	})
}

func TestSourceBelievesSignedAnswersOnly(t *testing.T) {
	const text = `{"samples":[]}`
	sign := func(status int, body string, key webhook.Key) func(h http.Header, r *http.Request) {
		return func(h http.Header, r *http.Request) {
			webhook.SignAnswer(h, r, status, []byte(body), time.Now(), key)
		}
	}
	var earlier string
	cases := map[string]struct {
		sign func(h http.Header, r *http.Request)
		want string
	}{
		"signed":              {sign(200, text, keys[1]), ""},
		"with the newer key":  {sign(200, text, keys[0]), ""},
		"by a clock far away": {func(h http.Header, r *http.Request) { webhook.SignAnswer(h, r, 200, []byte(text), minute(0), keys[0]) }, ""},
		"not signed":          {func(http.Header, *http.Request) {}, "answer without a signature; wanted the header Headroom-Signature"},
		"nonsense":            {func(h http.Header, _ *http.Request) { h.Set(webhook.SignatureHeader, "v1=1") }, "signature of the answer is not understood from part 1 on"},
		"another text":        {sign(200, `{"samples": []}`, keys[1]), "made with none of the keys, or of something else"},
		"another status":      {sign(201, text, keys[1]), "made with none of the keys, or of something else"},
		"another key":         {sign(200, text, webhook.Key{Name: "x", Secret: otherKey}), "made with none of the keys, or of something else"},
		"an earlier answer":   {func(h http.Header, _ *http.Request) { h.Set(webhook.SignatureHeader, earlier) }, "has the id of another request"},
		"what was sent": {func(h http.Header, r *http.Request) {
			h.Set(webhook.SignatureHeader, r.Header.Get(webhook.SignatureHeader))
		}, "made with none of the keys, or of something else"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, nil)
			answer := func(sign func(h http.Header, r *http.Request)) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					sign(w.Header(), r)
					earlier = w.Header().Get(webhook.SignatureHeader)
					fmt.Fprint(w, text)
				}
			}
			source := newSource(t, s, func(c *webhook.SourceConfig) { c.Endpoint.Verify = true })
			s.become(answer(sign(200, text, keys[0])))
			_, err := source.Read(t.Context(), nil, minute(0), minute(5))
			require.NoError(t, err)
			s.become(answer(c.sign))
			_, err = source.Read(t.Context(), nil, minute(0), minute(5))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			requireDiscreet(t, err.Error())
		})
	}
}

func TestSourceAsksInPages(t *testing.T) {
	back := newShop(t)
	for i := range 10 {
		back.samples = append(back.samples, forecast.Sample{Time: minute(i), Value: float64(i)})
	}
	s := newServer(t, back.ServeHTTP)
	source := newSource(t, s, func(c *webhook.SourceConfig) { c.Points = 3 })
	got, err := source.Read(t.Context(), nil, minute(0).Add(-time.Second), minute(10))
	require.NoError(t, err)
	require.Equal(t, back.samples, got)
	require.Equal(t, 4, s.count())

	s.become(func(w http.ResponseWriter, r *http.Request) {
		if s.count() == 6 { // the second page
			says(500, "")(w, r)
			return
		}
		back.ServeHTTP(w, r)
	})
	got, err = source.Read(t.Context(), nil, minute(0), minute(10))
	require.Error(t, err)
	require.Empty(t, got, "half a window is none")
}

func TestSourceIsSilentAsLongAsItIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked == 1 {
				says(429, "", "Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))(w, r)
				return
			}
			says(200, `{"samples":[]}`)(w, r)
		})
		source, err := webhook.NewSource(webhook.SourceConfig{Step: time.Minute, Endpoint: webhook.Endpoint{URL: "http://shop", Client: &http.Client{Transport: direct{handler}}}})
		require.NoError(t, err)
		read := func() error {
			_, err := source.Read(t.Context(), nil, minute(0), minute(1))
			return err
		}
		first := read()
		var answer *webhook.StatusError
		require.ErrorAs(t, first, &answer)
		require.Equal(t, 90*time.Second, answer.Wait())
		time.Sleep(89 * time.Second)
		err = read()
		require.ErrorContains(t, err, "not asked, 1s too early, since the last answer was HTTP 429")
		require.ErrorAs(t, err, &answer)
		require.Equal(t, 1, asked)
		time.Sleep(time.Second)
		require.NoError(t, read())
		require.Equal(t, 2, asked)
	})
}

func TestNewSourceReportsEveryFault(t *testing.T) {
	_, err := webhook.NewSource(webhook.SourceConfig{
		Endpoint: webhook.Endpoint{
			URL: "http://reader:" + token + "@shop", Token: token + "\n", Verify: true, Timeout: -1,
			Header: map[string]webhook.Secret{"Authorization": apiKey},
		},
		Method: "PUT", Delay: -time.Second, Points: -1,
	})
	require.EqualError(t, err, `config: 9 faults: endpoint.url is [hidden]; wanted an address such as https://shop/headroom, without user, password and fragment`+
		` | endpoint.token, endpoint.header.Authorization is both; wanted at most one`+
		` | endpoint.token is [hidden]; wanted printable ASCII`+
		` | endpoint.verify is true; wanted false, since there are no keys`+
		` | endpoint.timeout is -1ns; wanted 0s (10s) or more`+
		` | method is "PUT"; wanted GET or POST`+
		` | step is 0s; wanted more than 0s`+
		` | delay is -1s; wanted 0s or more`+
		` | points is -1; wanted 0 (10000) to 100000`)
	_, err = webhook.NewSource(webhook.SourceConfig{Step: time.Minute, Endpoint: webhook.Endpoint{
		URL: "http://shop", Keys: []webhook.Key{{Secret: "short"}, {Name: "a", Secret: newKey}, {Name: "a", Secret: oldKey}},
		Header: map[string]webhook.Secret{"x-key": apiKey},
	}})
	require.EqualError(t, err, `config: 4 faults: endpoint.header is "x-key"; wanted the name of a header in its usual form, such as X-Api-Key, that is not sent anyway`+
		` | endpoint.keys[0].name is ""; wanted a name of its own | endpoint.keys[0].secret is 5 bytes long; wanted 16 or more`+
		` | endpoint.keys[2].name is "a"; wanted a name of its own`)
}

func TestSourceSaysHowLateItIs(t *testing.T) {
	source := newSource(t, newServer(t, hangs), func(c *webhook.SourceConfig) { c.Delay = 20 * time.Second })
	require.Equal(t, adapters.Timing{Delay: 20 * time.Second}, source.Timing())
}

func TestSourceKeepsItsAddress(t *testing.T) {
	s := newServer(t, says(200, `{"samples":[]}`))
	_, err := newSource(t, s, func(c *webhook.SourceConfig) {
		c.Endpoint.URL = s.URL + "/a%2Fb?" + url.Values{"q": {"x y"}}.Encode()
	}).Read(t.Context(), nil, minute(0), minute(1))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(s.asked[0].RequestURI, "/a%2Fb?"), s.asked[0].RequestURI)
	require.Equal(t, "x y", s.asked[0].URL.Query().Get("q"))
}
