package ingest

import (
	"testing"
	"time"
)

func fuzzFormat(f *testing.F, texts ...string) {
	for _, text := range texts {
		f.Add(text, "", uint8(0), uint8(0))
		f.Add(text, "sum", uint8(1), uint8(9))
		f.Add(zipped(f, text), "a", uint8(2), uint8(0))
	}
	f.Fuzz(func(t *testing.T, text, series string, kind, minutes uint8) {
		roundTrip(t, text, Options{Series: series, Kind: Kinds()[int(kind)%len(Kinds())], Step: time.Duration(minutes) * time.Minute})
	})
}

func FuzzCSV(f *testing.F) {
	fuzzFormat(f, "time,visits\n2017-07-14T02:40:00Z,1\n2017-07-14 02:41:00,\n", "sep=;\nTime;a;b\n1500000000000;1;2\n1500000060001;3;-\n1500000120000;3;1\n",
		"ts,host,value\n60,a,1\n60,b,2\n120.5,a,NaN\n")
}

func FuzzJSONL(f *testing.F) {
	fuzzFormat(f, "{\"ts\":60,\"v\":1.5,\"host\":\"a\"}\n{\"ts\":120,\"v\":null,\"x\":{}}\n", "[{\"time\":\"2017-07-14T02:40:00Z\",\"v\":1},{\"time\":1500000060,\"v\":2}]")
}

func FuzzExposition(f *testing.F) {
	fuzzFormat(f, openMetrics, dump, "{\"web.hits\",a=\"b\"} 1 60\n{\"web.hits\",a=\"b\"} 2 120\n")
}

func FuzzPrometheusAnswer(f *testing.F) {
	fuzzFormat(f, matrix, `[{"metric":{},"values":[[1,"1"],[2,"2"]]}]`)
}

func FuzzDatadogAnswer(f *testing.F) {
	fuzzFormat(f, datadogV1, datadogV2)
}
