package prometheus_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/prometheus"
	"github.com/headroom-go/headroom/policy"
	"github.com/headroom-go/headroom/scaler"
)

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"whole":                          {success(`[{1},"7"],[{2},"8.5"],[{3},"0"]`), healthyReads},
		"time with milliseconds":         {success(`[{1}.000,"7"],[{2}.0,"8.5"]`), "00:00:00 7, 00:01:00 8.5"},
		"NaN":                            {success(`[{1},"NaN"],[{2},"1"]`), "00:00:00 NaN, 00:01:00 1"},
		"null is a gap":                  {success(`[{1},null],[{2},"1"]`), "00:00:00 NaN, 00:01:00 1"},
		"infinite":                       {success(`[{1},"+Inf"],[{2},"-Inf"],[{3},"1e999"]`), "00:00:00 +Inf, 00:01:00 -Inf, 00:02:00 +Inf"},
		"negative":                       {success(`[{1},"-3"]`), "00:00:00 -3"},
		"no series":                      {`{"status":"success","data":{"resultType":"matrix","result":[]}}`, ""},
		"null result":                    {`{"status":"success","data":{"resultType":"matrix","result":null}}`, ""},
		"a series without values":        {success(``), ""},
		"fields that are not known here": {`{"status":"success","isPartial":false,"data":{"resultType":"matrix","stats":{},"result":[]}}`, ""},
		"a remark":                       {`{"status":"success","infos":["{token}: PromQL info: not a counter"],"data":{"resultType":"matrix","result":[]}}`, ""},
		"a remark of earlier versions":   {`{"status":"success","warnings":["PromQL info: not a counter, {tenant}"],"data":{"resultType":"matrix","result":[]}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, says(200, c.text), nil)
			require.Equal(t, c.want, b.reads())
			require.NotContains(t, b.log.String(), token)
			require.NotContains(t, b.log.String(), tenant)
			require.Equal(t, strings.Contains(c.text, "PromQL"), strings.Contains(b.log.String(), "not a counter"))
		})
	}
}

func TestFaults(t *testing.T) {
	long := strings.Repeat("y", 290) // behind it a quotation would break off within a secret
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"empty":               {says(200, ""), "unexpected end of JSON input"},
		"a page to log in":    {says(200, "<html>Welcome {token}"), `answer "<html>Welcome [hidden]"`},
		"cut off":             {says(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[{1},"7"]`), "unexpected end of JSON input"},
		"cut off on the way":  {says(200, `{"status":"success",`, "Content-Length", "5000"), "reading the answer: unexpected EOF"},
		"more than an answer": {says(200, success("")+"{}"), "invalid character"},
		"null":                {says(200, `null`), `status ""; wanted success`},
		"another status":      {says(200, `{"status":"`+long+`{token}"}`), `yyy[hidden]"; wanted success`},
		"null data":           {says(200, `{"status":"success","data":null}`), `resultType ""; wanted matrix`},
		"another type":        {says(200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[{1},"7"]}]}}`), `resultType "vector"; wanted matrix`},
		"a list of numbers":   {says(200, `{"status":"success","data":{"resultType":"matrix","result":[1]}}`), "result: json"},
		"too long":            {says(200, strings.Repeat(" ", 17<<20)), "answer of more than 16777216 bytes"},
		"several series":      {says(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"a"}},{"metric":{"pod":"b"}}]}}`), `several series, such as {pod="a"} and {pod="b"}`},
		"native histograms":   {says(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"histograms":[[{1},{}]]}]}}`), `native histograms in {a="b"}`},

		"a number without quotes": {says(200, success(`[{1},7]`)), "value 7 at 2024-03-04T00:01:00Z; wanted a number in quotes"},
		"no number":               {says(200, success(`[{1},"seven"]`)), `value "seven" at 2024-03-04T00:01:00Z; wanted a number`},
		"a secret for a number":   {says(200, success(`[{1},"`+long+`{token}"]`)), "it is not quoted"},
		"time without a value":    {says(200, success(`[{1}]`)), "wanted a time and a value"},
		"null point":              {says(200, success(`null`)), "wanted a time and a value"},
		"null time":               {says(200, success(`[null,"7"]`)), "time null; wanted seconds since 1970"},
		"time beyond all times":   {says(200, success(`[1e300,"7"]`)), "time 1e300; wanted seconds since 1970"},
		"before what was asked":   {says(200, success(`[{0},"7"]`)), "value at 2024-03-04T00:00:00Z; wanted none but each 1m0s from 2024-03-04T00:01:00Z to 2024-03-04T00:03:00Z"},
		"after what was asked":    {says(200, success(`[{1},"7"],[{4},"7"]`)), "value at 2024-03-04T00:04:00Z; wanted none but"},
		"beside what was asked":   {says(200, success(`[{1}.5,"7"]`)), "value at 2024-03-04T00:01:00.5Z; wanted none but"},
		"a time twice":            {says(200, success(`[{1},"7"],[{1},"7"]`)), "value at 2024-03-04T00:01:00Z after one at 2024-03-04T00:01:00Z; wanted ascending times"},
		"backward times":          {says(200, success(`[{2},"7"],[{1},"7"]`)), "value at 2024-03-04T00:01:00Z after one at 2024-03-04T00:02:00Z; wanted ascending times"},
		"yesterday's data":        {says(200, success(fmt.Sprintf(`[%d,"7"]`, minute(1-24*60).Unix()))), "value at 2024-03-03T00:01:00Z; wanted none but"},

		"a warning":              {says(200, `{"status":"success","warnings":["store {tenant} is down"],"data":{"resultType":"matrix","result":[]}}`), "the server warns that its answer may be incomplete: store [hidden] is down"},
		"an error in an answer":  {says(200, `{"status":"error","errorType":"execution","error":"{token}"}`), "HTTP 200 OK (execution): [hidden]"},
		"301":                    {says(301, "", "Location", "https://login.example/?next={token}"), "HTTP 301 Moved Permanently: it redirects to login.example; wanted an address that answers itself"},
		"400":                    {says(400, `{"status":"error","errorType":"bad_data","error":"parse error"}`), "HTTP 400 Bad Request (bad_data): parse error"},
		"401":                    {says(401, "Unauthorized: {token}\n"), "HTTP 401 Unauthorized: Unauthorized: [hidden]"},
		"403":                    {says(403, long+"{token}"), "HTTP 403 Forbidden: " + long + "[hidden]"},
		"404":                    {says(404, "404 page not found\n"), "HTTP 404 Not Found: 404 page not found"},
		"405 to both methods":    {says(405, ""), "HTTP 405 Method Not Allowed"},
		"422":                    {says(422, `{"status":"error","errorType":"execution","error":"too many samples"}`), "HTTP 422 Unprocessable Entity (execution): too many samples"},
		"429":                    {says(429, "slow down"), "HTTP 429 Too Many Requests: slow down"},
		"429 with nonsense":      {says(429, "", "Retry-After", "soon"), "HTTP 429 Too Many Requests"},
		"500":                    {says(500, "\x00\xff panic"), "HTTP 500 Internal Server Error: "},
		"503 cut off on the way": {says(503, `{"status":"error","errorType":"timeo`, "Content-Length", "5000"), "HTTP 503 Service Unavailable: "},
		"503":                    {says(503, `{"status":"error","errorType":"timeout","error":"query timed out"}`), "HTTP 503 Service Unavailable (timeout): query timed out"},
		"599":                    {says(599, ""), "HTTP 599"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, healthy, nil)
			require.Equal(t, healthyReads, b.reads())
			b.answer(c.handler)
			err := b.fails()
			require.ErrorContains(t, err, "prometheus source: ")
			require.ErrorContains(t, err, c.want)
			require.Less(t, len(err.Error()), 800, "%s", err)
			require.Error(t, b.fails(), "an error does not go away by itself")
			b.answer(healthy)
			require.Equal(t, healthyReads, b.reads(), "it is read when the server is back")
		})
	}
}

