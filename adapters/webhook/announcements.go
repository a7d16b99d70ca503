package webhook

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/forecast"
)

// Announcer is told of events: an adapters.Runner, a Group, or an engine behind a lock.
type Announcer interface {
	Announce(ev forecast.Event) error
	Withdraw(id string) error
}

// AnnouncementsConfig says who may announce what. A zero field means the value in brackets.
type AnnouncementsConfig struct {
	// Announcer is told.
	Announcer Announcer
	// Verify says whose requests are believed. It has a clock.
	Verify VerifierConfig
	// Rate is how many requests a second the holder of one key may make on average, and Burst how many at once [10, 100].
	Rate  float64
	Burst int
	// MaxBytes is the longest body [256 KiB], and MaxEvents how many events it may have [1000].
	MaxBytes  int64
	MaxEvents int
	// Behind is how long an event may be over, and Ahead how far ahead it may begin [24h, 400 days]: beyond that a clock or
	// a unit is wrong.
	Behind, Ahead time.Duration
	// Logger is told of what was announced and withdrawn, and of requests that were refused, these once a minute [nobody].
	Logger *slog.Logger
}

const (
	defaultRate      = 10
	defaultBurst     = 100
	defaultMaxBytes  = 256 << 10
	defaultMaxEvents = 1000
	defaultBehind    = 24 * time.Hour
	defaultAhead     = 400 * 24 * time.Hour
	mostBytes        = 16 << 20
	mostEvents       = 65_536 // as many as the table of an engine holds (scaler.Config.MaxEvents)
	// bodyTimeout is how long a body may take to come; a few kilobytes need no more on any network.
	bodyTimeout = 10 * time.Second
	// roomAfter is what a sender is told to wait when the table of events is full: a spot is over in minutes.
	roomAfter = time.Minute
)

func (c AnnouncementsConfig) complete() (AnnouncementsConfig, error) {
	var faults faultList
	faults.check(c.Announcer != nil, "announcer", "nil", "an announcer")
	verify := faultList{}
	c.Verify = c.Verify.complete(&verify)
	for _, f := range verify.Faults {
		f.Field = "verify." + f.Field
		faults.Faults = append(faults.Faults, f)
	}
	c.Rate, c.Burst = cmp.Or(c.Rate, defaultRate), cmp.Or(c.Burst, defaultBurst)
	c.MaxBytes, c.MaxEvents = cmp.Or(c.MaxBytes, defaultMaxBytes), cmp.Or(c.MaxEvents, defaultMaxEvents)
	c.Behind, c.Ahead = cmp.Or(c.Behind, defaultBehind), cmp.Or(c.Ahead, defaultAhead)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	faults.check(c.Rate > 0 && !math.IsInf(c.Rate, 0), "rate", fmt.Sprint(c.Rate), "0 (10) or more, requests a second")
	faults.check(c.Burst > 0, "burst", strconv.Itoa(c.Burst), "0 (100) or more, requests")
	faults.check(c.MaxBytes > 0 && c.MaxBytes <= mostBytes, "max_bytes", strconv.FormatInt(c.MaxBytes, 10), fmt.Sprintf("0 (%d) to %d", defaultMaxBytes, mostBytes))
	faults.check(c.MaxEvents > 0 && c.MaxEvents <= mostEvents, "max_events", strconv.Itoa(c.MaxEvents), fmt.Sprintf("0 (%d) to %d", defaultMaxEvents, mostEvents))
	faults.check(c.Behind > 0, "behind", c.Behind.String(), fmt.Sprintf("0s (%v) or more", defaultBehind))
	faults.check(c.Ahead > 0, "ahead", c.Ahead.String(), fmt.Sprintf("0s (%v) or more", defaultAhead))
	if len(faults.Faults) > 0 {
		return c, faults.Faults
	}
	return c, nil
}

