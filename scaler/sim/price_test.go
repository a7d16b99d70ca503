package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/forecast"
)

// proposals differ from the defaults in the seasons, in the experts, in nothing, and in what is never read.
func someProposals() []Proposal {
	return []Proposal{
		{Name: "an hour", Config: forecast.Config{Seasons: forecast.Seasons{Short: -1, Main: forecast.Duration(7 * time.Hour), Long: -1}}},
		{Name: "no regression", Config: forecast.Config{Without: []forecast.Expert{forecast.ByRegression}}},
		{Name: "the same", Config: forecast.Config{Unit: 5, MaxEvents: 3}},
	}
}

// A price is what runs over the first part alone, and over all of the trace, say by themselves.
func TestPriceProposalsEqualsItsTwin(t *testing.T) {
	c := waves(t)
	c.Options.Drain = 2 * time.Minute
	const split = 180
	got, err := PriceProposals(context.Background(), c, split, someProposals())
	require.NoError(t, err)
	require.Len(t, got.Of, 3)

	score := func(p *Proposal, first bool) (cost, ratio float64) {
		one := c
		if p != nil {
			one.Config.Forecast.Seasons, one.Config.Forecast.Without = p.Config.Seasons, p.Config.Without
		}
		one.Options.ScoreFrom = c.Trace.Times[split]
		if first {
			one.Options.ScoreFrom = c.Trace.Times[90] // three tenths of all, as the case says
			one.Trace = minutes(t, c.Trace.Demand[:split]...)
		}
		r, err := Compare(context.Background(), one, []string{Headroom})
		require.NoError(t, err)
		return r.Results[0].Cost, r.Ratio(r.Results[0])
	}
	check := func(p *Proposal, got Price) {
		cost, ratio := score(p, true)
		require.Equal(t, cost, got.First.Cost)
		require.Equal(t, ratio, got.FirstRatio)
		cost, ratio = score(p, false)
		require.Equal(t, cost, got.Rest.Cost)
		require.Equal(t, ratio, got.RestRatio)
	}
	check(nil, got.Now)
	for i, p := range someProposals() {
		check(&p, got.Of[i])
		require.InDelta(t, 1-got.Of[i].Rest.Cost/got.Now.Rest.Cost, got.Of[i].RestSaved, 1e-12)
		require.InDelta(t, 1-got.Of[i].First.Cost/got.Now.First.Cost, got.Of[i].FirstSaved, 1e-12)
	}
	require.NotEqual(t, got.Now.Rest, got.Of[1].Rest, "the proposals do something")
	require.Equal(t, got.Now.Rest, got.Of[2].Rest)
	best := -1
	for i, p := range got.Of {
		if p.FirstSaved > 0 && (best < 0 || p.FirstSaved > got.Of[best].FirstSaved) {
			best = i
		}
	}
	require.Equal(t, best, got.Best)
}

// What comes behind the split changes neither the first part nor which proposal is best there.
func TestTheFirstPartKnowsNothingOfTheRest(t *testing.T) {
	c := waves(t)
	one, err := PriceProposals(context.Background(), c, 180, someProposals())
	require.NoError(t, err)
	for i := 180; i < c.Trace.Len(); i++ {
		c.Trace.Demand[i] = 7 * float64(i%11)
	}
	other, err := PriceProposals(context.Background(), c, 180, someProposals())
	require.NoError(t, err)
	require.Equal(t, one.Best, other.Best)
	for i := range one.Of {
		require.Equal(t, one.Of[i].First.Cost, other.Of[i].First.Cost)
		require.NotEqual(t, one.Of[i].Rest.Cost, other.Of[i].Rest.Cost)
	}
}

func TestPricesOutput(t *testing.T) {
	p, err := PriceProposals(context.Background(), waves(t), 180, someProposals())
	require.NoError(t, err)
	table := func() string {
		var b bytes.Buffer
		require.NoError(t, p.WriteTable(&b))
		return b.String()
	}
	text := table()
	require.Contains(t, text, "test: 300 steps of 1m0s; proposals from the first 180 of them (scored from step 90), and what they save in the other 120\n")
	require.Regexp(t, `(?m)^ +as it is +[0-9.]+ +0\.00% +[0-9.]+ +0\.00%`, text)
	require.Regexp(t, `(?m)^ +no regression +[0-9.]+ `, text)
	require.Contains(t, text, "\nwithout any difference: the same\n")

	p.Best = -1
	require.Contains(t, table(), "no proposal saves anything in the first part: keep the configuration as it is\n")
	p.Best, p.Of[1].FirstSaved, p.Of[1].RestSaved = 1, 0.03, 0.02
	require.Contains(t, table(), "best in the first part: no regression, which saves 3.00% there and 2.00% in the rest\n")
	p.Of[1].RestSaved = -0.02
	require.Contains(t, table(), "saves 3.00% there and -2.00% in the rest: it does not hold, keep the configuration as it is\n")

	b, err := json.Marshal(p)
	require.NoError(t, err)
	var got struct {
		Split  int
		Best   string
		Prices []struct {
			Name        string
			First, Rest struct{ Cost, Ratio, Saved float64 }
		}
	}
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, 180, got.Split)
	require.Equal(t, "no regression", got.Best)
	require.Len(t, got.Prices, 4)
	require.Equal(t, "as it is", got.Prices[0].Name)
	require.Equal(t, -0.02, got.Prices[2].Rest.Saved)
	require.Equal(t, p.Of[1].First.Cost, got.Prices[2].First.Cost)
}

func TestPriceProposalsSaysWhatItWanted(t *testing.T) {
	c := waves(t)
	for _, split := range []int{-1, 0, 90, 300, 301} {
		_, err := PriceProposals(context.Background(), c, split, nil)
		require.ErrorContains(t, err, "wanted one after the first that is scored, 90, and before the end, 300")
	}
	_, err := PriceProposals(context.Background(), c, 180, []Proposal{{Name: "bins of a second", Config: forecast.Config{Bin: forecast.Duration(time.Second)}}})
	require.ErrorContains(t, err, "bins of a second: config: forecast.bin is 1s; wanted")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = PriceProposals(ctx, c, 180, someProposals())
	require.ErrorIs(t, err, context.Canceled)
}
