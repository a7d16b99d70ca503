package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/forecast"
	"github.com/headroom-go/headroom/scaler/sim"
)

// story is what a Prometheus server would remember of ten generated days: the visits per minute of a web site with a plan of TV
// spots, and the replicas of the HPA that scaled it. It is the same on every machine.
type story struct {
	series series
	events []forecast.Event
	begin  time.Time
}

// The names of the series, which are queries as well.
const (
	visitsSeries  = "visits_per_minute"
	readySeries   = "replicas_ready"
	desiredSeries = "replicas_desired"
)

const (
	storyDays = 10
	learned   = 8 * 24 * time.Hour // of them, before the comparison begins
)

// storyHours is the daily profile: demand at each full hour.
var storyHours = [25]float64{
	112, 72, 48, 40, 36, 44, 80, 136, 192, 228, 248, 264, 280, 272, 264, 260, 272, 296, 336, 376, 400, 368, 280, 180, 112,
}

// storyTerms are those of the HPA that is in the story.
func storyTerms(begin time.Time) terms {
	return terms{from: begin, step: time.Minute, boot: 2 * time.Minute, capacity: 10, target: 70}
}

// generate makes the story.
func generate() (*story, error) {
	s := &story{series: series{}, begin: time.Date(2026, time.March, 5, 0, 0, 0, 0, time.UTC)} // a Thursday
	base := make([]float64, storyDays*24*60)
	for i := range base {
		hour, part := i/60%24, float64(i%60)/60
		ripple := 1 + float64(.04*(float64(i*37%101)/50-1)) // minutes differ
		base[i] = math.Round(float64((storyHours[hour] + float64((storyHours[hour+1]-storyHours[hour])*part)) * ripple))
	}
	trace, err := sim.NewTrace("story", s.begin, time.Minute, base)
	if err != nil {
		return nil, err
	}
	spots := sim.Injection{Kernel: sim.Kernel{Amplitude: 2, Rise: time.Minute, Decay: 100 * time.Second},
		Jitter: 20 * time.Second, Scatter: .4, Every: 5 * time.Hour, Seed: 7}
	planted, err := sim.Inject(trace, spots, spots.Moments(trace))
	if err != nil {
		return nil, err
	}
	s.events = planted.Planned
	for i := range s.events {
		s.events[i].Kind = "tv"
	}
	for i, at := range planted.Trace.Times {
		s.series[visitsSeries] = append(s.series[visitsSeries], forecast.Sample{Time: at, Value: math.Round(planted.Trace.Demand[i])})
	}
	return s, s.scale()
}

// scale plays the HPA.
func (s *story) scale() error {
	ctx := context.Background()
	visits, err := memory.NewSource(memory.SourceConfig{Step: time.Minute})
	if err != nil {
		return err
	}
	visits.Append(s.series[visitsSeries]...)
	t := storyTerms(s.begin)
	fleet, err := t.play(ctx, visits)
	if err != nil {
		return err
	}
	for i := range storyDays * 24 * 60 {
		// What is there at the end of a minute is the sample of that minute, as for every expression.
		at := s.begin.Add(time.Duration(i) * time.Minute)
		fleet.at(at.Add(time.Minute))
		there, err := fleet.Fleet(ctx)
		if err != nil {
			return err
		}
		s.series[readySeries] = append(s.series[readySeries], forecast.Sample{Time: at, Value: float64(there.Ready)})
		s.series[desiredSeries] = append(s.series[desiredSeries], forecast.Sample{Time: at, Value: float64(there.Ordered())})
	}
	return nil
}

// on has t play the story behind an address.
func (s *story) on(t *terms, address string) {
	t.server, t.demand, t.ready, t.wanted = address, visitsSeries, readySeries, desiredSeries
	t.from, t.to = s.begin.Add(learned), s.begin.Add(storyDays*24*time.Hour)
	t.announced = s.events
}

// serve answers as Prometheus does on loopback until stop is called.
func (s *story) serve() (address string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/query_range", s.answer)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // ends with stop
	}()
	return "http://" + l.Addr().String(), func() {
		_ = server.Close()
		<-ended
	}, nil
}

// answer is query_range for the names of the series.
func (s *story) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	start, e1 := strconv.ParseFloat(r.FormValue("start"), 64)
	end, e2 := strconv.ParseFloat(r.FormValue("end"), 64)
	samples, known := s.series[r.FormValue("query")]
	if err := errors.Join(e1, e2); err != nil || !known {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "error", "errorType": "bad_data",
			"error": fmt.Sprintf("%s: wanted a series of the story and two times", r.Form.Encode())})
		return
	}
	first := s.begin.Add(time.Minute).Unix() // a sample is known at the end of its minute
	values := [][2]any{}
	for i := max(0, int((int64(start)-first+59)/60)); i < len(samples) && first+int64(i)*60 <= int64(end); i++ {
		values = append(values, [2]any{first + int64(i)*60, strconv.FormatFloat(samples[i].Value, 'g', -1, 64)})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{
		"resultType": "matrix", "result": []any{map[string]any{"metric": map[string]string{"__name__": r.FormValue("query")}, "values": values}},
	}})
}

// series are samples by name, one for each minute of the story.
type series map[string][]forecast.Sample
