package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler"
)

// board is an Announcer with room for some events. It keeps what it was told.
type board struct {
	mu     sync.Mutex // for a test whose sender is another process
	room   int
	events map[string]forecast.Event
	calls  []string
	fails  error
}

func (b *board) Announce(ev forecast.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, "+"+ev.ID)
	if _, known := b.events[ev.ID]; !known && len(b.events) >= b.room {
		return forecast.ErrEventTableFull
	}
	if b.fails == nil {
		b.events[ev.ID] = ev
	}
	return b.fails
}

func (b *board) Withdraw(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, "-"+id)
	if _, known := b.events[id]; !known {
		return forecast.ErrUnknownEvent
	}
	if b.fails == nil {
		delete(b.events, id)
	}
	return b.fails
}

func (b *board) event(id string) forecast.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.events[id]
}

// desk is an Announcements with its board, at the time now.
type desk struct {
	*board
	*webhook.Announcements
	now time.Time
	log bytes.Buffer
}

func newDesk(t require.TestingT, change func(c *webhook.AnnouncementsConfig)) *desk {
	d := &desk{board: &board{room: 100, events: map[string]forecast.Event{}}, now: minute(0)}
	cfg := webhook.AnnouncementsConfig{
		Announcer: d.board, Logger: slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Verify: webhook.VerifierConfig{Keys: keys, Clock: func() time.Time { return d.now }},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	d.Announcements, err = webhook.NewAnnouncements(cfg)
	require.NoError(t, err)
	return d
}

// gets has the desk answer r, as JSON.
func (d *desk) gets(r *http.Request) (status int, body string) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Code, strings.TrimSuffix(w.Body.String(), "\n")
}

func (d *desk) post(body string) (status int, answer string) {
	r := signed("POST", "/announcements", body, d.now, keys[0])
	r.Header.Set("Content-Type", "application/json")
	return d.gets(r)
}

func (d *desk) delete(query string) (status int, answer string) {
	return d.gets(signed("DELETE", "/announcements?"+query, "", d.now, keys[1]))
}

const spot = `{"id":"tv-17","kind":"tv","start":"2024-03-04T20:15:00Z","window":"30s","duration":"30s","weight":12400,"labels":{"network":"RTL","creative":"spring-a"}}`

var spotEvent = forecast.Event{
	ID: "tv-17", Kind: "tv", Start: minute(15), Window: 30 * time.Second, Duration: 30 * time.Second, Weight: 12400,
	Labels: []forecast.Label{{Key: "creative", Value: "spring-a"}, {Key: "network", Value: "RTL"}},
}

// answers demands a status and what became of events.
func answers(t testing.TB, want string, wantStatus int) func(status int, body string) {
	return func(status int, body string) {
		t.Helper()
		require.JSONEq(t, want, body)
		require.Equal(t, wantStatus, status)
		requireDiscreet(t, body)
	}
}

func TestAnEventIsItsID(t *testing.T) {
	d := newDesk(t, nil)
	state := func(s string) func(int, string) {
		return answers(t, `{"events":[{"id":"tv-17","state":"`+s+`"}]}`, http.StatusOK)
	}
	state("announced")(d.post(spot))
	require.Equal(t, spotEvent, d.events["tv-17"])
	state("unchanged")(d.post(spot))
	state("unchanged")(d.post(`{"events":[` + strings.Replace(spot, "2024-03-04T20:15:00Z", "2024-03-04T21:15:00+01:00", 1) + `]}`))
	require.Equal(t, []string{"+tv-17", "+tv-17", "+tv-17"}, d.calls, "an announcer that has forgotten it is told again")
	require.Equal(t, spotEvent, d.events["tv-17"])

	state("edited")(d.post(strings.Replace(spot, "20:15:00", "20:16:10", 1)))
	require.Equal(t, minute(16).Add(10*time.Second), d.events["tv-17"].Start)
	state("withdrawn")(d.delete("id=tv-17"))
	require.Empty(t, d.events)
	answers(t, `{"events":[{"id":"tv-17","state":"unknown","error":"no announced event has this id"}]}`, http.StatusNotFound)(d.delete("id=tv-17"))
	state("announced")(d.post(spot))
	delete(d.events, "tv-17") // the engine was told otherwise by somebody else
	status, _ := d.delete("id=tv-17")
	require.Equal(t, http.StatusNotFound, status)
	state("announced")(d.post(spot))
	state("withdrawn")(d.post(`{"id":"tv-17","cancelled":true}`))
	answers(t, `{"events":[{"id":"tv-17","state":"unknown","error":"no announced event has this id"}]}`, http.StatusOK)(d.post(`{"id":"tv-17","cancelled":true}`))
	require.Contains(t, d.log.String(), `level=INFO msg="event of a webhook" id=tv-17 state=announced key=2026a`)
	require.Contains(t, d.log.String(), `state=withdrawn key=2025`)
}

