package datadog_test

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/datadog"
)

// agent is a socket that DogStatsD clients send to.
type agent struct {
	net.PacketConn
	address string      // as the client takes it
	arrive  chan string // datagrams, if it reads
	lines   []string    // that have come
}

func newAgent(t testing.TB, network string) *agent {
	t.Helper()
	address, prefix := "127.0.0.1:0", ""
	if network == "unixgram" {
		address, prefix = filepath.Join(t.TempDir(), "s"), "unix://"
	}
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &agent{PacketConn: conn, address: prefix + conn.LocalAddr().String(), arrive: make(chan string, 10_000)}
}

// read takes what is sent: a socket of unix holds but a few datagrams, and a client drops those that do not fit.
func (a *agent) read() *agent {
	go func() {
		buffer := make([]byte, 65536)
		for {
			n, _, err := a.ReadFrom(buffer)
			if err != nil {
				return // the test is over
			}
			a.arrive <- string(buffer[:n])
		}
	}()
	return a
}

// newStatsd returns a client that the test closes at its end.
func newStatsd(t testing.TB, address string, options ...statsd.Option) *statsd.Client {
	t.Helper()
	c, err := statsd.New(address, append([]statsd.Option{statsd.WithoutTelemetry(), statsd.WithoutOriginDetection()}, options...)...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// collect waits until a line has each of these beginnings.
func (a *agent) collect(t testing.TB, wanted ...string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		var missing []string
		for _, w := range wanted {
			if a.find(w) == "" {
				missing = append(missing, w)
			}
		}
		if len(missing) == 0 {
			return
		}
		select {
		case datagram := <-a.arrive:
			a.lines = append(a.lines, strings.Split(strings.TrimSuffix(datagram, "\n"), "\n")...)
		case <-late:
			require.Failf(t, "not everything has come", "still wanted: %q; have come: %q", missing, a.lines)
		}
	}
}

// find returns the first line that begins so.
func (a *agent) find(begin string) string {
	for _, line := range a.lines {
		if strings.HasPrefix(line, begin) {
			return line
		}
	}
	return ""
}

// TestARealAgent sends with the real client, as it is by default, and reads what comes out.
func TestARealAgent(t *testing.T) {
	for _, network := range []string{"udp", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			a := newAgent(t, network).read()
			c := newStatsd(t, a.address)
			o := newObserver(t, c)
			d := decisions(t)[30]
			d.Ready, d.Replicas = 8, 12
			o.Decision(t.Context(), &d)
			require.NoError(t, c.Flush())
			require.NoError(t, o.Err())
			at := strconv.FormatInt(d.Time.Add(d.Lead).Unix(), 10)
			title := "shop: 8 -> 12 replicas"
			a.collect(t, "headroom.replicas_desired:12|g|#"+base, "headroom.replicas_ready:8|g|#"+base, "headroom.decisions:1|c|#"+base,
				"headroom.changes:1|c|#"+base+",direction:up", "headroom.stale:0|g|#", "headroom.demand_observed:100|g|#"+base+",signal:visits",
				"headroom.demand_unserved:20|g|#", "_e{"+strconv.Itoa(len(title))+",", "_sc|headroom.samples|0|d:"+strconv.FormatInt(d.Time.Unix(), 10)+"|#"+base)
			var forecasts int
			for _, level := range []string{"0.05", "0.5", "0.95"} {
				for _, name := range []string{"headroom.demand_forecast:", "headroom.replicas_forecast:"} {
					a.collect(t, name)
					for _, line := range a.lines {
						if strings.HasPrefix(line, name) && strings.Contains(line, ",level:"+level+"|") {
							require.True(t, strings.HasSuffix(line, "|T"+at), line)
							forecasts++
						}
					}
				}
			}
			require.Equal(t, 6, forecasts, "all that wait: none is aggregated away")
			event := a.find("_e{")
			require.Contains(t, event, "}:"+title+"|"+strings.ReplaceAll(d.Explain().String(), "\n", `\n`)+"|d:"+strconv.FormatInt(d.Time.Unix(), 10)+"|k:headroom:eu:shop|p:normal|t:")
		})
	}
}

// TestEventsFitIntoADatagram demands that the longest there is leaves a client with the payload of UDP.
func TestEventsFitIntoADatagram(t *testing.T) {
	a := newAgent(t, "udp").read()
	c := newStatsd(t, a.address)
	o, err := datadog.NewObserver(datadog.ObserverConfig{
		Statsd: c, Service: strings.Repeat("s", 100), Cluster: strings.Repeat("c", 63), Tags: []string{"team:" + strings.Repeat("t", 60)},
	})
	require.NoError(t, err)
	d := decisions(t)[30]
	d.Ready, d.Signal = 3, strings.Repeat("very long\n", 300)
	o.Decision(t.Context(), &d)
	require.NoError(t, c.Flush())
	require.NoError(t, o.Err())
	a.collect(t, "_e{")
	require.Contains(t, a.find("_e{"), "...|d:")
}

// TestNobodyListens demands that decisions go on without an agent, and that the client's owner hears of it.
func TestNobodyListens(t *testing.T) {
	for _, network := range []string{"udp", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			a := newAgent(t, network)
			require.NoError(t, a.Close())
			heard := make(chan error, 1)
			c := newStatsd(t, a.address, tell(heard), statsd.WithConnectTimeout(10*time.Millisecond))
			o := newObserver(t, c)
			d := decisions(t)[30]
			for range 3 { // over UDP the first datagram is what brings the refusal
				o.Decision(t.Context(), &d)
				require.NoError(t, c.Flush())
			}
			require.NoError(t, o.Err(), "nothing is wrong with what is sent")
			require.Error(t, <-heard)
		})
	}
}

// tell is the option to send errors to a channel.
func tell(heard chan<- error) statsd.Option {
	return statsd.WithErrorHandler(func(err error) {
		select {
		case heard <- err:
		default:
		}
	})
}

// TestAnAgentThatDoesNotRead demands that decisions do not wait for a socket that is full, and that Stop ends in time.
func TestAnAgentThatDoesNotRead(t *testing.T) {
	a := newAgent(t, "unixgram") // a socket of this kind takes some datagrams, and then blocks
	heard := make(chan error, 1)
	c := newStatsd(t, a.address, statsd.WithSenderQueueSize(8), statsd.WithWriteTimeout(10*time.Millisecond), tell(heard))
	o := newObserver(t, c)
	all := decisions(t)
	for n := 0; len(heard) == 0; n++ { // ends when the socket is full
		o.Decision(t.Context(), &all[n%len(all)])
	}
	require.Error(t, <-heard)
	require.NoError(t, o.Err())
}
