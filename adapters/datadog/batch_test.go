package datadog_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/adapters/datadog"
)

// services are Sources of one Client, the series of which hold a thousand times their number and the minute.
type services struct {
	*store
	client  *datadog.Client
	sources []*datadog.Source
}

func newServices(t testing.TB, version, n int, change ...func(c *datadog.ClientConfig)) *services {
	t.Helper()
	held, server := newStore(t)
	cfg := clientConfig(version, server.URL, server.Client())
	for _, f := range change {
		f(&cfg)
	}
	s := &services{store: held, client: newClient(t, cfg)}
	for i := range n {
		held.fill(queryOf(i), float64(1000*i), -30, 30)
		s.sources = append(s.sources, newSource(t, s.client, queryOf(i)))
	}
	return s
}

// inBubble returns services of a store that needs no network and has a value for every minute.
func inBubble(t testing.TB, n int) *services {
	held := &store{endless: true, refuse: map[string]bool{}, heavy: map[string]int{}}
	s := &services{store: held, client: newClient(t, clientConfig(1, "http://x", inProcess(held, 10*time.Millisecond)))}
	for i := range n {
		s.sources = append(s.sources, newSource(t, s.client, queryOf(i)))
	}
	return s
}

// read has service i read the minutes from to to-1, and demands that they are all there.
func (s *services) read(t testing.TB, i, from, to int) {
	t.Helper()
	got, err := s.sources[i].Read(t.Context(), nil, minute(from), minute(to))
	require.NoError(t, err, "service %d", i)
	require.Len(t, got, to-from, "service %d", i)
	for k, sample := range got {
		require.Equal(t, minute(from+k), sample.Time)
		require.Equal(t, float64(1000*i+from+k), sample.Value, "service %d", i)
	}
}

// all has all services but those in not read.
func (s *services) all(t testing.TB, from, to int, not ...int) {
	t.Helper()
next:
	for i := range s.sources {
		for _, n := range not {
			if i == n {
				continue next
			}
		}
		s.read(t, i, from, to)
	}
}

func TestManyServicesCostFewRequests(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		s := newServices(t, version, 70)
		s.all(t, -30, 0)
		require.Equal(t, 2, s.requests())
		for m := 1; m <= 5; m++ { // minute by minute, and beginning with another service each time
			for k := range s.sources {
				s.read(t, (k+13*m)%70, m-10, m)
			}
			require.Equal(t, 2+2*m, s.requests())
		}
		require.Equal(t, datadog.Usage{Requests: 12, Queries: 6 * 70, Shared: 6 * 68}, s.client.Usage())
	})
}

func TestManyServicesAtTheSameTime(t *testing.T) {
	s := newServices(t, 1, 70)
	var all sync.WaitGroup
	for i := range s.sources {
		all.Go(func() {
			got, err := s.sources[i].Read(t.Context(), nil, minute(0), minute(10))
			if err != nil || len(got) != 10 || got[3].Value != float64(1000*i+3) {
				t.Errorf("service %d has %v, %v", i, got, err)
			}
		})
	}
	all.Wait()
	require.Equal(t, 2, s.requests())
}

// TestLongQueries demands that addresses stay short enough: the store refuses those of more than 8000 bytes.
func TestLongQueries(t *testing.T) {
	held, server := newStore(t)
	c := newClient(t, clientConfig(1, server.URL, server.Client()))
	var sources []*datadog.Source
	for i := range 35 {
		q := fmt.Sprintf("sum:service%d.requests{env:prod AND cluster IN (a,b,c) AND %0300d:x}.rollup(avg, 60)", i, i)
		held.fill(q, 0, 0, 3)
		sources = append(sources, newSource(t, c, q))
	}
	for _, s := range sources {
		got, err := s.Read(t.Context(), nil, minute(0), minute(3))
		require.NoError(t, err)
		require.Len(t, got, 3)
	}
	require.Equal(t, 3, held.requests())
}