func TestIDsOfAllKinds(t *testing.T) {
	d := newDesk(t, nil)
	for _, id := range []string{"tv@2024-03-04T20:15:00Z", "a b/c?d&e=ü%2F", `"quoted"`} {
		text, _ := json.Marshal(id)
		_, body := d.post(`{"id":` + string(text) + `,"start":1709583300}`)
		require.Contains(t, body, `"state":"announced"`)
		require.Contains(t, d.events, id)
		status, _ := d.delete("id=" + strings.NewReplacer(" ", "+", "&", "%26", "%", "%25", "?", "%3F", `"`, "%22", "ü", "%C3%BC").Replace(id))
		require.Equal(t, http.StatusOK, status)
		require.Empty(t, d.events)
	}
}

func TestABatchIsUnderstoodWholeOrNotAtAll(t *testing.T) {
	d := newDesk(t, nil)
	answers(t, `{"error":"7 faults; nothing was announced","faults":[
		{"field":"events[1].id","value":"\"a\", as that of events[0]","wanted":"one event for each id"},
		{"field":"events[2].start","value":"missing","wanted":"RFC 3339 (\"2024-03-04T20:15:00Z\") or unix seconds (1709583300), of the years 1 to 9999"},
		{"field":"events[3].begin","value":"1","wanted":"no such field, but id, kind, start, window, duration, weight, labels or cancelled"},
		{"field":"events[3].start","value":"missing","wanted":"RFC 3339 (\"2024-03-04T20:15:00Z\") or unix seconds (1709583300), of the years 1 to 9999"},
		{"field":"events[4].window","value":"30","wanted":"a duration such as \"30s\""},
		{"field":"events[4].weight","value":"\"12\"","wanted":"a number of 0 (unknown) or more"},
		{"field":"events[5]","value":"7","wanted":"an object"}]}`, http.StatusUnprocessableEntity)(d.post(`{"events":[
			{"id":"a","start":1709583300},
			{"id":"a","start":1709583360},
			{"id":"b"},
			{"id":"c","begin":1},
			{"id":"d","start":1709583300,"window":30,"weight":"12"},
			7]}`))
	require.Empty(t, d.calls)
}

func TestWhatIsRefusedDoesNotTakeTheOthersAlong(t *testing.T) {
	d := newDesk(t, nil)
	d.room = 2
	r := signed("POST", "/announcements", `{"events":[{"id":"c","start":1709583420},{"id":"a","start":1709583300},{"id":"b","start":1709583360}]}`, d.now, keys[0])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "60", w.Header().Get("Retry-After"))
	require.JSONEq(t, `{"events":[{"id":"a","state":"announced"},{"id":"b","state":"announced"},
		{"id":"c","state":"refused","error":"event table is full; announce again when earlier events have passed, or raise max_events"}]}`, w.Body.String())
	require.Equal(t, []string{"+a", "+b", "+c"}, d.calls, "those that start first before the others")
	require.Contains(t, d.log.String(), "level=ERROR")

	d.calls = nil
	answers(t, `{"events":[{"id":"a","state":"withdrawn"},{"id":"a2","state":"announced"}]}`, http.StatusOK)(d.post(`{"events":[{"id":"a","cancelled":true},{"id":"a2","start":1709583400}]}`))
	require.Equal(t, []string{"+a2", "-a", "+a2"}, d.calls, "what is taken back makes room")

	d.room, d.calls = 3, nil
	answers(t, `{"events":[{"id":"a3","state":"announced"},{"id":"a2","state":"withdrawn"}]}`, http.StatusOK)(d.post(`{"events":[{"id":"a2","cancelled":true},{"id":"a3","start":1709583400}]}`))
	require.Equal(t, []string{"+a3", "-a2"}, d.calls, "an event that moves is announced at any moment")

	d.fails = errors.New("the engine is upside down")
	answers(t, `{"events":[{"id":"a3","state":"refused","error":"the engine is upside down"}]}`, http.StatusServiceUnavailable)(d.post(`{"id":"a3","start":1709583400}`))
	answers(t, `{"events":[{"id":"a3","state":"refused","error":"the engine is upside down"}]}`, http.StatusServiceUnavailable)(d.delete("id=a3"))
}

