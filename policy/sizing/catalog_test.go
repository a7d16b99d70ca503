package sizing

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func hour(v float64) []Price { return []Price{{Hour: v}} }

func TestCatalogValidates(t *testing.T) {
	good := Catalog{{Name: "a", CPU: 2, Memory: 8, Prices: hour(.1)}}
	require.NoError(t, good.Validate(nil))
	require.EqualError(t, Catalog{}.Validate(nil), "catalog: no size; wanted one at least")
	bad := Catalog{
		{Name: "", CPU: 0, Memory: 8, Prices: hour(-1), Overhead: Resources{Memory: 9}},
		{Name: "a", CPU: 2, Memory: 8, Prices: []Price{{Option: "spot", Hour: 1, Discount: 1}, {Option: "spot", Hour: 2}}, Min: 5, Max: 3},
		{Name: "a", CPU: 2, Memory: 8, Speed: -1, Boot: -1, Available: 2},
	}
	err := bad.Validate(nil)
	require.Error(t, err)
	require.Equal(t, strings.Join([]string{
		`size 1 (): name "": wanted 1 to 64 bytes`,
		`size 1 (): vcpu 0: wanted a finite number above 0`,
		`size 1 (): overhead.memory 9: wanted less than the 8 that the size has`,
		`size 1 (): prices[].hour -1: wanted a finite number above 0`,
		`size 2 (a): prices[spot].discount 1: wanted 0 or more and less than 1`,
		`size 2 (a): prices[spot] : wanted one price for each option`,
		`size 2 (a): max 3: wanted 0 for any, or min to 1000000`,
		`size 3 (a): name "a": wanted a name that is not there yet, as it is in size 2`,
		`size 3 (a): speed -1: wanted a finite number of 0 or more`,
		`size 3 (a): boot -1ns: wanted 0s to 24h`,
		`size 3 (a): prices []: wanted one at least`,
		`size 3 (a): available 2: wanted above 0 up to 1, or 0 for 1`,
	}, "\n"), err.Error())
}

func TestPriceOfAnOption(t *testing.T) {
	s := Size{Prices: []Price{{Option: "on-demand", Hour: 1}, {Option: "reserved", Hour: 1, Discount: 0.4}, {Option: "spot", Hour: 0.7}}}
	for want, options := range map[float64][]string{0.6: nil, 1: {"on-demand"}, 0.7: {"spot", "reserved"}} {
		p, ok := s.Price(options...)
		require.True(t, ok)
		require.InDelta(t, want, p, 1e-12)
	}
	_, ok := s.Price("savings-plan")
	require.False(t, ok)
}

func TestPrune(t *testing.T) {
	c := Catalog{
		{Name: "m.large", Family: "m", CPU: 2, Memory: 8, Prices: hour(.10)},
		{Name: "m.old", Family: "m", CPU: 2, Memory: 8, Prices: hour(.11)}, // dearer, no better
		{Name: "m.twin", Family: "m", CPU: 2, Memory: 8, Prices: hour(.10)},
		{Name: "m.xlarge", Family: "m", CPU: 4, Memory: 16, Prices: hour(.20)},
		{Name: "c.large", Family: "c", CPU: 2, Memory: 4, Prices: hour(.085)},
		{Name: "m.free", Family: "m", CPU: 64, Memory: 256, Prices: hour(.01), Forbidden: true}, // not to be had, so it rules nothing out
		{Name: "m.spot", Family: "m", CPU: 2, Memory: 8, Prices: []Price{{Option: "spot", Hour: .03}}},
	}
	names := func(c Catalog) (out []string) {
		for _, s := range c {
			out = append(out, s.Name)
		}
		return out
	}
	require.Equal(t, []string{"c.large", "m.large", "m.xlarge"}, names(c[:6].Prune("")))
	require.Equal(t, []string{"c.large", "m.large", "m.old", "m.xlarge"}, names(c[:6].Prune("m.old")), "what the fleet is made of stays")
	require.Equal(t, []string{"m.spot"}, names(c.Prune("", "spot")))
	require.Equal(t, []string{"m.spot", "c.large", "m.xlarge"}, names(c.Prune("")))
	require.Equal(t, "m.free", c[:6].Prune("m.free")[0].Name)
}

// Whatever the order of the catalogue, the same sizes stay; each that goes has one that stays and covers it for no more.
func TestPruneIsOfNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Catalog
		for i := range rapid.IntRange(1, 12).Draw(t, "n") {
			small := rapid.IntRange(1, 3)
			c = append(c, Size{
				Name: string(rune('a' + i)), Family: rapid.SampledFrom([]string{"m", "c"}).Draw(t, "family"),
				CPU: float64(small.Draw(t, "cpu")), Memory: float64(small.Draw(t, "memory")), Prices: hour(float64(small.Draw(t, "price"))),
			})
		}
		kept := c.Prune("")
		shuffled := append(Catalog(nil), c...)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rng.Shuffle(len(c), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, kept, shuffled.Prune(""))
		require.Equal(t, kept, kept.Prune(""))
		for i := range c {
			if kept.Find(c[i].Name) >= 0 {
				continue
			}
			covered := false
			for j := range kept {
				covered = covered || kept[j].covers(&c[i]) && kept[j].Prices[0].Hour <= c[i].Prices[0].Hour
			}
			require.True(t, covered, "%+v went, %+v stay", c[i], kept)
		}
	})
}
