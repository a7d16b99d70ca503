package sim

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseAxis(t *testing.T) {
	for text, want := range map[string]string{
		"penalty=5:50:5":               "5 10 15 20 25 30 35 40 45 50",
		"penalty = 5:52:5":             "5 10 15 20 25 30 35 40 45 50",
		"calm=0.1:0.4:0.1":             "0.1 0.2 0.3 0.4", // not 0.30000000000000004
		"boot=30s:2m:30s":              `"30s" "1m0s" "1m30s" "2m0s"`,
		"penalty=1..100 log 3":         "1 10 100",
		"penalty=2..9 log 4":           "2 3.302 5.451 9",
		"slack=0..1 lin 5":             "0 0.25 0.5 0.75 1",
		"boot=30s..15m log 4":          `"30s" "1m33s" "4m50s" "15m0s"`,
		"boot=1s..2s lin 3":            `"1s" "1.5s" "2s"`,
		"min=7:7:1":                    "7",
		"forecast.spikes=false,true":   "false true",
		"boot=30s, 2m":                 `"30s" "2m"`,
		"policy=band-wide,hpa-70-5m":   `"band-wide" "hpa-70-5m"`,
		`exclude=[],["hpa"]`:           `[] ["hpa"]`,
		`policy="a,\"b",c`:             `"a,\"b" "c"`,
		`kinds=[{"name": "x"}],[]`:     `[{"name":"x"}] []`,
		`windows[0].from=08:00,09:00`:  `"08:00" "09:00"`,
		"signals[0].capacity=10,1e3":   "10 1e3",
		"forecast.holidays[0]=a=b,c:d": `"a=b" "c:d"`,
	} {
		a, err := ParseAxis(text)
		require.NoError(t, err, text)
		path, _, _ := strings.Cut(text, "=")
		require.Equal(t, strings.TrimSpace(path), a.Path)
		var got []string
		for _, v := range a.Values {
			got = append(got, string(v))
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
}

func TestParseAxisSaysWhatItWanted(t *testing.T) {
	for text, want := range map[string]string{
		"penalty":                `"penalty": wanted PATH=VALUES`,
		"=1,2":                   "wanted PATH=VALUES",
		"penalty=":               "wanted PATH=VALUES",
		"penalty=5,5":            "penalty: value 5 is there twice; wanted each once",
		"penalty=5:50:x":         `penalty: "x": wanted a number, or a duration such as 90s in a range FROM:TO:STEP`,
		"boot=30s:2m:5":          `boot: "30s" and "5": wanted numbers or durations, not both`,
		"penalty=5:50:0":         "penalty: range 5:50:0: wanted FROM:TO:STEP with a STEP above 0",
		"penalty=50:5:5":         "and a TO not below FROM",
		"penalty=0:1:1e-9":       "penalty: range 0:1:1e-9: 1000000000 values; wanted at most 10000",
		"penalty=0:1e300:1e-9":   "wanted at most 10000",
		"penalty=1..100 log 1":   "penalty: 1..100 log 1: wanted 2 to 10000 values",
		"penalty=1..100 log x":   "wanted 2 to 10000 values",
		"penalty=1..100":         "penalty: 1..100: wanted a number of values behind it, such as 1..100 log 8",
		"penalty=1..100 by 8":    "wanted log or lin before the number of values",
		"penalty=0..100 log 8":   "wanted ends that rise, above 0 for log",
		"penalty=100..1 lin 8":   "wanted ends that rise",
		"penalty=1..100s lin 8":  "wanted numbers or durations, not both",
		"penalty=NaN:5:1":        `"NaN": wanted a number`,
		"penalty=1..many log 10": `"many": wanted a number`,
	} {
		_, err := ParseAxis(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestRangesHoldTheirEnds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		from := rapid.Float64Range(0.001, 1000).Draw(r, "from")
		to := from * rapid.Float64Range(1.01, 1e6).Draw(r, "ratio")
		n := rapid.IntRange(2, 200).Draw(r, "n")
		a, b := strconv.FormatFloat(from, 'g', 9, 64), strconv.FormatFloat(to, 'g', 9, 64)
		axis, err := ParseAxis("x=" + a + ".." + b + " " + rapid.SampledFrom([]string{"log", "lin"}).Draw(r, "scale") + " " + strconv.Itoa(n))
		if err != nil { // rounding may take neighbours to the same value, but never the order
			require.ErrorContains(r, err, "there twice")
			return
		}
		require.LessOrEqual(r, len(axis.Values), n)
		values := make([]float64, len(axis.Values))
		for i, v := range axis.Values {
			require.NoError(r, json.Unmarshal(v, &values[i]))
			if i > 0 && len(axis.Values) == n {
				require.Greater(r, values[i], values[i-1]*(1-1e-3))
			}
		}
		wantFrom, _ := strconv.ParseFloat(a, 64)
		wantTo, _ := strconv.ParseFloat(b, 64)
		require.Equal(r, wantFrom, values[0])
		require.Equal(r, wantTo, values[len(values)-1])
	})
}

func FuzzParseAxis(f *testing.F) {
	for _, seed := range []string{"penalty=5:50:5", "boot=30s..15m log 4", `a=[1,"]"],{}`, "x=\"", "x=1..2 lin 99999", "x=,,", "x=::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAxis(text)
		if err == nil {
			require.NoError(t, a.check())
			require.NotEmpty(t, a.Path)
		}
	})
}