func TestAnnouncementsRefuseBodies(t *testing.T) {
	long := strings.Repeat("x", 257)
	many := strings.Repeat(`{"id":"a","start":1},`, 1000) + `{"id":"a","start":1}`
	const start = `"start":1709583300`
	cases := map[string]struct {
		body   string
		status int
		want   string // in the answer
	}{
		"nothing":               {"", 400, "the body is empty; wanted an event"},
		"blanks":                {" \n", 400, "the body is empty"},
		"half":                  {`{"id":"a",`, 400, "the body is not JSON in line 1, byte 10: unexpected end of JSON input"},
		"two":                   {"{\"id\":\"a\"}\n{}", 400, "the body is not JSON in line 2, byte 12: invalid character '{' after top-level value"},
		"not UTF-8":             {"{\"id\":\"\xff\"," + start + "}", 400, "the body is not UTF-8"},
		"a form":                {"id=a&start=1", 400, "the body is not JSON in line 1, byte 1: invalid character 'i'"},
		"NaN":                   {`{"id":"a",` + start + `,"weight":NaN}`, 400, "invalid character 'N'"},
		"deep":                  {strings.Repeat("[", 100_000), 400, "exceeded max depth"},
		"a list":                {`[` + spot + `]`, 422, `"field":"body","value":"[{`},
		"null":                  {`null`, 422, `"field":"body","value":"null","wanted":"an object"`},
		"an empty object":       {`{}`, 422, `{"field":"start","value":"missing"`},
		"no events":             {`{"events":[]}`, 422, `{"field":"events","value":"[]","wanted":"a list of 1 to 1000 events"}`},
		"events that are null":  {`{"events":null}`, 422, `{"field":"events","value":"null","wanted":"a list of 1 to 1000 events"}`},
		"too many events":       {`{"events":[` + many + `]}`, 422, `"wanted":"a list of 1 to 1000 events"`},
		"more than events":      {`{"events":[` + spot + `],"zone":"x"}`, 422, `{"field":"zone","value":"\"x\"","wanted":"no member beside events"}`},
		"more before events":    {`{"zone":"x","events":[` + spot + `]}`, 422, `{"field":"zone","value":"\"x\"","wanted":"no member beside events"}`},
		"no id":                 {`{` + start + `}`, 422, `{"field":"id","value":"empty","wanted":"a text that names this event alone`},
		"an id that is null":    {`{"id":null,` + start + `}`, 422, `{"field":"id","value":"null","wanted":"a text without control characters"}`},
		"an id of two lines":    {`{"id":"a\nb",` + start + `}`, 422, `{"field":"id","value":"\"a\\nb\"","wanted":"a text without control characters"}`},
		"a long id":             {`{"id":"` + long + `",` + start + `}`, 422, `{"field":"id","value":"257 bytes long","wanted":"at most 256 bytes"}`},
		"a long kind":           {`{"id":"a","kind":"` + long + `",` + start + `}`, 422, `{"field":"kind","value":"257 bytes long"`},
		"a field twice":         {`{"id":"a","id":"b",` + start + `}`, 422, `{"field":"body","value":"an object with \"id\" twice","wanted":"each name once"}`},
		"a field in capitals":   {`{"ID":"a",` + start + `}`, 422, `{"field":"ID","value":"\"a\"","wanted":"no such field`},
		"a day":                 {`{"id":"a","start":"2024-03-04"}`, 422, `{"field":"start","value":"\"2024-03-04\"","wanted":"RFC 3339`},
		"no zone":               {`{"id":"a","start":"2024-03-04T20:15:00"}`, 422, `{"field":"start","value":"\"2024-03-04T20:15:00\"","wanted":"RFC 3339`},
		"milliseconds":          {`{"id":"a","start":1709583300000}`, 422, `{"field":"start","value":"1709583300000","wanted":"RFC 3339`},
		"yesterday":             {`{"id":"a","start":"2024-03-03T19:59:59Z"}`, 422, `{"field":"start","value":"2024-03-03T19:59:59Z","wanted":"an event that ended at most 24h0m0s before now, 2024-03-04T20:00:00Z"}`},
		"another year":          {`{"id":"a","start":"2025-04-08T20:00:01Z"}`, 422, `{"field":"start","value":"2025-04-08T20:00:01Z","wanted":"at most 9600h0m0s after now, 2024-03-04T20:00:00Z"}`},
		"a negative window":     {`{"id":"a",` + start + `,"window":"-1s"}`, 422, `{"field":"window","value":"-1s","wanted":"0 to 744h0m0s"}`},
		"a duration in seconds": {`{"id":"a",` + start + `,"duration":30}`, 422, `{"field":"duration","value":"30","wanted":"a duration such as \"30s\""}`},
		"a duration of days":    {`{"id":"a",` + start + `,"duration":"2d"}`, 422, `{"field":"duration","value":"\"2d\"","wanted":"a duration such as \"30s\""}`},
		"a negative weight":     {`{"id":"a",` + start + `,"weight":-1}`, 422, `{"field":"weight","value":"-1","wanted":"0 (unknown) or a positive number"}`},
		"an infinite weight":    {`{"id":"a",` + start + `,"weight":1e999}`, 422, `{"field":"weight","value":"1e999","wanted":"a number of 0 (unknown) or more"}`},
		"a weight that is null": {`{"id":"a",` + start + `,"weight":null}`, 422, `{"field":"weight","value":"null"`},
		"a label of a number":   {`{"id":"a",` + start + `,"labels":{"feed":2.0}}`, 422, `{"field":"labels.feed","value":"2.0","wanted":"a text without control characters"}`},
		"a label twice":         {`{"id":"a",` + start + `,"labels":{"x":"1","x":"2"}}`, 422, `{"field":"labels","value":"an object with \"x\" twice"`},
		"a list of labels":      {`{"id":"a",` + start + `,"labels":["x"]}`, 422, `{"field":"labels","value":"[\"x\"]","wanted":"an object"}`},
		"a long label":          {`{"id":"a",` + start + `,"labels":{"x":"` + long + `"}}`, 422, `{"field":"labels.x","value":"257 bytes long, for a key of 1"`},
		"a label without a key": {`{"id":"a",` + start + `,"labels":{"":"x"}}`, 422, `{"field":"labels.","value":"1 bytes long, for a key of 0"`},
		"many labels":           {`{"id":"a",` + start + `,"labels":{` + labels(33) + `}}`, 422, `{"field":"labels","value":"an object of 33","wanted":"at most 32 labels"}`},
		"cancelled perhaps":     {`{"id":"a","cancelled":"yes"}`, 422, `{"field":"cancelled","value":"\"yes\"","wanted":"true or false"}`},
		"cancelled, nothing":    {`{"cancelled":true}`, 422, `{"field":"id","value":"empty"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			status, body := d.post(c.body)
			require.Equal(t, c.status, status, body)
			require.Contains(t, unescape(body), unescape(c.want))
			require.True(t, json.Valid([]byte(body)))
			require.Empty(t, d.calls)
		})
	}
}

// unescape undoes what encoding/json writes for < and >.
func unescape(s string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(s)
}

func labels(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"k%d":"v"`, i))
	}
	return strings.Join(list, ",")
}