func TestStepsDoNotMix(t *testing.T) {
	held, server := newStore(t)
	c := newClient(t, clientConfig(1, server.URL, server.Client()))
	s := newSource(t, c, query)
	_, err := c.Source(datadog.SourceConfig{Query: "sum:a{*}.rollup(sum, 30)", Step: 30 * time.Second})
	require.NoError(t, err)
	_, err = s.Read(t.Context(), nil, minute(0), minute(3))
	require.NoError(t, err)
	require.Equal(t, [][]string{{query}}, held.asked)
}

func TestTwoOfTheSameQueryAreAskedOnce(t *testing.T) {
	held, server := newStore(t)
	held.fill(query, 0, 0, 3)
	c := newClient(t, clientConfig(2, server.URL, server.Client()))
	for _, s := range []*datadog.Source{newSource(t, c, query), newSource(t, c, query)} {
		got, err := s.Read(t.Context(), nil, minute(0), minute(3))
		require.NoError(t, err)
		require.Len(t, got, 3)
	}
	require.Equal(t, [][]string{{query}}, held.asked)
}

// TestWhoDoesNotComeIsNotAskedFor demands that a Source which nobody reads any more costs nothing, until it is read again.
func TestWhoDoesNotComeIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 3)
		with := func(m int) int {
			for i := range 2 {
				_, err := s.sources[i].Read(t.Context(), nil, minute(m-10), minute(m))
				require.NoError(t, err)
			}
			return len(s.asked[len(s.asked)-1])
		}
		m := 0
		for ; m < 12; m++ {
			n := with(m)
			require.Equal(t, m < 6, n == 3, "minute %d: %d queries", m, n)
			time.Sleep(time.Minute)
		}
		_, err := s.sources[2].Read(t.Context(), nil, minute(m-10), minute(m))
		require.NoError(t, err)
		require.Equal(t, 3, with(m+1))
	})
}

// TestEachErrorIsToldOnce demands that an error of a request is that of all who were asked for, once.
func TestEachErrorIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 2)
		read := func(i int) error {
			_, err := s.sources[i].Read(t.Context(), nil, minute(0), minute(10))
			return err
		}
		s.heavy[queryOf(0)] = http.StatusInternalServerError
		require.ErrorContains(t, read(0), "HTTP 500")
		clear(s.heavy)
		require.ErrorContains(t, read(1), "HTTP 500")
		require.NoError(t, read(1))
		require.NoError(t, read(0))
		require.Equal(t, 2, s.requests())

		s.heavy[queryOf(0)] = http.StatusInternalServerError
		require.ErrorContains(t, read(0), "HTTP 500")
		clear(s.heavy)
		time.Sleep(time.Second)
		require.NoError(t, read(1), "it is not told late")
	})
}

// TestWhoIsFurtherBehindIsNotForgotten demands that a request goes back as far as any of its Sources does.
func TestWhoIsFurtherBehindIsNotForgotten(t *testing.T) {
	s := newServices(t, 1, 2)
	s.read(t, 1, -20, 0)
	s.read(t, 0, -10, 0)
	s.read(t, 0, -9, 1)
	s.read(t, 1, -19, 1)
	require.Equal(t, 2, s.requests(), "one a minute, for both")
}

// TestWhoHasAnAnswerIsNotAskedFor demands that a second look of one Source does not fetch anew for those that have not looked yet.
func TestWhoHasAnAnswerIsNotAskedFor(t *testing.T) {
	s := newServices(t, 1, 2)
	s.read(t, 0, 0, 10)
	s.read(t, 0, 0, 10)
	require.Equal(t, [][]string{{queryOf(0), queryOf(1)}, {queryOf(0)}}, s.asked)
}

