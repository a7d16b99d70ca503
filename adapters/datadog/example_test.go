package datadog_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/datadog"
	"github.com/headroom-go/headroom/adapters/memory"
	"github.com/headroom-go/headroom/scaler"
)

// Three workloads of one organisation, and what they cost it. In a program, URL and HTTP are left out, Keys reads secrets, Statsd
// is a *statsd.Client that main closes at its end, and Run takes the place of Tick.
func Example() {
	server := httptest.NewServer(&store{endless: true}) // instead of Datadog
	defer server.Close()
	client, err := datadog.NewClient(datadog.ClientConfig{
		URL: server.URL, HTTP: server.Client(),
		Keys: func() (datadog.Keys, error) { return datadog.Keys{API: apiKey, Application: applicationKey}, nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var cfg adapters.GroupConfig
	for _, name := range []string{"search", "basket", "checkout"} {
		source, err := client.Source(datadog.SourceConfig{
			Query: "sum:trace.http.request.hits{service:" + name + "}.as_rate().rollup(avg, 60)", Step: time.Minute, Delay: 20 * time.Second,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		observer, err := datadog.NewObserver(datadog.ObserverConfig{Statsd: &statsd.NoOpClient{}, Service: name, Cluster: "eu"})
		if err != nil {
			fmt.Println(err)
			return
		}
		engine, err := scaler.New(scaler.Config{Signals: []scaler.Signal{{Name: "requests", Capacity: 10}}, Delay: scaler.Duration(20 * time.Second)})
		if err != nil {
			fmt.Println(err)
			return
		}
		fleet, err := memory.NewActuator(memory.ActuatorConfig{Step: time.Minute, Boot: 2 * time.Minute, Start: 15})
		if err != nil {
			fmt.Println(err)
			return
		}
		cfg.Workloads = append(cfg.Workloads, adapters.Config{
			Name: name, Engine: engine, Sources: []adapters.Source{source}, Actuator: fleet, Observers: []adapters.Observer{observer}, Backfill: 2 * time.Hour,
		})
	}
	group, err := adapters.NewGroup(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 3 {
		if err := group.Tick(context.Background(), minute(i).Add(20*time.Second)); err != nil {
			fmt.Println(err)
		}
	}
	usage := client.Usage()
	fmt.Printf("%d requests for %d queries\n", usage.Requests, usage.Queries)
	// Output: 3 requests for 9 queries
}

// BenchmarkRead is what a minute of 35 workloads costs this side, the server in the same process included.
func BenchmarkRead(b *testing.B) {
	s := newServices(b, 1, 35)
	b.ReportAllocs()
	for b.Loop() {
		for i := range s.sources {
			if got, err := s.sources[i].Read(b.Context(), nil, minute(-10), minute(1)); err != nil || len(got) != 11 {
				b.Fatal(got, err)
			}
		}
	}
}