func TestBoundsOfTime(t *testing.T) {
	d := newDesk(t, nil)
	for _, start := range []string{`"2024-03-03T20:00:00Z"`, `"2025-04-08T20:00:00Z"`} {
		status, body := d.post(`{"id":"a","start":` + start + `}`)
		require.Equal(t, http.StatusOK, status, body)
	}
	status, body := d.post(`{"id":"sale","start":"2024-03-02T20:00:00Z","duration":"25h"}`)
	require.Equal(t, http.StatusOK, status, "it lasted until yesterday: %s", body)
}

func TestAnnouncementsTellFaultsUpToABound(t *testing.T) {
	d := newDesk(t, nil)
	status, body := d.post(`{"events":[` + strings.Repeat(`{},`, 99) + `{}]}`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, 20, strings.Count(body, `"field"`))
}

func TestAnnouncementsRefuseRequests(t *testing.T) {
	request := func(method, target, kind, body string) *http.Request {
		r := signed(method, target, body, minute(0), keys[0])
		r.Header.Set("Content-Type", kind)
		return r
	}
	with := func(r *http.Request, f func(r *http.Request)) *http.Request { f(r); return r }
	cases := map[string]struct {
		r      *http.Request
		status int
		want   string
	}{
		"GET":             {request("GET", "/a", "", ""), 405, `method is "GET"; wanted POST, DELETE`},
		"no content type": {request("POST", "/a", "", spot), 415, `header Content-Type is ""; wanted application/json`},
		"a form":          {request("POST", "/a", "application/x-www-form-urlencoded", spot), 415, "wanted application/json"},
		"another charset": {request("POST", "/a", "application/json; charset=latin1", spot), 415, "wanted application/json"},
		"too long":        {request("POST", "/a", "application/json", strings.Repeat(" ", 256<<10+1)), 413, "the body is longer than 262144 bytes; wanted fewer events in one request"},
		"not signed":      {with(request("POST", "/a", "application/json", spot), func(r *http.Request) { r.Header.Del(webhook.SignatureHeader) }), 401, "header Headroom-Signature is missing"},
		"no event of mine": {with(request("POST", "/a", "application/json", spot), func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(spot, "tv-17", "tv-18", 1)))
		}), 401, "made with no key of this receiver, or of something else"},
		"another DELETE":    {with(request("DELETE", "/a?id=x", "", ""), func(r *http.Request) { r.RequestURI = "/a?id=y" }), 401, "made with no key"},
		"DELETE of nothing": {request("DELETE", "/a", "", ""), 422, `"wanted":"id=ID of one event"`},
		"DELETE of two":     {request("DELETE", "/a?id=x&id=y", "", ""), 422, `"wanted":"id=ID of one event"`},
		"DELETE and more":   {request("DELETE", "/a?id=x&force=1", "", ""), 422, `"wanted":"id=ID of one event"`},
		"a broken body":     {with(request("POST", "/a", "application/json", spot), func(r *http.Request) { r.Body = io.NopCloser(broken{}) }), 400, "the body breaks off"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			status, body := d.gets(c.r)
			require.Equal(t, c.status, status, body)
			require.Contains(t, strings.ReplaceAll(body, `\"`, `"`), c.want)
			require.True(t, json.Valid([]byte(body)))
			requireDiscreet(t, body+d.log.String())
			require.Empty(t, d.calls)
		})
	}
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
		status, body := newDesk(t, nil).gets(request("POST", "/a", kind, spot))
		require.Equal(t, http.StatusOK, status, body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnnouncementsTakeARequestOnce(t *testing.T) {
	d := newDesk(t, nil)
	again := func() *http.Request {
		r := sent("POST", "/announcements", spot)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(webhook.SignatureHeader, handmade(newKey, minute(0).Unix(), "0123456789abcdef", "POST /announcements", spot))
		return r
	}
	status, _ := d.gets(again())
	require.Equal(t, http.StatusOK, status)
	status, _ = d.delete("id=tv-17")
	require.Equal(t, http.StatusOK, status)
	status, body := d.gets(again())
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "was here before")
	require.Empty(t, d.events, "what was withdrawn stays withdrawn")
}

