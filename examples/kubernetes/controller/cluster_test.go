package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/forecast"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plane is a control plane that several copies share: leases, ConfigMaps and scales with versions, as client-go's fakes do not
// have them. It holds the one law of all these tests: who changes a workload or its snapshot holds the lease of its shard.
type plane struct {
	t      *testing.T
	shards int

	mu         sync.Mutex
	version    int
	leases     map[string]*coordinationv1.Lease
	configMaps map[string]*corev1.ConfigMap
	replicas   map[string]int
	versions   map[string]int // of scales
	cut        map[string]bool
	unleased   map[string]bool          // cannot reach leases alone
	slow       map[string]time.Duration // how long calls for Deployments take
	selector   string                   // of all Deployments
	patches    []patch
	events     []*corev1.Event
	calls      map[string]bool // verb, group, resource
	broken     []string        // where the law was
	before     func(copyName, workload string)
}

type patch struct {
	at             time.Time
	copy, workload string
	replicas       int
}

func newPlane(t *testing.T, shards int) *plane {
	return &plane{
		t: t, shards: shards, leases: map[string]*coordinationv1.Lease{}, configMaps: map[string]*corev1.ConfigMap{}, replicas: map[string]int{},
		versions: map[string]int{}, cut: map[string]bool{}, unleased: map[string]bool{}, slow: map[string]time.Duration{}, calls: map[string]bool{},
	}
}

var errCut = errors.New("no route to host")

// law notes where a copy changes something without the lease.
func (p *plane) law(copyName, workload, what string) {
	l := p.leases[fmt.Sprintf("headroom-%d-of-%d", shardOf(workload, p.shards), p.shards)]
	if l == nil || l.Spec.HolderIdentity == nil || *l.Spec.HolderIdentity != copyName {
		p.broken = append(p.broken, fmt.Sprintf("%s: %s of %s by %s", time.Now().Format(time.TimeOnly), what, workload, copyName))
	}
}

