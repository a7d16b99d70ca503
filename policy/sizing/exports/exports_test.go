package exports

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/policy/sizing"
)

func TestReadOurs(t *testing.T) {
	want := sizing.Catalog{
		{Name: "m.large", Family: "m", CPU: 2, Memory: 8, Network: 10, Boot: sizing.Duration(90 * time.Second),
			Overhead: sizing.Resources{CPU: .07, Memory: .9}, Prices: []sizing.Price{{Hour: .1, Discount: .2}}, Min: 2, Max: 50},
		{Name: "m.xlarge", Family: "m", CPU: 4, Memory: 16, Prices: []sizing.Price{{Option: "spot", Hour: .08}, {Hour: .2}}, Forbidden: true},
	}
	text := `name,vcpu,memory_gib,network_gbps,boot,overhead_cpu,overhead_memory,price_spot,price,discount,min,max,forbidden
m.large,2,8,10,90s,.07,.9,,.1,20%,2,50,
m.xlarge,4,16,,,,,0.08,0.2,,,,true
`
	for name, in := range map[string]string{"plain": text, "gzip": zipped(t, text), "json": marshal(t, want), "object": `{"sizes": ` + marshal(t, want) + `}`} {
		t.Run(name, func(t *testing.T) {
			c, err := Read(strings.NewReader(in), "sizes")
			require.NoError(t, err)
			require.Equal(t, want, c)
		})
	}
}

func marshal(t *testing.T, c sizing.Catalog) string {
	b, err := json.Marshal(c)
	require.NoError(t, err)
	return string(b)
}

