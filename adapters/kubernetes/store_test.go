package kubernetes

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/adaptertest"
	"github.com/headroom-go/headroom/scaler"
)

var configMaps = corev1.SchemeGroupVersion.WithResource("configmaps")

// versioned gives ConfigMaps resource versions, and refuses to update another one than the newest, as an API server does.
func versioned(c *cluster) *cluster {
	version := 0
	c.client.PrependReactor("create", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		m := a.(clienttesting.CreateAction).GetObject().(*corev1.ConfigMap).DeepCopy()
		if m.ResourceVersion != "" {
			return true, nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
		}
		version++
		m.ResourceVersion = strconv.Itoa(version)
		return true, m, c.client.Tracker().Create(configMaps, m, m.Namespace)
	})
	c.client.PrependReactor("update", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		m := a.(clienttesting.UpdateAction).GetObject().(*corev1.ConfigMap).DeepCopy()
		now, err := c.client.Tracker().Get(configMaps, m.Namespace, m.Name)
		if err != nil {
			return true, nil, err
		}
		if now.(*corev1.ConfigMap).ResourceVersion != m.ResourceVersion {
			return true, nil, apierrors.NewConflict(configMaps.GroupResource(), m.Name, errors.New("modified"))
		}
		version++
		m.ResourceVersion = strconv.Itoa(version)
		return true, m, c.client.Tracker().Update(configMaps, m, m.Namespace)
	})
	fail := func(clienttesting.Action) (bool, runtime.Object, error) { return c.down != nil, nil, c.down }
	c.client.PrependReactor("*", "*", fail)
	return c
}

func (c *cluster) store() *Store {
	s, err := NewStore(StoreConfig{Client: c.client, Namespace: "shop", Name: "headroom-web", Labels: map[string]string{"app": "headroom"}})
	require.NoError(c.t, err)
	return s
}

func TestStoreConforms(t *testing.T) {
	adaptertest.RunStore(t, func(t *testing.T) adaptertest.StoreHarness {
		c := versioned(newCluster(t, 0))
		return adaptertest.StoreHarness{Store: c.store(), Again: func() adapters.Store { return c.store() }, Break: func() { c.down = errRefused }}
	})
}

// Who has lost its lease without knowing it does not put an old snapshot in the place of a new one.
func TestStoreWritesOverNobodyElse(t *testing.T) {
	c := versioned(newCluster(t, 0))
	old, next := c.store(), c.store()
	_, err := old.Load(t.Context())
	require.NoError(t, err)
	_, err = next.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, next.Save(t.Context(), []byte("first")))
	require.ErrorIs(t, old.Save(t.Context(), []byte("late")), ErrTaken, "there was nothing when it looked")
	b, err := old.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "first", string(b))
	require.NoError(t, old.Save(t.Context(), []byte("second")), "it has looked")
	require.ErrorIs(t, next.Save(t.Context(), []byte("third")), ErrTaken)
	b, err = c.store().Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", string(b))

	require.NoError(t, c.client.Tracker().Delete(configMaps, "shop", "headroom-web"))
	require.NoError(t, old.Save(t.Context(), []byte("anew")), "somebody has deleted it")
	b, err = c.store().Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "anew", string(b))
}

// Who has never looked, because it begins anew on purpose, writes over what is there.
func TestStoreThatHasNotLooked(t *testing.T) {
	c := versioned(newCluster(t, 0))
	require.NoError(t, c.store().Save(t.Context(), []byte("old")))
	require.NoError(t, c.store().Save(t.Context(), []byte("new")))
	b, err := c.store().Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "new", string(b))
}

func (c *cluster) configMap() *corev1.ConfigMap {
	o, err := c.client.Tracker().Get(configMaps, "shop", "headroom-web")
	require.NoError(c.t, err)
	return o.(*corev1.ConfigMap)
}

func TestStoreFindsDamage(t *testing.T) {
	c := versioned(newCluster(t, 0))
	require.NoError(t, c.store().Save(t.Context(), []byte("a snapshot of some length")))
	whole := c.configMap()
	require.Equal(t, map[string]string{"app": "headroom"}, whole.Labels)
	for want, edit := range map[string]func(m *corev1.ConfigMap){
		"snapshot.gz: the checksum is": func(m *corev1.ConfigMap) { m.Data = map[string]string{sumKey: "0"} },
		"snapshot.gz: gzip":            func(m *corev1.ConfigMap) { m.BinaryData = map[string][]byte{snapshotKey: []byte("not compressed")} },
		"snapshot.gz: unexpected EOF": func(m *corev1.ConfigMap) {
			m.BinaryData = map[string][]byte{snapshotKey: m.BinaryData[snapshotKey][:20]}
		},
	} {
		m := whole.DeepCopy()
		edit(m)
		require.NoError(t, c.client.Tracker().Update(configMaps, m, "shop"))
		b, err := c.store().Load(t.Context())
		require.Nil(t, b)
		require.ErrorContains(t, err, "ConfigMap shop/headroom-web: "+want)
	}
	empty := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "headroom-web", ResourceVersion: "9"}}
	require.NoError(t, c.client.Tracker().Update(configMaps, empty, "shop"))
	s := c.store()
	b, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Nil(t, b, "a ConfigMap that somebody has made for it")
	require.NoError(t, s.Save(t.Context(), []byte("x")))
}

func TestStoreTakesWhatFits(t *testing.T) {
	c := versioned(newCluster(t, 0))
	s := c.store()
	random := rand.NewChaCha8([32]byte{})
	b := make([]byte, maxSnapshot+1)
	_, _ = random.Read(b)
	require.ErrorContains(t, s.Save(t.Context(), b), "wanted at most 1044480")
	got, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Nil(t, got, "nothing was changed")
	require.NoError(t, s.Save(t.Context(), make([]byte, 8<<20)), "what can be compressed")
}

func TestNewStoreFaults(t *testing.T) {
	_, err := NewStore(StoreConfig{})
	var faults scaler.Faults
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults, 3)
}