// TestAnAnswerThatDoesNotSayToWhat demands that it is taken for one to nothing.
func TestAnAnswerThatDoesNotSayToWhat(t *testing.T) {
	for version, text := range map[int]string{
		1: `{"status":"ok","series":[{"interval":60,"scope":"a","pointlist":[[{0},1]]}]}`,
		2: two(`{0}`, `1`),
	} {
		server := httptest.NewServer(says(200, text))
		defer server.Close()
		c := newClient(t, clientConfig(version, server.URL, server.Client()))
		first, second := newSource(t, c, queryOf(0)), newSource(t, c, queryOf(1))
		for _, s := range []*datadog.Source{first, second} {
			got, err := s.Read(t.Context(), nil, minute(0), minute(3))
			require.ErrorContains(t, err, "series without query_index")
			require.Empty(t, got)
		}
	}
}

// TestHistoryGoesOnWhereItStopped demands that pages which have come are not asked for again after an error.
func TestHistoryGoesOnWhereItStopped(t *testing.T) {
	versions(t, func(t *testing.T, version int) {
		s := newServices(t, version, 2)
		for i := range s.sources {
			s.fill(queryOf(i), float64(1000*i), 30, 4800)
		}
		requests := 0
		s.before = func(*http.Request) {
			requests++
			s.mu.Lock()
			defer s.mu.Unlock()
			clear(s.heavy)
			if requests == 4 {
				s.heavy[queryOf(0)] = http.StatusInternalServerError
			}
		}
		got, err := s.sources[0].Read(t.Context(), nil, minute(0), minute(4800))
		require.ErrorContains(t, err, "HTTP 500")
		require.Empty(t, got)
		s.all(t, 0, 4800)
		require.Equal(t, 5+1, requests, "five pages for both, and one that failed")
		require.Len(t, s.asked[0], 2)
		s.all(t, 4790, 4800)
		require.Equal(t, 7, requests)
	})
}

// TestHistoryThatIsTooMuchComesInParts demands that Sources begin though Datadog has no answer to as many of them as a request may have.
func TestHistoryThatIsTooMuchComesInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 35)
		s.most = 10_000
		attempts := 0
		for i := range s.sources {
			for {
				attempts++
				got, err := s.sources[i].Read(t.Context(), nil, minute(-3000), minute(0))
				if err == nil {
					require.Len(t, got, 3000)
					break
				}
				require.ErrorContains(t, err, "HTTP 504")
				require.Less(t, attempts, 100)
				time.Sleep(time.Second)
			}
			if i == 8 { // what was too slow is fast enough again
				s.most = 0
			}
		}
		t.Logf("%d attempts, %d requests", attempts, s.requests())
		require.Less(t, s.requests(), 40, "alone they would be 140")
		require.Greater(t, len(s.asked[len(s.asked)-1]), 8, "they grow again")
		for i := range s.sources {
			got, err := s.sources[i].Read(t.Context(), nil, minute(-9), minute(1))
			require.NoError(t, err, "it says nothing of short ones")
			require.Len(t, got, 10)
		}
	})
}

// TestWhatIsLateIsLookedForAgain demands that an answer which has nothing yet for the newest minute serves only those that read at
// the same time.
func TestWhatIsLateIsLookedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inBubble(t, 4)
		s.endless = false
		s.series = map[string]map[int64]*float64{}
		for i := range s.sources {
			s.fill(queryOf(i), 0, -10, -1)
		}
		s.put(queryOf(2), minute(-1), new(7.0))
		count := func(i int) int {
			got, err := s.sources[i].Read(t.Context(), nil, minute(-10), minute(0))
			require.NoError(t, err)
			return len(got)
		}
		require.Equal(t, 9, count(0))
		require.Equal(t, 9, count(3))
		require.Equal(t, 1, s.requests(), "at the same time")
		s.put(queryOf(1), minute(-1), new(7.0))
		time.Sleep(15 * time.Second)
		require.Equal(t, 10, count(1))
		require.Equal(t, 2, s.requests())
		require.Equal(t, 10, count(2), "it was there")
		require.Equal(t, 2, s.requests())
	})
}