func TestAnnouncementsLimitEachKey(t *testing.T) {
	d := newDesk(t, func(c *webhook.AnnouncementsConfig) { c.Rate, c.Burst, c.Verify.Memory = 0.5, 3, 5 })
	from := func(k webhook.Key) *httptest.ResponseRecorder {
		r := signed("POST", "/a", spot, d.now, k)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w
	}
	for range 3 {
		require.Equal(t, http.StatusOK, from(keys[0]).Code)
	}
	for range 50 {
		w := from(keys[0])
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), `too many requests with key \"2026a\"; wanted at most 0.5 a second, and 3 at once`)
	}
	require.Equal(t, http.StatusOK, from(keys[1]).Code, "the holder of another key is not kept out")
	d.now = d.now.Add(2 * time.Second)
	require.Equal(t, http.StatusOK, from(keys[0]).Code)
	require.Equal(t, 1, strings.Count(d.log.String(), "a request was refused"), "said once, not for each")
}

// Whoever has overheard a request cannot use up what its sender may ask.
func TestRepetitionsDoNotCount(t *testing.T) {
	d := newDesk(t, func(c *webhook.AnnouncementsConfig) { c.Burst = 2 })
	heard := signed("POST", "/a", spot, d.now, keys[0])
	heard.Header.Set("Content-Type", "application/json")
	for i := range 20 {
		heard.Body = io.NopCloser(strings.NewReader(spot))
		status, _ := d.gets(heard)
		require.Equal(t, i == 0, status == http.StatusOK)
	}
	status, _ := d.post(spot)
	require.Equal(t, http.StatusOK, status)
}

