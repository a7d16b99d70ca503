package kubernetes

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/policy"
)

func boots(seconds ...int) []*corev1.Pod {
	var pods []*corev1.Pod
	for i, s := range seconds {
		pods = append(pods, booted(pod(i, origin.Add(time.Duration(i)*time.Second)), time.Duration(s)*time.Second))
	}
	return pods
}

func TestBootTimeIsTheOneThatOneInTwentyExceeds(t *testing.T) {
	var b BootTimes
	b.Note(web, boots(60, 61, 62, 63))
	require.Zero(t, b.High(), "four say nothing of one in twenty")
	require.Equal(t, 4, b.Count())
	var seconds []int
	for i := range 40 {
		seconds = append(seconds, 60+i)
	}
	b.Note(web, boots(seconds...))
	require.Equal(t, 97*time.Second, b.High(), "the 38th of 40")
	b.Note(web, boots(seconds...))
	require.Equal(t, 40, b.Count(), "each pod once")
}

func TestWhatTellsNothingOfBooting(t *testing.T) {
	starting := pod(1, origin)
	recovered := booted(pod(2, origin), 26*time.Hour) // it has failed and come back
	skewed := booted(pod(3, origin), -4*time.Second)  // the clock of the node is behind
	lost := booted(pod(4, origin), time.Minute)
	lost.Status.Conditions[0].Status = corev1.ConditionFalse // when it stopped being ready
	var b BootTimes
	b.Note(web, []*corev1.Pod{starting, recovered, skewed, lost})
	require.Zero(t, b.Count())
	at := booted(pod(5, origin), 0)
	for i := range 5 {
		p := at.DeepCopy()
		p.UID = pod(100+i, origin).UID
		b.Note(web, []*corev1.Pod{p})
	}
	require.Equal(t, time.Second, b.High(), "0 means that nothing is known")
}

func TestBootTimeRisesAtOnceAndDoesNotTremble(t *testing.T) {
	var b BootTimes
	next := 0
	note := func(seconds int) {
		next++
		b.Note(web, []*corev1.Pod{booted(pod(next, origin), time.Duration(seconds)*time.Second)})
	}
	for range 64 {
		note(100)
	}
	require.Equal(t, 100*time.Second, b.High())
	for range 64 {
		note(85)
	}
	require.Equal(t, 100*time.Second, b.High(), "less, by less than a fifth")
	for range 64 {
		note(79)
	}
	require.Equal(t, 79*time.Second, b.High())
	for range 4 {
		note(130)
	}
	require.Equal(t, 130*time.Second, b.High())
}

// Of many pods at first sight the newest count, in whichever order they are listed.
func TestTheNewestBootsCount(t *testing.T) {
	var seconds []int
	for i := range 100 {
		seconds = append(seconds, map[bool]int{true: 300, false: 60}[i < 30])
	}
	pods := boots(seconds...)
	slices.Reverse(pods)
	var b BootTimes
	b.Note(web, pods)
	require.Equal(t, 60*time.Second, b.High())
}

// Workloads that share what is learned do not make each other's pods new again.
func TestBootTimesOfSeveralWorkloads(t *testing.T) {
	var b BootTimes
	other := Target{Kind: "Deployment", Namespace: "shop", Name: "other"}
	theirs := booted(pod(9, origin), 200*time.Second)
	for range 3 {
		b.Note(web, boots(60, 61, 62, 63))
		b.Note(other, []*corev1.Pod{theirs})
	}
	require.Equal(t, 5, b.Count())
	require.Equal(t, 200*time.Second, b.High())
}

// Against a twin that keeps everything.
func TestBootTimesAgainstATwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b BootTimes
		var all []time.Duration
		said := time.Duration(0)
		n := 0
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			var pods []*corev1.Pod
			for range rapid.IntRange(0, 8).Draw(t, "pods") {
				boot := time.Duration(rapid.IntRange(-10, 4000).Draw(t, "boot")) * time.Second
				n++
				pods = append(pods, booted(pod(n, origin.Add(time.Duration(n)*time.Second)), boot))
				if boot >= 0 && boot <= time.Hour {
					all = append(all, boot)
				}
			}
			if rapid.Bool().Draw(t, "shuffled") {
				slices.Reverse(pods)
			}
			b.Note(web, pods)
			want := time.Duration(0)
			if len(all) >= 5 {
				newest := slices.Clone(all[max(0, len(all)-64):])
				slices.Sort(newest)
				want = max(time.Second, newest[int(math.Ceil(.95*float64(len(newest))))-1])
				if want <= said && float64(want) >= .8*float64(said) {
					want = said
				}
				said = want
			}
			require.Equal(t, want, b.High())
		}
	})
}

func TestNodesBySize(t *testing.T) {
	c := newCluster(t, 0)
	node := func(name, size string, ready corev1.ConditionStatus, age time.Duration, edit func(*corev1.Node)) {
		n := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelInstanceTypeStable: size, "pool": "web"}, CreationTimestamp: metav1.NewTime(origin.Add(-age))},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionTrue}, {Type: corev1.NodeReady, Status: ready}}},
		}
		if edit != nil {
			edit(n)
		}
		require.NoError(t, c.client.Tracker().Add(n))
	}
	node("a", "m5.large", corev1.ConditionTrue, time.Hour, nil)
	node("b", "m5.large", corev1.ConditionTrue, time.Minute, nil)
	node("c", "m5.large", corev1.ConditionFalse, time.Minute, nil)
	node("d", "c5.xlarge", corev1.ConditionUnknown, time.Minute, nil)
	node("e", "c5.xlarge", corev1.ConditionFalse, time.Hour, nil) // broken
	node("f", "r5.large", corev1.ConditionTrue, time.Hour, func(n *corev1.Node) { n.Spec.Unschedulable = true })
	node("g", "m5.large", corev1.ConditionTrue, time.Hour, func(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{Time: origin} })
	p := &NodePool{Client: c.client, Now: func() time.Time { return origin }}
	got, err := p.Nodes(t.Context())
	require.NoError(t, err)
	want := []policy.Nodes{{Size: "c5.xlarge", Starting: 1}, {Size: "m5.large", Ready: 2, Starting: 1}}
	require.Equal(t, want, got)
	fleet, err := c.actuator(func(cfg *ScaleConfig) { cfg.Nodes = p }).Fleet(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, fleet.Nodes)
	c.down = errRefused
	_, err = p.Nodes(t.Context())
	require.ErrorContains(t, err, "list nodes in the cluster")
}

func TestPendingPods(t *testing.T) {
	waiting, placed, ending := pod(1, origin), pod(2, origin), pod(3, origin)
	placed.Spec.NodeName = "a"
	ending.DeletionTimestamp = &metav1.Time{Time: origin}
	require.Equal(t, 1, Pending([]*corev1.Pod{waiting, placed, ending, booted(pod(4, origin), time.Minute)}))
}
