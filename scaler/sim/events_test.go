package sim

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func TestReadEvents(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []forecast.Event
	}{
		{"only times", "timestamp\n60\n1970-01-01T00:02:03Z\n", []forecast.Event{
			{ID: "row-1", Kind: "event", Start: at(60)}, {ID: "row-2", Kind: "event", Start: at(123)}}},
		{"everything", "network,id,timestamp,kind,weight,window,duration_s,creative\nFXX,a,60,spot,2.5,90s,14,x\nABC,b,61,sale,,30,0.5,\n",
			[]forecast.Event{
				{ID: "a", Kind: "spot", Start: at(60), Weight: 2.5, Window: 90 * time.Second, Duration: 14 * time.Second,
					Labels: []forecast.Label{{Key: "network", Value: "FXX"}, {Key: "creative", Value: "x"}}},
				{ID: "b", Kind: "sale", Start: at(61), Window: 30 * time.Second, Duration: 500 * time.Millisecond,
					Labels: []forecast.Label{{Key: "network", Value: "ABC"}}}}},
		{"spend is the weight, then no label", "timestamp,spend_usd,grp\n60,7,3\n", []forecast.Event{
			{ID: "row-1", Kind: "event", Start: at(60), Weight: 7, Labels: []forecast.Label{{Key: "grp", Value: "3"}}}}},
		{"weight goes before spend", "timestamp,spend_usd,weight\n60,7,3\n", []forecast.Event{
			{ID: "row-1", Kind: "event", Start: at(60), Weight: 3, Labels: []forecast.Label{{Key: "spend_usd", Value: "7"}}}}},
		{"rating points are the weight", "timestamp,GRP\n60,3\n", []forecast.Event{{ID: "row-1", Kind: "event", Start: at(60), Weight: 3}}},
		{"sorted by start, stable", "timestamp,id\n120,a\n60,b\n120,c\n60,d\n", []forecast.Event{
			{ID: "b", Kind: "event", Start: at(60)}, {ID: "d", Kind: "event", Start: at(60)},
			{ID: "a", Kind: "event", Start: at(120)}, {ID: "c", Kind: "event", Start: at(120)}}},
		{"an id stays the row's, wherever it is sorted to", "timestamp,id\n120,\n60,\n", []forecast.Event{
			{ID: "row-2", Kind: "event", Start: at(60)}, {ID: "row-1", Kind: "event", Start: at(120)}}},
		{"a row may end early", "timestamp,id,kind\n60\n", []forecast.Event{{ID: "row-1", Kind: "event", Start: at(60)}}},
		{"byte order mark", "\xef\xbb\xbftimestamp,id\n60,a\n", []forecast.Event{{ID: "a", Kind: "event", Start: at(60)}}},
		{"none", "timestamp,id\n", []forecast.Event{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, file := range [][]byte{[]byte(c.file), zipped(t, c.file)} {
				got, err := ReadEvents(bytes.NewReader(file), "e.csv")
				require.NoError(t, err)
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestReadEventsNamesTheLineAndWhatWasWanted(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"empty", "", "e.csv:1: the file is empty; wanted a header line"},
		{"no time column", "start,id\n60,a\n", `e.csv:1: no column is named "timestamp"`},
		{"two id columns", "timestamp,id,ID\n", `e.csv:1: columns 2 and 3 are both named "id"; wanted one`},
		{"two labels of a name", "timestamp,feed,feed\n", `e.csv:1: columns 2 and 3 are both named "feed"; wanted one`},
		{"a label without name", "timestamp,\n60,a\n", "e.csv:1: column 2 has no name"},
		{"no time", "timestamp,id\n60,a\n,b\n", "e.csv:3: timestamp: the event has no time; wanted RFC 3339"},
		{"a bad time", "timestamp,id\nsoon,a\n", `e.csv:2: timestamp "soon": wanted RFC 3339`},
		{"the same id", "timestamp,id\n60,a\n70,b\n80,a\n", `e.csv:4: id "a" is line 2's already; wanted one event for each id`},
		{"an id like a generated one", "timestamp,id\n60,row-2\n70,\n", `e.csv:3: id "row-2" is line 2's already`},
		{"a negative weight", "timestamp,weight\n60,-1\n", `e.csv:2: weight "-1": wanted a finite number of 0 or more`},
		{"a bad spend", "timestamp,spend_usd\n60,much\n", `e.csv:2: spend_usd "much": wanted a finite number of 0 or more`},
		{"an infinite weight", "timestamp,weight\n60,Inf\n", `e.csv:2: weight "Inf": wanted a finite`},
		{"no number for a weight", "timestamp,weight\n60,NaN\n", `e.csv:2: weight "NaN": wanted a finite`},
		{"a negative window", "timestamp,window\n60,-90s\n", `e.csv:2: window "-90s": wanted text such as "90s" or a number of seconds, 0 or more`},
		{"a bad window", "timestamp,window\n60,wide\n", `e.csv:2: window "wide": wanted text such as "90s"`},
		{"a negative duration", "timestamp,duration_s\n60,-1\n", `e.csv:2: duration_s "-1": wanted a number of seconds, 0 to 9e9`},
		{"an endless duration", "timestamp,duration_s\n60,1e300\n", `e.csv:2: duration_s "1e300": wanted a number of seconds, 0 to 9e9`},
		{"a window of two months", "timestamp,id,window\n60,a,1440h\n", `e.csv:2: event "a": window is 1440h0m0s; wanted 0 to 744h0m0s`},
		{"a duration with a unit", "timestamp,duration_s\n60,14s\n", `e.csv:2: duration_s "14s": wanted a number of seconds, 0 to 9e9`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadEvents(strings.NewReader(c.file), "e.csv")
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n", "one line")
		})
	}
}

func TestOpenEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spots.csv")
	require.NoError(t, os.WriteFile(path, []byte("timestamp\n60\n"), 0o600))
	events, err := OpenEvents(path)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.NoError(t, os.WriteFile(path, []byte("timestamp\nx\n"), 0o600))
	_, err = OpenEvents(path)
	require.ErrorContains(t, err, path+":2: ")
	_, err = OpenEvents(path + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("timestamp,id,kind,weight,window,duration_s,network\n60,a,spot,1,90s,14,FXX\n50,,,,,,\n"))
	f.Add([]byte("timestamp,spend_usd,grp\n2020-01-01T00:00:00Z,1,2\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		events, err := ReadEvents(bytes.NewReader(file), "fuzz")
		if err != nil {
			require.Nil(t, events)
			require.True(t, strings.HasPrefix(err.Error(), "fuzz:"))
			return
		}
		seen := map[string]bool{}
		for i, e := range events {
			require.False(t, seen[e.ID])
			seen[e.ID] = true
			require.NotEmpty(t, e.ID)
			require.NotEmpty(t, e.Kind)
			require.True(t, e.Weight >= 0 && !math.IsInf(e.Weight, 0) && e.Window >= 0 && e.Duration >= 0)
			require.True(t, i == 0 || !e.Start.Before(events[i-1].Start))
		}
	})
}
