package e2e

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// Kubelet stands in for the nodes: a pod is ready Boot after it was made, and gone at once when it is deleted. It is no
// kubelet: no container runs, and nothing is scheduled.
type Kubelet struct {
	client kubernetes.Interface

	mu   sync.Mutex
	boot func(p *corev1.Pod) time.Duration // below 0: never
	made map[types.UID]time.Time           // by the clock here, because the API server writes whole seconds

	cancel context.CancelFunc
	ended  chan struct{}
}

// StartKubelet looks after all pods of the cluster until Stop.
func StartKubelet(ctx context.Context, client kubernetes.Interface, boot time.Duration) *Kubelet {
	ctx, cancel := context.WithCancel(ctx)
	k := &Kubelet{client: client, made: map[types.UID]time.Time{}, cancel: cancel, ended: make(chan struct{})}
	k.Boot(func(*corev1.Pod) time.Duration { return boot })
	go func() {
		defer close(k.ended)
		for ctx.Err() == nil {
			k.watch(ctx)
		}
	}()
	return k
}

// Boot sets how long pods take from now on; below 0 they never become ready.
func (k *Kubelet) Boot(boot func(p *corev1.Pod) time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.boot = boot
}

// Stop ends it.
func (k *Kubelet) Stop() {
	k.cancel()
	<-k.ended
}

// watch follows the pods until the API server ends it.
func (k *Kubelet) watch(ctx context.Context) {
	list, err := k.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		pause(ctx)
		return
	}
	pods := map[types.UID]*corev1.Pod{}
	for i := range list.Items {
		pods[list.Items[i].UID] = &list.Items[i]
	}
	events, err := k.client.CoreV1().Pods("").Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		pause(ctx)
		return
	}
	defer events.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var news, looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case e, open := <-events.ResultChan():
			news = time.Now()
			p, ok := e.Object.(*corev1.Pod)
			if !open || !ok {
				return
			}
			if e.Type == watch.Deleted {
				delete(pods, p.UID)
			} else {
				pods[p.UID] = p
			}
		case <-tick.C:
			if time.Since(news) < 10*time.Millisecond && time.Since(looked) < time.Second {
				continue // what has happened comes first: who acts on what is past acts for nothing
			}
			k.lookAtAll(ctx, pods)
			looked = time.Now()
			tick.Reset(20 * time.Millisecond)
		}
	}
}

// lookAtAll does what is to be done for all pods, ten at a time.
func (k *Kubelet) lookAtAll(ctx context.Context, pods map[types.UID]*corev1.Pod) {
	var looks sync.WaitGroup
	room := make(chan struct{}, 10)
	for _, p := range pods {
		if p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil {
			continue // as most are
		}
		room <- struct{}{}
		looks.Go(func() { k.look(ctx, p); <-room })
	}
	looks.Wait()
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(100 * time.Millisecond):
	}
}

// look does what is to be done for a pod. What fails is tried again.
func (k *Kubelet) look(ctx context.Context, p *corev1.Pod) {
	k.mu.Lock()
	boot := k.boot(p)
	if k.made[p.UID].IsZero() {
		k.made[p.UID] = time.Now()
	}
	made := k.made[p.UID]
	k.mu.Unlock()
	switch {
	case p.DeletionTimestamp != nil:
		_ = k.client.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
	case boot >= 0 && time.Since(made) >= boot && p.Status.Phase != corev1.PodRunning:
		now := metav1.Now()
		ready := p.DeepCopy()
		ready.Status.Phase, ready.Status.StartTime = corev1.PodRunning, &now
		for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
			ready.Status.Conditions = append(ready.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
		}
		_, _ = k.client.CoreV1().Pods(p.Namespace).UpdateStatus(ctx, ready, metav1.UpdateOptions{})
	}
}
