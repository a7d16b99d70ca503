package calendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/calendar"
	"github.com/headroom-go/headroom/scaler/sim"
)

func place(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func year(t testing.TB, loc string, year int) calendar.ReadConfig {
	return calendar.ReadConfig{Location: place(t, loc), Kind: "tv", From: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(year+1, 1, 8, 0, 0, 0, 0, time.UTC)}
}

// lines writes each event on a line.
func lines(p calendar.Plan) string {
	var b strings.Builder
	for _, e := range p.Entries {
		ev := e.Event
		fmt.Fprintf(&b, "%d %s %s %v %g", e.Line, ev.Start.Format(time.RFC3339), ev.Kind, ev.Duration, ev.Weight)
		for _, l := range ev.Labels {
			fmt.Fprintf(&b, " %s=%s", l.Key, l.Value)
		}
		if e.Note != "" {
			fmt.Fprintf(&b, " (%s)", e.Note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const german = "Mediaplan Marktplatz KW 10;;;;;\n\nDatum;Uhrzeit;Sender;Motiv;Länge (Sek.);Netto;KW\n" +
	"Sa 07.03.2026;20:13:05;RTL;Frühling A;30\";12.400,00 €;10\nSa 07.03.2026;25:30;VOX;Frühling B;20;2.150;10\nSumme;;;;;14.550,00;\n;;;;;;\n"

const germanEvents = "4 2026-03-07T20:13:05+01:00 tv 30s 12400 network=RTL creative=Frühling A\n" +
	"5 2026-03-08T01:30:00+01:00 tv 20s 2150 network=VOX creative=Frühling B\n"

func latin1(s string) string {
	var b []byte
	for _, r := range s {
		if r == '€' {
			r = 0x80
		}
		b = append(b, byte(r))
	}
	return string(b)
}

func TestMediaPlans(t *testing.T) {
	for name, x := range map[string]struct{ text, want string }{
		"german":             {german, germanEvents},
		"byte order mark":    {"\xef\xbb\xbf" + german, germanEvents},
		"windows-1252":       {latin1(german), germanEvents},
		"carriage returns":   {strings.ReplaceAll(german, "\n", "\r\n"), germanEvents},
		"english, tabs":      {"Air Date\tAir Time\tChannel\tSpot\tLength\tGRP\n03/13/2026\t8:13 PM\tFXX\tA\t0:30\t1,200.5\n03/04/2026\t01:00\tFXX\tA\t15\t2\n", "3 2026-03-04T01:00:00+01:00 tv 15s 2 network=FXX creative=A\n2 2026-03-13T20:13:00+01:00 tv 30s 1200.5 network=FXX creative=A\n"},
		"net before gross":   {"date,time,gross,net\n2026-03-07,20:13,9,5\n", "2 2026-03-07T20:13:00+01:00 tv 0s 5\n"},
		"skipped and double": {"date,time\n2026-03-29,02:30\n2026-10-25,02:30\n", "2 2026-03-29T03:30:00+02:00 tv 0s 0 (02:30 does not exist on that day in Europe/Berlin; 03:30 is taken)\n3 2026-10-25T02:30:00+02:00 tv 0s 0 (02:30 comes twice on that day in Europe/Berlin; the first is taken)\n"},
		"end of the year":    {"date;time\n31.12.2026;24:30\n", "2 2027-01-01T00:30:00+01:00 tv 0s 0\n"},
		"empty":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := calendar.Read([]byte(x.text), "plan", year(t, "Europe/Berlin", 2026))
			require.NoError(t, err)
			require.Equal(t, x.want, lines(p))
		})
	}
}

func TestLeapDay(t *testing.T) {
	p, err := calendar.Read([]byte("date;time\n29.02.2028;20:00\n"), "plan", year(t, "America/New_York", 2028))
	require.NoError(t, err)
	require.Equal(t, "2 2028-02-29T20:00:00-05:00 tv 0s 0\n", lines(p))
	_, err = calendar.Read([]byte("date;time\n29.02.2026;20:00\n"), "plan", year(t, "America/New_York", 2026))
	require.ErrorContains(t, err, `plan: line 2: date is "29.02.2026"; wanted a date such as`)
}

func TestEveryFaultAtOnceAndWhatIsRightIsKept(t *testing.T) {
	p, err := calendar.Read([]byte("id;date;time;spend;length\na;07.03.2026;20:13;1;30\nb;32.03.2026;31:00;x;y\na;08.03.2026;20:13;1;30\nc;03/04/2026;20:13;1;30\n"), "plan", year(t, "UTC", 2026))
	require.Equal(t, "2 2026-03-07T20:13:00Z tv 30s 1\n", lines(p))
	var faults *calendar.Faults
	require.ErrorAs(t, err, &faults)
	got := ""
	for _, f := range faults.List {
		got += fmt.Sprintf("%d %s %s\n", f.Line, f.Field, f.Value)
	}
	require.Equal(t, "3 date \"32.03.2026\"\n3 time \"31:00\"\n3 spend \"x\"\n3 length \"y\"\n4 id \"a\", which is line 2's already\n5 date \"03/04/2026\"\n", got)
	require.ErrorContains(t, err, "date_order dmy or mdy in the configuration")
}

func TestReplayEventsAreReadAsTheReplayReadsThem(t *testing.T) {
	const text = "timestamp,id,kind,spend_usd,network,duration_s,grp,window\n2026-03-07T20:13:05Z,a,tv,69.70,FXX,14,1.5,90s\n1772914385.5,b,,1.234,,,,30\n"
	want, err := sim.ReadEvents(strings.NewReader(text), "x")
	require.NoError(t, err)
	p, err := calendar.Read([]byte(text), "plan", calendar.ReadConfig{To: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	require.Equal(t, want, p.Events())
}

func TestConfigurationIsChecked(t *testing.T) {
	_, err := calendar.Read(nil, "plan", calendar.ReadConfig{Format: "xls", DateOrder: "ymd", DayStart: 9, Most: -1, Columns: map[string]string{"a": "b"}})
	for _, field := range []string{"format", "to", "most", `columns["a"]`, "date_order", "day_start"} {
		require.ErrorContains(t, err, field+" is ")
	}
}

func TestColumnsCanBeNamed(t *testing.T) {
	cfg := year(t, "UTC", 2026)
	cfg.Columns = map[string]string{"Tag X": "date", "um": "time", "Wer": "label:network", "netto": "ignore", "Reichweite": "weight"}
	cfg.DayStart = 6
	p, err := calendar.Read([]byte("Tag X;um;Wer;Netto;Reichweite\n2026-03-07;01:30;RTL;5;7\n"), "plan", cfg)
	require.NoError(t, err)
	require.Equal(t, "2 2026-03-08T01:30:00Z tv 0s 7 network=RTL\n", lines(p))
}

func TestDocuments(t *testing.T) {
	const text = "timezone: Europe/Berlin\nwindow: 30s\nevents:\n  - id: tv-17\n    start: 2026-03-07 20:13:05\n    duration: 30s\n    weight: 12400\n    labels: {network: RTL}\n" +
		"  - kind: push\n    cron: \"30 2 * * SUN\"\n    from: 2026-03-20\n    until: 2026-04-20\n    except: [2026-04-12]\n"
	p, err := calendar.Read([]byte(text), "plan", year(t, "UTC", 2026))
	require.NoError(t, err)
	require.Equal(t, "4 2026-03-07T20:13:05+01:00 tv 30s 12400 network=RTL\n9 2026-03-22T02:30:00+01:00 push 0s 0\n9 2026-03-29T03:30:00+02:00 push 0s 0\n"+
		"9 2026-04-05T02:30:00+02:00 push 0s 0\n9 2026-04-19T02:30:00+02:00 push 0s 0\n", lines(p))
	p, err = calendar.Read([]byte("{\"events\": [\n{\"start\": \"2026-03-07T20:13:05Z\"},\n{\"id\": \"x\", \"start\": \"2026-03-07\", \"cancelled\": true},\n {\"begin\": 3}]}"), "plan", year(t, "UTC", 2026))
	require.ErrorContains(t, err, `line 4: events[2] is unknown field "begin"; wanted an event with id, kind, start`)
	require.Equal(t, "2 2026-03-07T20:13:05Z tv 0s 0\n", lines(p))
	require.Equal(t, []string{"x"}, p.Cancelled)
	for text, want := range map[string]string{
		"events:\n- start: 2026-03-07\n  start: 2026-03-08\n":          "line 3: document is",
		"events:\n- start: nonsense\n":                                 `line 2: events[0].start is "nonsense"; wanted RFC 3339`,
		"events:\n- cron: 61 * * * *\n":                                "line 2: events[0].cron is",
		"timezone: Local\nevents: []\n":                                `timezone is "Local"`,
		"events:\n- start: 2026-03-07\n  labels: {feed: 2.0}\n":        "labels.feed is 2; wanted text",
		"events:\n- start: 2026-03-07\n  window: 5\n":                  "events[0] is",
		"events:\n- start: 2026-03-07\n  cron: '@daily'\n":             "both of start and cron",
		"events:\n- {id: a, start: 2026-03-07, weight: -1}\n":          "weight is -1",
		"events:\n- {id: a, start: 2026-03-07}\n- {id: a, start: x}\n": "events[1].id is",
	} {
		_, err := calendar.Read([]byte(text), "plan", year(t, "UTC", 2026))
		require.ErrorContains(t, err, want, text)
	}
}

func vcalendar(body string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.ReplaceAll(body, "\n", "\r\n") + "END:VCALENDAR\r\n"
}

func TestICalendar(t *testing.T) {
	text := vcalendar("BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:16010101T030000\nEND:STANDARD\nEND:VTIMEZONE\n" +
		"BEGIN:VEVENT\nUID:abc\nDTSTART;TZID=Europe/Berlin:20260307T201305\nDURATION:PT30S\nRRULE:FREQ=WEEKLY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20260314T201305\n" +
		"RDATE;TZID=Europe/Berlin:20260310T201305\nSUMMARY:Früh\n ling\\, A\nX-HEADROOM-WEIGHT:900\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:abc\nRECURRENCE-ID;TZID=W. Europe Standard Time:20260321T201305\nDTSTART;TZID=Europe/Berlin:20260321T211305\nSUMMARY:later\nEND:VEVENT\n" +
		"BEGIN:VEVENT\nUID:off\nDTSTART:20260307T120000Z\nSTATUS:CANCELLED\nEND:VEVENT\nBEGIN:VEVENT\nUID:day\nDTSTART;VALUE=DATE:20260501\nCATEGORIES:sale\nEND:VEVENT\n")
	p, err := calendar.Read([]byte(text), "plan", year(t, "Europe/Berlin", 2026))
	require.NoError(t, err)
	require.Equal(t, "9 2026-03-07T20:13:05+01:00 tv 30s 900 summary=Frühling, A\n9 2026-03-10T20:13:05+01:00 tv 30s 900 summary=Frühling, A\n"+
		"20 2026-03-21T21:13:05+01:00 tv 0s 0 summary=later\n9 2026-03-28T20:13:05+01:00 tv 30s 900 summary=Frühling, A\n9 2026-04-04T20:13:05+02:00 tv 30s 900 summary=Frühling, A\n"+
		"31 2026-05-01T00:00:00+02:00 sale 24h0m0s 0\n", lines(p))
	require.Equal(t, []string{"off"}, p.Cancelled)
	require.Equal(t, "abc@20260321T191305Z", p.Entries[2].Event.ID, "an occurrence that moved keeps its name")
	for body, want := range map[string]string{
		"BEGIN:VEVENT\nUID:a\nEND:VEVENT\n":                                                             "DTSTART is missing",
		"BEGIN:VEVENT\nDTSTART;TZID=Moon:20260101T000000\nEND:VEVENT\n":                                 `DTSTART;TZID is "Moon"`,
		"BEGIN:VEVENT\nDTSTART:20260101T000000\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n":                      "wanted FREQ of HOURLY or less often",
		"BEGIN:VEVENT\nDTSTART:20260101T000000\nRRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=5\nEND:VEVENT\n":   "wanted FREQ=DAILY",
		"BEGIN:VEVENT\nDTSTART:20260101T000000\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n": "a day that some month has",
		"BEGIN:VEVENT\nDTSTART:20260101T000000\nRRULE:FREQ=MONTHLY;BYDAY=53MO\nEND:VEVENT\n":            "a rule that some month or year can follow",
		"BEGIN:VEVENT\nDTSTART;A=b\nEND:VEVENT\n":                                                       "a colon before the value",
		"BEGIN:VEVENT\nDTSTART:20260101T000000\n":                                                       "END",
	} {
		_, err := calendar.Read([]byte(vcalendar(body)), "plan", year(t, "UTC", 2026))
		require.ErrorContains(t, err, want)
	}
	_, err = calendar.Read([]byte(text[:len(text)-30]), "plan", year(t, "UTC", 2026))
	require.ErrorContains(t, err, "has it been cut off?")
}

func TestTheNewestCopyCountsAndUntilIsInUTC(t *testing.T) {
	p, err := calendar.Read([]byte(vcalendar("BEGIN:VEVENT\nUID:a\nSEQUENCE:2\nDTSTART:20260307T200000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nSEQUENCE:1\nDTSTART:20260307T190000Z\nEND:VEVENT\n"+
		"BEGIN:VEVENT\nUID:b\nDTSTART;TZID=America/New_York:20260401T200000\nRRULE:FREQ=DAILY;UNTIL=20260402T235959Z\nEND:VEVENT\n")), "plan", year(t, "UTC", 2026))
	require.NoError(t, err)
	require.Equal(t, "3 2026-03-07T20:00:00Z tv 0s 0\n13 2026-04-01T20:00:00-04:00 tv 0s 0\n", lines(p))
}

func TestRecurrenceStaysOnTheClock(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York"} {
		loc := place(t, name)
		text := vcalendar("BEGIN:VEVENT\nUID:a\nDTSTART;TZID=" + name + ":20260101T023000\nRRULE:FREQ=DAILY;UNTIL=20261231T235959Z\nEND:VEVENT\n")
		p, err := calendar.Read([]byte(text), "plan", year(t, name, 2026))
		require.NoError(t, err)
		require.Len(t, p.Entries, 365)
		for _, e := range p.Entries {
			if e.Note == "" || strings.Contains(e.Note, "twice") {
				require.Equal(t, "02:30", e.Event.Start.In(loc).Format("15:04"))
			} else {
				require.Equal(t, "03:30", e.Event.Start.In(loc).Format("15:04"))
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(german)
	f.Add("timestamp,id\n2026-03-07T20:13:05Z,a\n")
	f.Add("events:\n- cron: '*/7 1-5 * * *'\n")
	f.Add(`{"events":[{"start":"2026-03-07"}]}`)
	f.Add(vcalendar("BEGIN:VEVENT\nUID:a\nDTSTART:20260101T000000\nRRULE:FREQ=DAILY\nEND:VEVENT\n"))
	f.Fuzz(func(t *testing.T, text string) {
		cfg := calendar.ReadConfig{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Most: 500}
		p, err := calendar.Read([]byte(text), "plan", cfg)
		require.LessOrEqual(t, len(p.Entries), 500)
		for i := range p.Entries {
			ev := p.Entries[i].Event
			require.NoError(t, ev.Check())
			require.False(t, ev.Start.Before(cfg.From) || !ev.Start.Before(cfg.To))
		}
		again, twice := calendar.Read([]byte(text), "plan", cfg)
		require.Equal(t, p, again)
		require.Equal(t, err, twice)
	})
}