// Announcements is an http.Handler that takes live announcements of events, such as an as-run feed or the start of a push
// notification:
//
//	POST {"id":"tv-17","kind":"tv","start":"2024-03-04T20:15:00Z","window":"30s","duration":"30s","weight":12400,
//	      "labels":{"network":"RTL"}}
//	POST {"events":[{...},{"id":"tv-16","cancelled":true}]}
//	DELETE ?id=tv-17
//
// id and start are required. Requests are signed (SignatureHeader) and each is taken once.
//
// The ID is the event: an announcement of the same content changes nothing, one of other content edits the event, DELETE and
// "cancelled" take it back. So whoever got no answer says it again, with a new signature. What counts is the order in which
// requests arrive. The fields are those of package calendar's YAML, and so are the IDs.
//
// What is wrong with a body is told all at once, and then nothing of it is done. What the Announcer refuses, above all
// because its table is full, does not take the other events with it: an event too many costs replicas, one that was lost
// costs visits. Those that start first are announced first, and IDs are taken back after that, so that an event which moves
// to a new ID is announced at any moment.
//
//	200 {"events":[{"id":"tv-17","state":"announced"}]}    or "edited", "unchanged", "withdrawn"
//	400  the body is no JSON               422  faults, each with field, value and what was wanted
//	401  not signed as it should be        429  too many requests with this key: Retry-After
//	404  DELETE of what is not announced   503  some were refused, see their "state" and "error": say it again
//	409  the request was here before       405, 413, 415  method, length, content type
//
// It has no path of its own. Where a proxy or http.StripPrefix changes the path see VerifierConfig.Prefix; the latter leaves
// http.Request.RequestURI alone and needs none.
type Announcements struct {
	announcer Announcer
	log       *slog.Logger
	verifier  *Verifier
	limits    map[string]*rate.Limiter
	clock     func() time.Time
	maxBytes  int64
	reader    eventReader // with the bounds alone

	mu      sync.Mutex // held while the Announcer is told: what is said first is done first
	told    ledger
	refused rate.Sometimes
}

var _ http.Handler = (*Announcements)(nil)

// NewAnnouncements returns Announcements that have told nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewAnnouncements(cfg AnnouncementsConfig) (*Announcements, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	a := &Announcements{
		announcer: cfg.Announcer, log: cfg.Logger, verifier: newVerifier(cfg.Verify), limits: make(map[string]*rate.Limiter),
		clock: cfg.Verify.Clock, maxBytes: cfg.MaxBytes,
		reader:  eventReader{most: cfg.MaxEvents, behind: cfg.Behind, ahead: cfg.Ahead},
		told:    ledger{events: make(map[string]forecast.Event)},
		refused: rate.Sometimes{First: 1, Interval: time.Minute},
	}
	for _, k := range cfg.Verify.Keys {
		a.limits[k.Name] = rate.NewLimiter(rate.Limit(cfg.Rate), cfg.Burst)
	}
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *Announcements) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !allowMethod(w, r, http.MethodPost, http.MethodDelete) {
		return
	}
	if r.Method == http.MethodPost && !isJSON(r.Header) {
		writeError(w, http.StatusUnsupportedMediaType, fmt.Sprintf("header Content-Type is %q; wanted application/json", r.Header.Get("Content-Type")))
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // where that is not possible, the server sees to it
	body, whole, err := readAll(r.Body, a.maxBytes)
	switch {
	case err != nil:
		writeError(w, http.StatusBadRequest, "the body breaks off")
		return
	case !whole:
		w.Header().Set("Connection", "close") // the rest is not read
		writeError(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes; wanted fewer events in one request", a.maxBytes))
		return
	}
	now := a.clock()
	key, err := a.admit(r, body, now)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if r.Method == http.MethodDelete {
		a.delete(w, r, key)
		return
	}
	a.post(w, r, key, body, now)
}

func isJSON(h http.Header) bool {
	kind, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := parameters["charset"]
	return err == nil && kind == "application/json" && (charset == "" || charset == "utf-8" || charset == "UTF-8")
}

// admit returns the name of the key of a request that is to be carried out. One that is refused for the rate of its key is
// not remembered, so that the holder of one key cannot fill the memory for the others.
func (a *Announcements) admit(r *http.Request, body []byte, now time.Time) (string, error) {
	key, id, err := a.verifier.identify(r, body, now)
	if err != nil {
		return "", err
	}
	limit := a.limits[key]
	if !limit.AllowN(now, 1) {
		wait := time.Duration((1 - limit.TokensAt(now)) / float64(limit.Limit()) * float64(time.Second))
		return "", &SignatureError{
			Status: http.StatusTooManyRequests, RetryAfter: wait,
			Reason: fmt.Sprintf("too many requests with key %q; wanted at most %v a second, and %d at once", key, limit.Limit(), limit.Burst()),
		}
	}
	return key, a.verifier.remember(id, now)
}

// refuse answers a request that is not admitted.
func (a *Announcements) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusUnauthorized
	var why *SignatureError
	if errors.As(err, &why) {
		if status = why.Status; why.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(why.RetryAfter.Seconds()))))
		}
	}
	a.refused.Do(func() {
		a.log.WarnContext(r.Context(), "a request was refused, and perhaps more", "from", r.RemoteAddr, "status", status, "reason", err.Error())
	})
	writeError(w, status, err.Error())
}

