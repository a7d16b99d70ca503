package datadog_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/datadog"
)

// TestOneBadQuery demands that it costs the others nothing, and few requests.
func TestOneBadQuery(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		for _, bad := range []int{0, 17, 34} {
			s := newServices(t, version, 35)
			s.refuse[queryOf(bad)] = true
			s.all(t, -10, 0, bad)
			_, err := s.sources[bad].Read(t.Context(), nil, minute(-10), minute(0))
			require.ErrorContains(t, err, "HTTP 422 Unprocessable Entity: Error parsing query: sum:service")
			require.LessOrEqual(t, s.requests(), 14)

			for m := 1; m < 5; m++ { // from now on it is asked alone
				before := s.requests()
				s.all(t, m-10, m, bad)
				_, err := s.sources[bad].Read(t.Context(), nil, minute(m-10), minute(m))
				require.Error(t, err)
				require.Equal(t, before+2, s.requests())
			}
			s.refuse[queryOf(bad)] = false
			s.read(t, bad, -5, 5) // it is good again
			before := s.requests()
			s.all(t, -4, 6)
			require.Equal(t, before+1, s.requests())
		}
	})
}

func TestManyBadQueriesAreFoundBitByBit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 35)
		bad := []int{1, 5, 9, 13, 20, 27, 28, 33}
		for _, i := range bad {
			s.refuse[queryOf(i)] = true
		}
		require.Equal(t, []int{17, 19, 21, 18, 1 + len(bad)}, s.minutes(t, 5), "what a minute leaves undecided the next decides")
		for i := range s.sources {
			_, err := s.sources[i].Read(t.Context(), nil, minute(0), minute(10))
			require.Equal(t, slices.Contains(bad, i), err != nil, "service %d", i)
		}
	})
}

// TestAllBad demands that queries which are all refused cost no more than one request each, and that once.
func TestAllBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 16)
		for i := range s.sources {
			s.refuse[queryOf(i)] = true
		}
		require.Equal(t, []int{17, 1, 1, 1}, s.minutes(t, 4))
	})
}

// minutes has all services read minute by minute, whatever comes of it, and returns what each minute costs.
func (s *services) minutes(t testing.TB, n int) (requests []int) {
	for m := range n {
		before := s.requests()
		for i := range s.sources {
			_, _ = s.sources[i].Read(t.Context(), nil, minute(m-10), minute(m))
		}
		requests = append(requests, s.requests()-before)
		time.Sleep(time.Minute)
	}
	return requests
}

// TestABadQueryStaysAlone demands that it does not come back to spoil the batch every ten minutes.
func TestABadQueryStaysAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 35)
		s.refuse[queryOf(7)] = true
		for m := range 30 {
			before := s.requests()
			for i := range s.sources {
				_, err := s.sources[i].Read(t.Context(), nil, minute(m-10), minute(m))
				require.Equal(t, i == 7, err != nil)
			}
			if m > 0 {
				require.Equal(t, 2, s.requests()-before, "minute %d", m)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestAHeavyQuery demands that a query for which Datadog has no answer in time is found, and that an outage is not taken for one.
func TestAHeavyQuery(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		s := newServices(t, version, 35)
		s.heavy[queryOf(20)] = http.StatusGatewayTimeout
		_, err := s.sources[0].Read(t.Context(), nil, minute(-10), minute(0))
		require.Error(t, err, "the first time it may be anything")
		require.Equal(t, 1, s.requests())
		s.all(t, -9, 1, 20)
		_, err = s.sources[20].Read(t.Context(), nil, minute(-9), minute(1))
		require.ErrorContains(t, err, "HTTP 504")
		before := s.requests()
		s.all(t, -8, 2, 20)
		require.Equal(t, before+1, s.requests())
	})
}

// TestAnOutageCostsLittle demands that an outage is asked about every ten seconds, whoever reads, and that its end is seen.
func TestAnOutageCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 35)
		for i := range s.sources {
			s.heavy[queryOf(i)] = http.StatusServiceUnavailable
		}
		for second := range 120 {
			_, err := s.sources[second%35].Read(t.Context(), nil, minute(-10), minute(0))
			require.ErrorContains(t, err, "HTTP 503")
			var refused *datadog.APIError
			require.ErrorAs(t, err, &refused, "so that the Runner knows it may pass")
			time.Sleep(time.Second)
		}
		require.LessOrEqual(t, s.requests(), 2+2+120/10+4, "the two that began it, the halves, one in ten seconds, and the halves once more")
		clear(s.heavy)
		time.Sleep(10 * time.Second)
		before := s.requests()
		for _, source := range s.sources {
			got, err := source.Read(t.Context(), nil, minute(-10), minute(0))
			require.NoError(t, err)
			require.Len(t, got, 10)
		}
		require.Equal(t, before+1, s.requests())
	})
}