// react answers the calls of a copy.
func (p *plane) react(copyName string) clienttesting.ReactionFunc {
	return func(action clienttesting.Action) (bool, runtime.Object, error) {
		if p.before != nil {
			if a, ok := action.(clienttesting.PatchAction); ok {
				p.before(copyName, a.GetName())
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		resource := action.GetResource()
		name := resource.Resource
		if sub := action.GetSubresource(); sub != "" {
			name += "/" + sub
		}
		p.calls[strings.Join([]string{resource.Group, name, action.GetVerb()}, " ")] = true
		if d := p.slow[copyName]; d > 0 && resource.Resource == "deployments" {
			p.mu.Unlock()
			time.Sleep(d)
			p.mu.Lock()
		}
		if p.cut[copyName] || p.unleased[copyName] && resource.Resource == "leases" {
			return true, nil, errCut
		}
		switch resource.Resource {
		case "leases":
			o, err := p.lease(action)
			return true, o, err
		case "configmaps":
			o, err := p.configMap(copyName, action)
			return true, o, err
		case "events":
			p.events = append(p.events, action.(clienttesting.CreateAction).GetObject().(*corev1.Event))
			return true, p.events[len(p.events)-1], nil
		case "deployments":
			o, err := p.deployment(copyName, action)
			return true, o, err
		}
		return false, nil, nil // empty lists of pods, HPAs and ScaledObjects
	}
}

func stale(resource schema.GroupVersionResource, name string) error {
	return apierrors.NewConflict(resource.GroupResource(), name, errors.New("another version"))
}

func (p *plane) lease(action clienttesting.Action) (runtime.Object, error) {
	gvr := action.GetResource()
	switch a := action.(type) {
	case clienttesting.UpdateAction: // creations are too, by their methods
		l := a.GetObject().(*coordinationv1.Lease).DeepCopy()
		now, there := p.leases[l.Name]
		switch {
		case action.GetVerb() == "create" && there:
			return nil, apierrors.NewAlreadyExists(gvr.GroupResource(), l.Name)
		case action.GetVerb() == "update" && !there:
			return nil, apierrors.NewNotFound(gvr.GroupResource(), l.Name)
		case there && now.ResourceVersion != l.ResourceVersion:
			return nil, stale(gvr, l.Name)
		}
		p.version++
		l.ResourceVersion = strconv.Itoa(p.version)
		p.leases[l.Name] = l
		return l.DeepCopy(), nil
	case clienttesting.GetAction:
		l, there := p.leases[a.GetName()]
		if !there {
			return nil, apierrors.NewNotFound(gvr.GroupResource(), a.GetName())
		}
		return l.DeepCopy(), nil
	}
	list := &coordinationv1.LeaseList{}
	for _, name := range slices.Sorted(maps.Keys(p.leases)) {
		list.Items = append(list.Items, *p.leases[name].DeepCopy())
	}
	return list, nil
}

func (p *plane) configMap(copyName string, action clienttesting.Action) (runtime.Object, error) {
	gvr := action.GetResource()
	switch a := action.(type) {
	case clienttesting.UpdateAction:
		m := a.GetObject().(*corev1.ConfigMap).DeepCopy()
		now, there := p.configMaps[m.Name]
		switch {
		case action.GetVerb() == "create" && there:
			return nil, apierrors.NewAlreadyExists(gvr.GroupResource(), m.Name)
		case action.GetVerb() == "update" && !there:
			return nil, apierrors.NewNotFound(gvr.GroupResource(), m.Name)
		case there && now.ResourceVersion != m.ResourceVersion:
			return nil, stale(gvr, m.Name)
		}
		p.law(copyName, strings.TrimPrefix(m.Name, "headroom-snapshot-"), "snapshot")
		p.version++
		m.ResourceVersion = strconv.Itoa(p.version)
		p.configMaps[m.Name] = m
		return m.DeepCopy(), nil
	case clienttesting.GetAction:
		m, there := p.configMaps[a.GetName()]
		if !there {
			return nil, apierrors.NewNotFound(gvr.GroupResource(), a.GetName())
		}
		return m.DeepCopy(), nil
	}
	return nil, errors.New("not foreseen")
}

func (p *plane) deployment(copyName string, action clienttesting.Action) (runtime.Object, error) {
	switch a := action.(type) {
	case clienttesting.PatchAction:
		var body struct {
			Metadata struct{ ResourceVersion string } // which may be left out
			Spec     struct{ Replicas int }
		}
		require.NoError(p.t, json.Unmarshal(a.GetPatch(), &body))
		if v := body.Metadata.ResourceVersion; v != "" && v != strconv.Itoa(p.versions[a.GetName()]) {
			return nil, stale(action.GetResource(), a.GetName())
		}
		p.law(copyName, a.GetName(), "scale")
		p.replicas[a.GetName()] = body.Spec.Replicas
		p.versions[a.GetName()]++
		p.patches = append(p.patches, patch{time.Now(), copyName, a.GetName(), body.Spec.Replicas})
		return p.object(a.GetName()), nil
	case clienttesting.GetAction:
		return p.object(a.GetName()), nil
	}
	return nil, errors.New("not foreseen")
}

// object is a deployment and its scale in one.
func (p *plane) object(name string) runtime.Object {
	n := int64(p.replicas[name])
	u := &unstructured.Unstructured{Object: map[string]any{"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": map[string]any{"replicas": n}, "status": map[string]any{"replicas": n, "selector": p.selector}}}
	u.SetName(name)
	u.SetUID("1")
	u.SetResourceVersion(strconv.Itoa(p.versions[name]))
	return u
}

// demand is of 40 requests a second, and from half past midnight on of ten more each minute.
type demand struct{}

var rise = time.Date(2000, time.January, 1, 0, 30, 0, 0, time.UTC) // the clock of synctest begins at midnight

func demandAt(t time.Time) float64 { return 40 + 10*max(0, t.Sub(rise).Minutes()) }

// Read implements adapters.Source.
func (demand) Read(_ context.Context, dst []forecast.Sample, from, to time.Time) ([]forecast.Sample, error) {
	for t := from.Truncate(time.Minute); t.Before(to); t = t.Add(time.Minute) {
		if !t.Before(from) {
			dst = append(dst, forecast.Sample{Time: t, Value: demandAt(t)})
		}
	}
	return dst, nil
}

const defaults = `version: 1
defaults:
  backfill: 30m
  engine: {step: 1m, min: 2, max: 80, signals: [{name: visits, capacity: 10}]}
  feeds: [{signal: visits, inputs: [{name: demand, other: {type: demand}}]}]
workloads:
`

// document has workloads that scale the Deployments of their names.
func text(workloads ...string) string {
	s := defaults
	for _, w := range workloads {
		s += fmt.Sprintf("  - {name: %s, actuator: {other: {type: scale, settings: {kind: Deployment, namespace: shop, name: %s}}}}\n", w, w)
	}
	return s
}

// replica is one copy that runs.
type replica struct {
	*controller
	stop  func()
	ended chan error
	logs  *logged
}

// logged collects what is said.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (p *plane) file(document string) string {
	path := filepath.Join(p.t.TempDir(), "headroom.yaml")
	require.NoError(p.t, os.WriteFile(path, []byte(document), 0o600))
	return path
}

func (p *plane) config(name, file string) Config {
	client := fake.NewClientset()
	client.PrependReactor("*", "*", p.react(name))
	kinds := map[schema.GroupVersionResource]string{{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}: "ScaledObjectList"}
	dynamic := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds)
	dynamic.PrependReactor("*", "*", p.react(name))
	return Config{
		Client: client, Dynamic: dynamic, Namespace: "headroom", Identity: name, File: file, Shards: p.shards, Lookup: func(string) (string, bool) { return "", false },
		Parts: deploy.Parts{Sources: map[string]func(deploy.Part) (adapters.Source, error){"demand": func(deploy.Part) (adapters.Source, error) { return demand{}, nil }}},
	}
}

// start runs a copy.
func (p *plane) start(cfg Config) *replica {
	r := &replica{logs: &logged{}, ended: make(chan error, 1)}
	cfg.Logger = slog.New(slog.NewTextHandler(r.logs, nil))
	ctx, cancel := context.WithCancel(p.t.Context())
	c, err := newController(ctx, cfg)
	require.NoError(p.t, err)
	r.controller, r.stop = c, cancel
	go func() { r.ended <- c.run(ctx) }()
	return r
}

// end stops copies, and sees that the law was kept.
func (p *plane) end(copies ...*replica) {
	for _, r := range copies {
		r.stop()
		require.NoError(p.t, <-r.ended)
	}
	require.Empty(p.t, p.broken)
}

// holders are those of the leases, by shard.
func (p *plane) holders() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for i := range p.shards {
		holder := ""
		if l := p.leases[fmt.Sprintf("headroom-%d-of-%d", i, p.shards)]; l != nil && l.Spec.HolderIdentity != nil {
			holder = *l.Spec.HolderIdentity
		}
		out = append(out, holder)
	}
	return out
}

func (p *plane) scaleOf(workload string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.replicas[workload]
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