func TestAnnouncementsAtOnce(t *testing.T) {
	d := newDesk(t, nil)
	server := httptest.NewServer(d)
	defer server.Close()
	client := server.Client()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			body := fmt.Sprintf(`{"id":"tv-%d","start":1709583300}`, i%10)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/a", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/json")
			webhook.Sign(r, []byte(body), d.now, keys[0])
			res, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Error(res.Status)
			}
		})
	}
	wg.Wait()
	require.Len(t, d.events, 10)
	require.Len(t, d.calls, 20)
}

// To an engine the same announcement is no news: it may be repeated by whoever got no answer.
func TestAnnouncementsReachARunner(t *testing.T) {
	cfg := scaler.Config{Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}, MaxEvents: 2}
	engine, err := scaler.New(cfg)
	require.NoError(t, err)
	source, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	require.NoError(t, err)
	actuator, err := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Start: 3})
	require.NoError(t, err)
	runner, err := adapters.NewRunner(adapters.Config{Engine: engine, Sources: []adapters.Source{source}, Actuator: actuator})
	require.NoError(t, err)
	d := newDesk(t, func(c *webhook.AnnouncementsConfig) { c.Announcer = runner })
	state := func() string {
		b, err := runner.AppendBinary(nil)
		require.NoError(t, err)
		return string(b)
	}
	answers(t, `{"events":[{"id":"tv-17","state":"announced"}]}`, 200)(d.post(spot))
	once := state()
	answers(t, `{"events":[{"id":"tv-17","state":"unchanged"}]}`, 200)(d.post(spot))
	require.Equal(t, once, state())
	status, _ := d.post(`{"events":[{"id":"b","start":1709583300},{"id":"c","start":1709583400}]}`)
	require.Equal(t, http.StatusServiceUnavailable, status, "there is room for two")
	answers(t, `{"events":[{"id":"tv-17","state":"withdrawn"}]}`, 200)(d.delete("id=tv-17"))
	status, _ = d.delete("id=tv-17")
	require.Equal(t, http.StatusNotFound, status)
}

// What a desk says of events is what a list of them says.
func TestLedgerIsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, func(c *webhook.AnnouncementsConfig) { c.Rate = 1e6 })
		d.room = rapid.IntRange(1, 4).Draw(t, "room")
		twin := map[string]string{}
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			d.now = d.now.Add(time.Second)
			id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id")
			if rapid.IntRange(0, 3).Draw(t, "call") == 0 {
				status, _ := d.delete("id=" + id)
				_, known := twin[id]
				require.Equal(t, known, status == http.StatusOK)
				delete(twin, id)
				continue
			}
			weight := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "weight")
			_, body := d.post(`{"id":"` + id + `","start":1709583300,"weight":` + weight + `}`)
			want := "announced"
			switch was, known := twin[id]; {
			case known && was == weight:
				want = "unchanged"
			case known:
				want = "edited"
			case len(twin) >= d.room:
				want = "refused"
			}
			if want != "refused" {
				twin[id] = weight
			}
			require.Contains(t, body, `"state":"`+want+`"`)
			require.Len(t, d.events, len(twin))
		}
	})
}