// TestWhoWasAwayIsNotAlone demands that those that have not been answered for long catch up together.
func TestWhoWasAwayIsNotAlone(t *testing.T) {
	s := newServices(t, 1, 35)
	for i := range s.sources {
		s.fill(queryOf(i), float64(1000*i), 30, 300)
	}
	s.all(t, -10, 0)
	s.all(t, -10, 300)
	require.Equal(t, 2, s.requests())
}

func TestOnlyThoseGetHistoryThatBegin(t *testing.T) {
	s := newServices(t, 1, 3)
	for i := range s.sources {
		s.fill(queryOf(i), float64(1000*i), 30, 2000)
	}
	s.read(t, 1, 1980, 1990) // has begun
	s.read(t, 0, 0, 1990)
	for _, asked := range s.asked[1:] {
		require.Equal(t, []string{queryOf(0), queryOf(2)}, asked)
	}
}

// TestASecondLookIsFresh demands that nobody is served twice what was fetched once.
func TestASecondLookIsFresh(t *testing.T) {
	s := newServices(t, 1, 2)
	s.all(t, 0, 10)
	require.Equal(t, 1, s.requests())
	s.put(queryOf(1), minute(5), new(77.0))
	got, err := s.sources[1].Read(t.Context(), nil, minute(0), minute(10))
	require.NoError(t, err)
	require.Equal(t, 77.0, got[5].Value)
	require.Equal(t, 2, s.requests())
}

// TestDelaysAreKept demands that an answer which came before the delay of a Source was over does not serve it.
func TestDelaysAreKept(t *testing.T) {
	held, server := newStore(t)
	c := newClient(t, clientConfig(1, server.URL, server.Client()))
	fast := newSource(t, c, queryOf(0))
	slow, err := c.Source(datadog.SourceConfig{Query: queryOf(1), Step: time.Minute, Delay: 20 * time.Second})
	require.NoError(t, err)
	held.fill(queryOf(0), 0, 0, 10)
	held.fill(queryOf(1), 0, 0, 9)
	held.put(queryOf(1), minute(9), new(1.0)) // not final
	at := minute(10).Add(time.Second)
	got, err := fast.Read(t.Context(), nil, minute(0), at)
	require.NoError(t, err)
	require.Len(t, got, 10)
	held.put(queryOf(1), minute(9), new(9.0))
	got, err = slow.Read(t.Context(), nil, minute(0), at.Add(19*time.Second))
	require.NoError(t, err)
	require.Len(t, got, 10)
	require.Equal(t, 9.0, got[9].Value)
	require.Equal(t, [][]string{{queryOf(0)}, {queryOf(1)}}, held.asked)
}

// TestWhoLeadsMayGiveUp demands that those who wait for somebody else's request do not share its end.
func TestWhoLeadsMayGiveUp(t *testing.T) {
	s := newServices(t, 1, 2)
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.before = func(r *http.Request) {
		once.Do(func() {
			close(arrived)
			select {
			case <-r.Context().Done():
			case <-release:
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		_, err := s.sources[0].Read(ctx, nil, minute(0), minute(10))
		if err == nil {
			t.Error("a context that has ended is an error")
		}
	})
	<-arrived
	both.Go(func() {
		got, err := s.sources[1].Read(t.Context(), nil, minute(0), minute(10))
		if err != nil || len(got) != 10 {
			t.Error(got, err)
		}
	})
	cancel()
	both.Wait()
	close(release)
	require.LessOrEqual(t, s.requests(), 2)
}

// TestOwnLimit demands that a request which would come too late is not waited for, and that this is nobody else's error.
func TestOwnLimit(t *testing.T) {
	s := newServices(t, 1, 2, func(c *datadog.ClientConfig) { c.Limiter = rate.NewLimiter(rate.Every(time.Hour), 1) })
	s.read(t, 0, 0, 10)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := s.sources[0].Read(ctx, nil, minute(0), minute(10))
	require.ErrorContains(t, err, "waiting for the limit of this client")
	s.read(t, 1, 0, 10)
	require.Equal(t, 1, s.requests())
}