func TestStatusIsInTheError(t *testing.T) {
	for _, status := range []int{301, 400, 401, 403, 404, 422, 429, 500, 502, 503} {
		var answer *prometheus.APIError
		require.ErrorAs(t, newBench(t, says(status, "x"), nil).fails(), &answer)
		require.Equal(t, status, answer.Status)
	}
}

func TestBurstOfErrors(t *testing.T) {
	b := newBench(t, says(500, "busy"), nil)
	for range 20 {
		b.fails()
	}
	require.Len(t, b.asked, 20, "one question is asked once")
	b.answer(healthy)
	require.Equal(t, healthyReads, b.reads())
}

func TestAnErrorOnALaterPageIsAnError(t *testing.T) {
	b := newBench(t, nil, func(c *prometheus.SourceConfig) { c.Points = 2 })
	b.answer(func(w http.ResponseWriter, r *http.Request) {
		if len(b.asked)%2 == 0 {
			says(500, "busy")(w, r)
			return
		}
		says(200, success(`[{1},"7"],[{2},"8"]`))(w, r)
	})
	b.fails()
	require.Len(t, b.asked, 2)
}

func TestAnotherSeriesOnALaterPageIsAnError(t *testing.T) {
	b := newBench(t, nil, func(c *prometheus.SourceConfig) { c.Points = 1 })
	b.answer(func(w http.ResponseWriter, r *http.Request) {
		n := len(b.asked)
		says(200, fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"%d"},"values":[[{%d},"7"]]}]}}`, n/3, n))(w, r)
	})
	require.ErrorContains(t, b.fails(), `several series, such as {pod="0"} and {pod="1"}`)
}

func TestWhatIsAsked(t *testing.T) {
	b := newBench(t, healthy, func(c *prometheus.SourceConfig) {
		c.Guard, c.Delay, c.URL = "up # this pod", 30*time.Second, c.URL+"/prometheus/"
	})
	_, err := b.source.Read(b.Context(), nil, minute(0).Add(-1), minute(3).Add(29*time.Second))
	require.ErrorContains(t, err, "00:03:00Z; wanted none but", "minute 2 is too young")
	require.Equal(t, "/prometheus/api/v1/query_range", b.last.URL.Path)
	require.Equal(t, "(sum(demand)\n) and on() (up # this pod\n)", b.last.Form.Get("query"))
	require.Equal(t, fmt.Sprintf("%d.000", minute(1).Unix()), b.last.Form.Get("start"))
	require.Equal(t, fmt.Sprintf("%d.000", minute(2).Unix()), b.last.Form.Get("end"))
	require.Equal(t, "60.000", b.last.Form.Get("step"))
	require.Equal(t, "10000ms", b.last.Form.Get("timeout"))
	require.Equal(t, "Bearer "+token, b.last.Header.Get("Authorization"))
	require.Equal(t, tenant, b.last.Header.Get("X-Scope-OrgID"))
	require.NotContains(t, b.last.Header, "Idempotency-Key")

	_, err = b.source.Read(b.Context(), nil, minute(0), minute(3).Add(30*time.Second))
	require.NoError(t, err)
}

func TestNothingIsAskedForAnEmptyWindow(t *testing.T) {
	b := newBench(t, healthy, nil)
	for _, to := range []time.Time{minute(-5), minute(0), minute(1).Add(-1)} {
		got, err := b.source.Read(t.Context(), nil, minute(0), to)
		require.NoError(t, err)
		require.Empty(t, got)
	}
	require.Empty(t, b.asked)
}

func TestSamplesBeginAtMultiplesOfTheStep(t *testing.T) {
	const step = 7300 * time.Millisecond // of no day
	for _, origin := range []int64{1_709_510_400_123, 3, -1_000_000_001} {
		b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
			first := r.Form.Get("start")
			says(200, success(`[`+first+`,"5"]`))(w, r)
		}, func(c *prometheus.SourceConfig) { c.Step = step })
		from := time.UnixMilli(origin).Add(1)
		got, err := b.source.Read(t.Context(), nil, from, from.Add(2*step))
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Zero(t, got[0].Time.UnixMilli()%step.Milliseconds())
		require.False(t, got[0].Time.Before(from))
		require.Less(t, got[0].Time.Sub(from), step)
	}
}

func TestAWarningMayBeLetPass(t *testing.T) {
	b := newBench(t, says(200, `{"status":"success","warnings":["store {tenant} is down"],"data":{"resultType":"matrix","result":[{"metric":{},"values":[[{1},"7"]]}]}}`),
		func(c *prometheus.SourceConfig) { c.Partial = true })
	require.Equal(t, "00:00:00 7", b.reads())
	require.Contains(t, b.log.String(), "store [hidden] is down")
}

func TestAServerThatWantsGet(t *testing.T) {
	for _, status := range []int{http.StatusMethodNotAllowed, http.StatusNotImplemented} {
		b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				says(status, "read only")(w, r)
				return
			}
			healthy(w, r)
		}, nil)
		require.Equal(t, healthyReads, b.reads())
		require.Equal(t, []string{"POST", "GET"}, b.asked)
		require.Equal(t, "sum(demand)", b.last.Form.Get("query"))
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	other := newBench(t, healthy, nil)
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+other.address()+"/", http.StatusTemporaryRedirect)
	}, nil)
	require.ErrorContains(t, b.fails(), "it redirects to "+other.address())
	require.Len(t, other.asked, 1, "but for the one that asked for its address")
}

// address returns the host of the server.
func (b *bench) address() string {
	if b.last == nil {
		b.reads()
	}
	return b.last.Host
}

func TestRefusedConnection(t *testing.T) {
	server := httptest.NewServer(healthy)
	server.Close()
	b := newBench(t, healthy, func(c *prometheus.SourceConfig) { c.URL = server.URL })
	var op *net.OpError
	require.ErrorAs(t, b.fails(), &op)
	require.Equal(t, "dial", op.Op)
}

// A server closes connections that have been idle, and may do so at the moment in which the next query is sent.
func TestAConnectionThatEndsBetweenQueries(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	body := strings.NewReplacer("{1}", fmt.Sprint(minute(1).Unix())).Replace(success(`[{1},"7"]`))
	served := make(chan int, 1)
	go func() { // the first connection: one answer, then it takes a query and ends; the second: one answer
		n := 0
		for c := range 2 {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			buffer := make([]byte, 4096)
			_, _ = conn.Read(buffer)
			n++
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			if c == 0 {
				_, _ = conn.Read(buffer)
				n++
			}
			_ = conn.Close()
		}
		served <- n
	}()
	b := newBench(t, nil, func(c *prometheus.SourceConfig) { c.URL = "http://" + l.Addr().String() })
	require.Equal(t, "00:00:00 7", b.reads())
	require.Equal(t, "00:00:00 7", b.reads(), "asked once more on a new connection")
	require.Equal(t, 3, <-served)
}

func TestACancelledReadIsNotATimeout(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := newBench(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}, nil)
	_, err := b.source.Read(ctx, nil, minute(0), minute(3))
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "no whole answer within")
}

// What a Source cannot know the engine must survive: a server that says zero during an outage. The Source passes on what
// was measured; where the engine is told to doubt, it releases nothing.
func TestZeroDuringAnOutage(t *testing.T) {
	for name, doubt := range map[string]time.Duration{"believed": 0, "doubted": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			e, err := scaler.New(scaler.Config{
				Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, Guard: scaler.Guard{Doubt: scaler.Duration(doubt)},
			})
			require.NoError(t, err)
			b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
				var values []string
				for i := 1; i <= 600; i++ {
					v := 100.0
					if i > 595 {
						v = 0
					}
					values = append(values, fmt.Sprintf(`[%d,"%v"]`, minute(i).Unix(), v))
				}
				says(200, success(strings.Join(values, ",")))(w, r)
			}, nil)
			got, err := b.source.Read(t.Context(), nil, minute(0), minute(600))
			require.NoError(t, err)
			require.Len(t, got, 600)
			zeros := 0
			var d scaler.Decision
			for _, s := range got {
				require.NoError(t, e.Observe(0, s))
				if s.Value == 0 {
					zeros++
					require.NoError(t, e.Recommend(&d, s.Time.Add(time.Minute), policy.Fleet{Ready: 12}))
				}
			}
			require.Equal(t, 5, zeros)
			require.Equal(t, doubt > 0, d.Replicas == 12, "%v", d)
		})
	}
}

func TestConfigFaults(t *testing.T) {
	_, err := prometheus.NewSource(prometheus.SourceConfig{
		URL: "http://me:" + token + "@server/?key=" + tenant, Query: " ", Step: 1500 * time.Microsecond, Delay: -1, Points: 11001, Timeout: -1,
		Token: token, TokenFile: "f", User: "me",
	})
	var faults scaler.Faults
	require.True(t, errors.As(err, &faults))
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"url", "query", "step", "delay", "points", "timeout", "token, token file, user"}, fields)
	require.NotContains(t, err.Error(), token)
	require.NotContains(t, err.Error(), tenant)

	for _, wrong := range []string{"", "server:9090", "ftp://server", "http://", "http://u@server", "http://server/?a=b", "http://server/#a", "http://a:p" + token + "/x@server", "\x7f"} {
		_, err := prometheus.NewSource(prometheus.SourceConfig{URL: wrong, Query: "x", Step: time.Minute})
		require.ErrorContains(t, err, "url", "%q", wrong)
		require.NotContains(t, err.Error(), token)
	}
	_, err = prometheus.NewSource(prometheus.SourceConfig{URL: "https://server/path/", Query: "x", Step: time.Minute})
	require.NoError(t, err)
}
