package refusal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/internal/refusal"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 3, 4, 20, 15, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-7": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0, "301": 5 * time.Minute, "2147483647": 5 * time.Minute,
		"Mon, 04 Mar 2024 20:16:30 GMT": 90 * time.Second, "Mon, 04 Mar 2024 20:14:30 GMT": 0, "Tue, 04 Mar 2025 20:16:30 GMT": 5 * time.Minute,
	} {
		require.Equal(t, want, refusal.RetryAfter(text, now), text)
	}
}

func TestClip(t *testing.T) {
	require.Equal(t, "a b c", refusal.Clip(" a\n\tb \r\n c\n"))
	got := refusal.Clip(strings.Repeat("x", 299) + "üüü")
	require.Equal(t, strings.Repeat("x", 299)+"...", got)
	require.True(t, utf8.ValidString(got))
}

func TestAddress(t *testing.T) {
	for _, good := range []string{"http://shop", "https://shop:8443/a/b?c=d"} {
		_, ok := refusal.Address(good)
		require.True(t, ok, good)
	}
	for _, bad := range []string{"", "shop", "shop:80", "ftp://shop", "http://", "http:shop", "http://a:b@shop", "http://a@shop", "http://shop#x", "http://shop:x", "http://[::1", "http://sh op"} {
		_, ok := refusal.Address(bad)
		require.False(t, ok, bad)
	}
}

// busy is an error that says how long to wait.
type busy time.Duration

func (b busy) Error() string       { return "busy" }
func (b busy) Wait() time.Duration { return time.Duration(b) }

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s refusal.Silence
		require.NoError(t, s.Err())
		s.Heed(errors.New("no"))
		s.Heed(busy(0))
		require.NoError(t, s.Err())
		s.Heed(fmt.Errorf("asking: %w", busy(time.Minute)))
		time.Sleep(59 * time.Second)
		require.EqualError(t, s.Err(), "not asked, 1s too early, since the last answer was asking: busy")
		require.ErrorIs(t, s.Err(), busy(time.Minute))
		time.Sleep(time.Second)
		require.NoError(t, s.Err())
	})
}