func TestNewAnnouncementsReportsEveryFault(t *testing.T) {
	var many []webhook.Key
	for i := range 17 {
		many = append(many, webhook.Key{Name: fmt.Sprint(i), Secret: newKey})
	}
	_, err := webhook.NewAnnouncements(webhook.AnnouncementsConfig{Announcer: &board{}, Verify: webhook.VerifierConfig{Keys: many}})
	require.EqualError(t, err, "config: verify.keys is a list of 17; wanted at most 16")
	_, err = webhook.NewAnnouncements(webhook.AnnouncementsConfig{Rate: -1, Burst: -1, MaxBytes: -1, MaxEvents: -1, Behind: -1, Ahead: -1})
	require.EqualError(t, err, `config: 8 faults: announcer is nil; wanted an announcer | verify.keys is an empty list; wanted at least one key`+
		` | rate is -1; wanted 0 (10) or more, requests a second | burst is -1; wanted 0 (100) or more, requests`+
		` | max_bytes is -1; wanted 0 (262144) to 16777216 | max_events is -1; wanted 0 (1000) to 65536`+
		` | behind is -1ns; wanted 0s (24h0m0s) or more | ahead is -1ns; wanted 0s (9600h0m0s) or more`)
}

func TestEncodedEventsAreUnderstood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zA-Z0-9 äß"\\/<@:-]{1,20}`)
		span := rapid.Int64Range(0, int64(31*24*time.Hour))
		var events []forecast.Event
		for i := range rapid.IntRange(1, 5).Draw(t, "events") {
			ev := forecast.Event{
				ID: fmt.Sprint(i, text.Draw(t, "id")), Kind: text.Draw(t, "kind"), Start: minute(0).Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "start"))),
				Window: time.Duration(span.Draw(t, "window")), Duration: time.Duration(span.Draw(t, "duration")), Weight: rapid.Float64Range(0, 1e12).Draw(t, "weight"),
			}
			if rapid.Bool().Draw(t, "labels") {
				ev.Labels = []forecast.Label{{Key: "a" + text.Draw(t, "key"), Value: text.Draw(t, "value")}, {Key: "b", Value: ""}}
			}
			events = append(events, ev)
		}
		body, err := webhook.EncodeEvents(events...)
		require.NoError(t, err)
		d := newDesk(t, nil)
		status, answer := d.post(string(body))
		require.Equal(t, http.StatusOK, status, "%s: %s", body, answer)
		require.Len(t, d.events, len(events))
		for _, ev := range events {
			require.Equal(t, ev, d.events[ev.ID])
		}
	})
	_, err := webhook.EncodeEvents(forecast.Event{ID: "a"})
	require.ErrorContains(t, err, "start is zero")
	_, err = webhook.EncodeEvents(forecast.Event{ID: "a", Start: minute(0), Labels: []forecast.Label{{Key: "x"}, {Key: "x"}}})
	require.EqualError(t, err, `event "a": labels is "x" twice; wanted each key once`)
}

// FuzzAnnouncements demands of any body: an answer in JSON, nothing done unless it says so, and what was done is within
// bounds and survives being written and read again.
func FuzzAnnouncements(f *testing.F) {
	f.Add([]byte(spot))
	f.Add([]byte(`{"events":[` + spot + `,{"id":"a","cancelled":true}]}`))
	f.Add([]byte(`{"id":"a","start":1709583300.5,"labels":{"x":"y"},"weight":1e-7}`))
	f.Add([]byte(`{"events":[{"id":"\ud800","start":"2024-03-04T20:15:00.000000001+14:00"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := newDesk(t, nil)
		d.room = 1 << 20
		status, answer := d.post(string(text))
		require.True(t, json.Valid([]byte(answer)), answer)
		if status != http.StatusOK {
			require.Empty(t, d.calls)
			return
		}
		var events []forecast.Event
		for id, ev := range d.events {
			require.NoError(t, ev.Check())
			require.Equal(t, id, ev.ID)
			events = append(events, ev)
		}
		if len(events) == 0 {
			return
		}
		body, err := webhook.EncodeEvents(events...)
		require.NoError(t, err)
		again := newDesk(t, func(c *webhook.AnnouncementsConfig) { c.MaxBytes = 1 << 20 })
		again.room = 1 << 20
		status, answer = again.post(string(body))
		require.Equal(t, http.StatusOK, status, answer)
		for _, ev := range events {
			other := again.events[ev.ID]
			require.True(t, other.Start.Equal(ev.Start))
			other.Start = ev.Start
			require.Equal(t, ev, other)
		}
	})
}