// result is what became of an event.
type result struct {
	ID    string `json:"id"`
	State string `json:"state"` // announced, edited, unchanged, withdrawn, unknown, refused
	Error string `json:"error,omitempty"`
}

type results struct {
	Events []result `json:"events"`
}

func (a *Announcements) delete(w http.ResponseWriter, r *http.Request, key string) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	ids := query["id"]
	if err != nil || len(query) != 1 || len(ids) != 1 || ids[0] == "" {
		writeError(w, http.StatusUnprocessableEntity, "1 fault", fault{"query", r.URL.RawQuery, "id=ID of one event"})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.withdraw(ids[0])
	a.note(r, key, out)
	status := http.StatusOK
	switch out.State {
	case "unknown":
		status = http.StatusNotFound
	case "refused":
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, results{[]result{out}})
}

func (a *Announcements) post(w http.ResponseWriter, r *http.Request, key string, body []byte, now time.Time) {
	reader := a.reader
	reader.now = now
	m, err := reader.read(body)
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	if n := len(reader.faults); n > 0 {
		writeError(w, http.StatusUnprocessableEntity, plural(n, "fault")+"; nothing was announced", reader.faults...)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told.forget(now.Add(-a.reader.behind))
	slices.SortFunc(m.announce, byStart)
	out := make([]result, 0, len(m.announce)+len(m.withdraw))
	var full []forecast.Event
	for _, ev := range m.announce {
		did, room := a.announce(ev)
		if !room && len(m.withdraw) > 0 {
			full = append(full, ev)
			continue
		}
		out = append(out, did)
	}
	for _, id := range m.withdraw {
		out = append(out, a.withdraw(id))
	}
	for _, ev := range full { // there may be room now
		did, _ := a.announce(ev)
		out = append(out, did)
	}
	status := http.StatusOK
	for _, did := range out {
		a.note(r, key, did)
		if did.State == "refused" {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", strconv.Itoa(int(roomAfter.Seconds())))
		}
	}
	writeJSON(w, status, results{out})
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// announce tells of ev, also if it was told before: an engine that was restored, or has been told otherwise since, does not
// know it any more, and to one that does the same event is nothing new. room is false where the table is full.
func (a *Announcements) announce(ev forecast.Event) (did result, room bool) {
	if err := a.announcer.Announce(ev); err != nil {
		return result{ev.ID, "refused", err.Error()}, !errors.Is(err, forecast.ErrEventTableFull)
	}
	return result{ID: ev.ID, State: a.told.set(ev)}, true
}

// withdraw takes the event with that ID back.
func (a *Announcements) withdraw(id string) result {
	err := a.announcer.Withdraw(id)
	switch {
	case errors.Is(err, forecast.ErrUnknownEvent):
		delete(a.told.events, id)
		return result{id, "unknown", err.Error()}
	case err != nil:
		return result{id, "refused", err.Error()}
	}
	delete(a.told.events, id)
	return result{ID: id, State: "withdrawn"}
}

// note logs what became of an event.
func (a *Announcements) note(r *http.Request, key string, did result) {
	level := slog.LevelInfo
	switch did.State {
	case "refused":
		level = slog.LevelError
	case "unchanged":
		level = slog.LevelDebug
	}
	attributes := []any{"id", did.ID, "state", did.State, "key", key}
	if did.Error != "" {
		attributes = append(attributes, "error", did.Error)
	}
	a.log.Log(r.Context(), level, "event of a webhook", attributes...)
}

// ledger is what was told, to say what is new. What it does not know any more is told as new, and does no harm.
type ledger struct{ events map[string]forecast.Event }

// mostTold bounds the ledger; some 300 bytes each.
const mostTold = 10_000

// set notes ev and says what it is to what was told before.
func (l *ledger) set(ev forecast.Event) string {
	was, known := l.events[ev.ID]
	if known && sameEvent(&was, &ev) {
		return "unchanged"
	}
	if known || len(l.events) < mostTold {
		l.events[ev.ID] = ev
	}
	if known {
		return "edited"
	}
	return "announced"
}

// forget drops, when half of the room is taken, what was over before t.
func (l *ledger) forget(t time.Time) {
	if len(l.events) < mostTold/2 {
		return
	}
	for id, ev := range l.events {
		if ev.Start.Add(ev.Window + ev.Duration).Before(t) {
			delete(l.events, id)
		}
	}
}