func zipped(t *testing.T, s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// The offer file of a cloud's price list: some lines of preamble, one row a purchase option, products that are no machines.
func TestReadAPriceList(t *testing.T) {
	c, err := Read(strings.NewReader(`"FormatVersion","v1.0"
"Disclaimer","informational"
"Publication Date","2026-01-05T00:00:00Z"
"SKU ID","TermType","Unit","PricePerUnit","Currency","Instance Type","vCPU","Memory","Network Performance"
"A1","OnDemand","Hrs","0.0960000000","USD","m5.large","2","8 GiB","Up to 10 Gigabit"
"A1","Reserved","Hrs","0.0600000000","USD","m5.large","2","8 GiB","Up to 10 Gigabit"
"A2","OnDemand","Hrs","4.0800000000","USD","c5.24xlarge","96","192 GiB","25 Gigabit"
"A3","OnDemand","GB","0.02","USD","","","",""
`), "offer.csv")
	require.NoError(t, err)
	require.Equal(t, sizing.Catalog{
		{Name: "m5.large", Family: "m5", CPU: 2, Memory: 8, Network: 10, Prices: []sizing.Price{{Option: "OnDemand", Hour: .096}, {Option: "Reserved", Hour: .06}}},
		{Name: "c5.24xlarge", Family: "c5", CPU: 96, Memory: 192, Network: 25, Prices: []sizing.Price{{Option: "OnDemand", Hour: 4.08}}},
	}, c)
}

// The table of a comparison site, with units in its cells.
func TestReadATable(t *testing.T) {
	c, err := Read(strings.NewReader(`Name,API Name,Instance Memory,vCPUs,Network Performance,On Demand
M5 General Purpose Large,m5.large,8.0 GiB,2 vCPUs,Up to 10 Gigabit,$0.0960 hourly
T3 Nano,t3.nano,512 MiB,2 vCPUs,Low,$0.0052 hourly
`), "table.csv")
	require.NoError(t, err)
	require.Equal(t, sizing.Catalog{
		{Name: "m5.large", Family: "m5", CPU: 2, Memory: 8, Network: 10, Prices: []sizing.Price{{Hour: .096}}},
		{Name: "t3.nano", Family: "t3", CPU: 2, Memory: .5, Prices: []sizing.Price{{Hour: .0052}}},
	}, c)
}

func TestReadADescription(t *testing.T) {
	c, err := Read(strings.NewReader(`{"InstanceTypes": [{
		"InstanceType": "m7g.xlarge", "VCpuInfo": {"DefaultVCpus": 4, "DefaultCores": 4}, "MemoryInfo": {"SizeInMiB": 16384},
		"NetworkInfo": {"NetworkPerformance": "Up to 12.5 Gigabit"}, "ProcessorInfo": {"SupportedArchitectures": ["arm64"]}}]}`), "types.json")
	require.NoError(t, err)
	require.Equal(t, sizing.Catalog{{Name: "m7g.xlarge", Family: "m7g", Arch: "arm64", CPU: 4, Memory: 16, Network: 12.5}}, c)

	_, err = Prices(c, sizing.Catalog{{Name: "m7g.large", Prices: []sizing.Price{{Hour: .1}}}})
	require.EqualError(t, err, "size m7g.xlarge: no price; wanted one in the list of prices")
	c, err = Prices(c, sizing.Catalog{{Name: "m7g.xlarge", CPU: 99, Boot: 5, Prices: []sizing.Price{{Hour: .1632}}}})
	require.NoError(t, err)
	require.Equal(t, 4., c[0].CPU)
	require.Equal(t, []sizing.Price{{Hour: .1632}}, c[0].Prices)
	require.NoError(t, c.Validate(nil))
}

// Every fault at once, with the row it is in.
func TestReadNamesEveryFault(t *testing.T) {
	for in, want := range map[string]string{
		"foo,bar\n1,2\n": "sizes: no column holds the name of a size in foo,bar; wanted one of name, size, instance_type, Instance Type",
		"name,vcpu,memory,price\na,x,8,1\nb,2,8,free\n": `sizes:2: cpu "x": wanted a number of cores
sizes:3: price "free": wanted a price for an hour such as 0.085 or $0.0850 hourly`,
		"name,vcpu,memory,price\na,0,8,1\nb,2,0,1\n": `sizes:2 (a): vcpu 0: wanted a finite number above 0
sizes:3 (b): memory_gib 0: wanted a finite number above 0`,
		"name,vcpu,memory,price\na,1,8,1\na,1,8,2\n": `sizes:3: size a has a price for "" already, in sizes:2; wanted one row for each purchase option`,
		"name,vcpu,memory,price,forbidden,boot,min\na,1,8,1,perhaps,90,few\n": `sizes:2: forbidden "perhaps": wanted true or false
sizes:2: boot: "90" is not a duration; wanted text such as "90s", "2m" or "24h"
sizes:2: min "few": wanted a whole number`,
		`{"a": 1}`:           "sizes: neither sizes nor InstanceTypes; wanted a list of sizes under one of these names",
		`[{"nam": "a"}]`:     `sizes: size 1: json: unknown field "nam"`,
		`[]`:                 "catalog: no size; wanted one at least",
		"name,vcpu,memory\n": "catalog: no size; wanted one at least",
	} {
		_, err := Read(strings.NewReader(in), "sizes")
		require.EqualError(t, err, want, "%s", in)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("name,vcpu,memory,price\na,1,8,1\n")
	f.Add(`[{"name":"a","vcpu":1,"memory_gib":2,"prices":[{"hour":1}]}]`)
	f.Add(`{"InstanceTypes":[{"InstanceType":"m7g.xlarge"}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		c, err := Read(strings.NewReader(in), "sizes")
		if err != nil {
			return
		}
		priced := true
		for i := range c {
			priced = priced && len(c[i].Prices) > 0
		}
		if priced && c.Validate(nil) != nil {
			t.Fatalf("%q was accepted: %v", in, c.Validate(nil))
		}
		again, err := Read(strings.NewReader(marshal(t, c)), "again")
		if priced && (err != nil || len(again) != len(c)) {
			t.Fatalf("%q reads as %+v, that as %+v, %v", in, c, again, err)
		}
	})
}
