// Package calendar reads calendars of events (media plans, iCalendar files, cron schedules) and keeps what is announced to an
// engine in line with them.
//
// Read understands one calendar and returns a Plan; a Watcher does so again and again, compares, and announces, changes
// and withdraws. It has no goroutine and no clock: its owner calls Sync, for example once a minute.
//
//	watcher, err := calendar.NewWatcher(calendar.Config{
//		Announcer: runner,
//		Calendars: []calendar.Calendar{{
//			Name:   "tv",
//			Loader: calendar.File("/etc/headroom/mediaplan.csv"),
//			Read:   calendar.ReadConfig{Location: berlin, Kind: "tv", Window: 30 * time.Second},
//		}},
//	})
//	...
//	report, err := watcher.Sync(ctx, time.Now())
//
// # Media plans
//
// A table of the spots, as agencies and broadcasters send it: separated by semicolons, commas, tabs or bars, in UTF-8, UTF-16
// or Windows-1252, with up to 20 rows above the header line and sums below.
//
//	Datum;Uhrzeit;Sender;Motiv;Länge;Netto
//	Sa 07.03.2026;20:13:05;RTL;Frühling A;30;12.400,00
//	Sa 07.03.2026;25:30;VOX;Frühling B;20;2.150,00
//
// Names of columns are understood in English and German: date and time, or a timestamp; channel or network, creative,
// feed, daypart, block, programme, campaign and product, which become labels in this order; length; what was paid or else
// GRP or TRP, which is the weight; id, kind, window, status. ReadConfig.Columns says what others mean, and Plan.Ignored which
// were not used. 25:30 is 01:30 on the next day. A comma may be decimal. Dates with slashes need a date in the plan that
// leaves no doubt which number is the day, or ReadConfig.DateOrder.
//
// A table whose first line has a column timestamp is one of the events of a replay (examples/replay -events) and is read
// by its rules: every other column is a label.
//
// # YAML and JSON
//
//	timezone: Europe/Berlin
//	kind: tv
//	window: 30s
//	events:
//	  - id: tv-17
//	    start: 2026-03-07 20:13:05
//	    duration: 30s
//	    weight: 12400
//	    labels: {network: RTL, creative: spring-a}
//	  - kind: newsletter
//	    cron: "30 9 * * MON"
//	    except: [2026-04-06]
//
// Keys that are not known are faults. cron makes an event of each time that the Schedule is due; from, until and except
// bound it. cancelled: true calls an event off, which is more than to leave it out.
//
// # iCalendar
//
// VEVENTs of RFC 5545, with RRULE, RDATE, EXDATE, RECURRENCE-ID, STATUS:CANCELLED and METHOD:CANCEL. TZID is a name of the zone
// database or one of Windows for Europe and North America; definitions within the file are not used. The first of the
// CATEGORIES is the kind; SUMMARY and LOCATION are labels. X-HEADROOM-KIND, X-HEADROOM-WEIGHT, X-HEADROOM-WINDOW and
// X-HEADROOM-LABEL (KEY=value) say what iCalendar has no name for. What recurs is followed to the end of the span that is
// read, hourly at most.
//
// # When the clock changes
//
// All formats have the rule of RFC 5545, 3.3.5: a time that the clock skips is read with the offset before the change (02:30
// in Berlin on the last Sunday of March is 03:30), and of a time that comes twice the first is meant. Both are
// reported. Schedule says what that means for cron.
//
// # Names of events
//
// An event is edited and withdrawn by its ID. An ID that the calendar gives stays as it is, and a live announcement of the
// same ID speaks of the same event; occurrences of what recurs have @ and their planned start behind it. An event without
// one gets an ID made of the calendar's name, start, kind and labels. So a change of its weight, window or duration is an
// edit, wherever it stands in the plan; a change of its start, kind or labels makes another event, which a Sync announces
// before it withdraws the old one.
//
// # What is not believed
//
// See Watcher.Sync for what becomes of a calendar that is unreadable, faulty, empty or much shorter than before, and the
// rules of Finding for what is reported. Aired compares events with the demand that they were to bring, and sees where a
// plan is in the wrong time zone.
package calendar
