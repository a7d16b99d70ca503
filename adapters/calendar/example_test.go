package calendar_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/scaler"
)

// The TV week of a marketplace: the plan comes from the agency, and on Thursday a file that ends too early.
func ExampleWatcher_Sync() {
	engine, err := scaler.New(scaler.Config{Penalty: 20, Signals: []scaler.Signal{{Name: "visits", Capacity: 10}}})
	if err != nil {
		panic(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	plan := `Mediaplan KW 10;;;;;
Datum;Uhrzeit;Sender;Motiv;Länge;Netto
Do 05.03.2026;20:13:05;RTL;Frühling A;30;12.400,00
Fr 06.03.2026;21:45:00;VOX;Frühling B;20;4.150,00
Sa 07.03.2026;20:13:05;RTL;Frühling A;30;14.900,00
Sa 07.03.2026;25:30:00;VOX;Frühling B;20;1.200,00
Summe;;;;;32.650,00
`
	watcher, err := calendar.NewWatcher(calendar.Config{
		Announcer: engine, // or a Runner
		Calendars: []calendar.Calendar{{
			Name:   "tv",
			Loader: calendar.From(func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(plan)), nil }),
			Read:   calendar.ReadConfig{Location: berlin, Kind: "tv", Window: 30 * time.Second},
		}},
		Ahead: 24 * time.Hour,
	})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, berlin)
	report, err := watcher.Sync(context.Background(), now)
	fmt.Print(report)
	fmt.Println(err)

	plan, _, _ = strings.Cut(plan, "Fr 06")
	report, err = watcher.Sync(context.Background(), now.Add(time.Hour))
	fmt.Print(report)
	fmt.Println(err)
	// Output:
	// Thu 5 Mar 12:00:00: 4 announced, 0 changed, 0 withdrawn; 4 stand
	// + "tv/20260305T191305Z-5f074aca" (tv, Thu 5 Mar 20:13:05)
	// + "tv/20260306T204500Z-8f43cfe2" (tv, Fri 6 Mar 21:45:00)
	// + "tv/20260307T191305Z-030083a3" (tv, Sat 7 Mar 20:13:05)
	// + "tv/20260308T003000Z-a80cc014" (tv, Sun 8 Mar 01:30:00)
	// <nil>
	// Thu 5 Mar 13:00:00: 0 announced, 0 changed, 0 withdrawn; 4 stand; tv is in doubt
	// ! tv: 3 of 4 coming events are gone or moved at once; they stay announced beside what it says now, until it is confirmed or Thu 5 Mar 19:00:00
	// <nil>
}
