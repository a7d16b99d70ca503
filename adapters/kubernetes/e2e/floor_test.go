package e2e_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	adapter "github.com/headroom-go/headroom/adapters/kubernetes"
)

func TestFloorOfARealHPA(t *testing.T) {
	s := newSpace(t)
	s.deployment("web", 3)
	s.hpa("cpu", "web", 3, 20) // its metrics server is down: the floor holds all the same
	var log bytes.Buffer
	f := s.floor("cpu", func(c *adapter.FloorConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	requireHPA := func(low int, base, floor string) {
		t.Helper()
		l, b, f := s.minimum("cpu")
		require.Equal(t, []any{low, base, floor}, []any{l, b, f})
	}
	require.Equal(t, 3, fleetOf(t, f).Ready)

	begin := time.Now()
	require.NoError(t, f.Apply(t.Context(), wants(12)))
	requireHPA(12, "3", "12")
	require.Equal(t, 12, fleetOf(t, f).Ordered(), "the HPA will bring them")
	s.until("the HPA has ordered them", func() bool { return s.wanted("web") == 12 })
	ordered := time.Since(begin)
	s.until("they serve", func() bool { return fleetOf(t, f).Ready == 12 })
	t.Logf("3 -> 12 without any metric: ordered after %v, ready after %v", ordered.Round(10*time.Millisecond), time.Since(begin).Round(10*time.Millisecond))

	t.Run("a crash forgets nothing", func(t *testing.T) {
		again := s.floor("cpu", nil)
		require.NoError(t, again.Apply(t.Context(), wants(14)))
		requireHPA(14, "3", "14")
	})
	t.Run("minReplicas edited by hand", func(t *testing.T) {
		s.patchHPA("cpu", "kubectl-edit", map[string]any{"spec": map[string]any{"minReplicas": 5}})
		require.NoError(t, f.Apply(t.Context(), wants(14)))
		requireHPA(14, "5", "14")
		require.Contains(t, log.String(), "by=kubectl-edit", "the server knows who it was")
	})
	t.Run("no more than maxReplicas", func(t *testing.T) {
		var limit *adapter.LimitError
		require.ErrorAs(t, f.Apply(t.Context(), wants(50)), &limit)
		require.Equal(t, 20, limit.Applied)
		requireHPA(20, "5", "20")
	})
	t.Run("paused", func(t *testing.T) {
		s.patchHPA("cpu", "kubectl", map[string]any{"metadata": map[string]any{"annotations": map[string]any{adapter.PausedAnnotation: "true"}}})
		require.ErrorIs(t, f.Apply(t.Context(), wants(7)), adapter.ErrPaused)
		s.patchHPA("cpu", "kubectl", map[string]any{"metadata": map[string]any{"annotations": map[string]any{adapter.PausedAnnotation: nil}}})
		requireHPA(20, "5", "20")
	})
	t.Run("dry run", func(t *testing.T) {
		require.NoError(t, s.floor("cpu", func(c *adapter.FloorConfig) { c.DryRun = true }).Apply(t.Context(), wants(7)))
		requireHPA(20, "5", "20")
	})
	t.Run("a second HPA on the same target", func(t *testing.T) {
		s.hpa("memory", "web", 1, 9)
		var rival *adapter.RivalError
		s.until("it is seen", func() bool { return errors.As(f.Apply(t.Context(), wants(7)), &rival) })
		require.NoError(t, admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Delete(t.Context(), "memory", metav1.DeleteOptions{}))
		s.until("it is gone", func() bool { return f.Apply(t.Context(), wants(7)) == nil })
		requireHPA(7, "5", "7")
	})
	t.Run("restored", func(t *testing.T) {
		require.NoError(t, f.Release(t.Context()))
		requireHPA(5, "", "")
	})
	t.Run("deleted and made again", func(t *testing.T) {
		require.NoError(t, admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Delete(t.Context(), "cpu", metav1.DeleteOptions{}))
		_, err := f.Fleet(t.Context())
		require.ErrorContains(t, err, "not found")
		s.hpa("cpu", "web", 4, 20)
		require.NoError(t, f.Apply(t.Context(), wants(6)))
		requireHPA(6, "4", "6")
	})
}

// The status of an HPA is written all the time, by its controller; a Floor gets through.
func TestFloorAgainstManyWriters(t *testing.T) {
	s := newSpace(t)
	s.deployment("web", 3)
	s.hpa("cpu", "web", 1, 50)
	f := s.floor("cpu", nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			_, _ = admin.AutoscalingV2().HorizontalPodAutoscalers(s.name).Patch(t.Context(), "cpu", mergePatch,
				[]byte(`{"metadata":{"annotations":{"seen":"`+time.Now().Format(time.RFC3339Nano)+`"}}}`), metav1.PatchOptions{})
		}
	}()
	n := 0
	for running := true; running; n++ {
		require.NoError(t, f.Apply(t.Context(), wants(2+n%7)))
		select {
		case <-done:
			running = false
		default:
		}
	}
	low, base, floor := s.minimum("cpu")
	require.Equal(t, 2+(n-1)%7, low)
	require.Equal(t, "1", base)
	require.NotEmpty(t, floor)
	t.Logf("%d floors against 200 writes", n)
}
