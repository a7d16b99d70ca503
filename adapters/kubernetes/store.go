package kubernetes

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/scaler"
)

// StoreConfig says where snapshots are kept.
type StoreConfig struct {
	// Client speaks to the API server. Required.
	Client kubernetes.Interface
	// Namespace and Name are those of the ConfigMap, which is made if there is none. Required. A ConfigMap holds one snapshot.
	Namespace, Name string
	// Labels are those of a ConfigMap that is made [none].
	Labels map[string]string
	// Manager is the field manager ["headroom"].
	Manager string
}

// Store keeps a snapshot in a ConfigMap, compressed, for a controller whose disk does not outlive it. It is safe for
// concurrent use.
//
// Save writes over what this Store has loaded or saved, and over nothing else: where somebody has written in between, it is
// an error (ErrTaken), and Load must come first. So a controller that has lost its lease without knowing it cannot put an old
// snapshot in the place of its successor's.
//
// A snapshot that is too large for a ConfigMap, of 1 MiB, is an error and changes nothing.
type Store struct {
	cfg StoreConfig

	mu      sync.Mutex
	version string // of the ConfigMap as it was seen last; "" for none
	known   bool
}

var _ adapters.Store = (*Store)(nil)

// ErrTaken says that somebody else has saved since this Store has loaded or saved.
var ErrTaken = errors.New("somebody else has saved a snapshot since this one was loaded")

const (
	snapshotKey = "snapshot.gz"
	sumKey      = "crc32"
	// maxSnapshot leaves room for the rest of the ConfigMap: the API server takes at most 1 MiB of data.
	maxSnapshot = 1<<20 - 1<<12
	// maxInflated bounds what a damaged ConfigMap can make of a few bytes.
	maxInflated = 64 << 20
)

// NewStore returns a Store that has asked nothing yet. The error is scaler.Faults, with every fault of cfg.
func NewStore(cfg StoreConfig) (*Store, error) {
	var faults scaler.Faults
	need := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	need(cfg.Client != nil, "client", "nil", "a client")
	need(cfg.Namespace != "", "namespace", `""`, "the namespace of the ConfigMap")
	need(cfg.Name != "", "name", `""`, "the name of the ConfigMap")
	if len(faults) > 0 {
		return nil, faults
	}
	if cfg.Manager == "" {
		cfg.Manager = defaultManager
	}
	return &Store{cfg: cfg}, nil
}

func (s *Store) call(err error, verb string) error {
	return call(err, verb, "configmaps", s.cfg.Namespace, s.cfg.Name)
}

// Load implements adapters.Store.
func (s *Store) Load(ctx context.Context) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.cfg.Client.CoreV1().ConfigMaps(s.cfg.Namespace).Get(ctx, s.cfg.Name, metav1.GetOptions{})
	if notFound(err) {
		s.version, s.known = "", true
		return nil, nil
	}
	if err != nil {
		return nil, s.call(err, "get")
	}
	s.version, s.known = m.ResourceVersion, true
	compressed, ok := m.BinaryData[snapshotKey]
	if !ok {
		return nil, nil
	}
	b, err := inflate(compressed, m.Data[sumKey])
	if err != nil {
		return nil, fmt.Errorf("ConfigMap %s/%s: %s: %w", s.cfg.Namespace, s.cfg.Name, snapshotKey, err)
	}
	return b, nil
}

func inflate(compressed []byte, sum string) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > maxInflated:
		return nil, fmt.Errorf("more than %d bytes; that is no snapshot", maxInflated)
	case checksum(b) != sum:
		return nil, fmt.Errorf("the checksum is %s; wanted %s", checksum(b), sum)
	}
	return b, nil
}

// checksum tells a snapshot from one that somebody has edited, or whose ConfigMap was put together from two.
func checksum(b []byte) string { return strconv.FormatUint(uint64(crc32.ChecksumIEEE(b)), 16) }

// Save implements adapters.Store.
func (s *Store) Save(ctx context.Context, b []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var compressed bytes.Buffer
	z := gzip.NewWriter(&compressed)
	_, e1 := z.Write(b)
	if err := errors.Join(e1, z.Close()); err != nil {
		return err
	}
	if n := compressed.Len(); n > maxSnapshot {
		return fmt.Errorf("ConfigMap %s/%s: the snapshot has %d bytes, compressed; wanted at most %d", s.cfg.Namespace, s.cfg.Name, n, maxSnapshot)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.cfg.Namespace, Name: s.cfg.Name, Labels: s.cfg.Labels, ResourceVersion: s.version},
		Data:       map[string]string{sumKey: checksum(b)},
		BinaryData: map[string][]byte{snapshotKey: compressed.Bytes()},
	}
	if !s.known { // who has never looked writes over what is there
		now, err := s.cfg.Client.CoreV1().ConfigMaps(s.cfg.Namespace).Get(ctx, s.cfg.Name, metav1.GetOptions{})
		if err != nil && !notFound(err) {
			return s.call(err, "get")
		}
		if err == nil {
			m.ResourceVersion = now.ResourceVersion
		}
	}
	saved, err := s.write(ctx, m)
	if err != nil {
		return err
	}
	s.version, s.known = saved.ResourceVersion, true
	return nil
}

// write makes the ConfigMap or replaces the version that m has.
func (s *Store) write(ctx context.Context, m *corev1.ConfigMap) (*corev1.ConfigMap, error) {
	api := s.cfg.Client.CoreV1().ConfigMaps(s.cfg.Namespace)
	if m.ResourceVersion == "" {
		saved, err := api.Create(ctx, m, metav1.CreateOptions{FieldManager: s.cfg.Manager})
		if exists(err) {
			return nil, fmt.Errorf("ConfigMap %s/%s: %w", s.cfg.Namespace, s.cfg.Name, ErrTaken)
		}
		return saved, s.call(err, "create")
	}
	saved, err := api.Update(ctx, m, metav1.UpdateOptions{FieldManager: s.cfg.Manager})
	switch {
	case conflict(err):
		return nil, fmt.Errorf("ConfigMap %s/%s: %w", s.cfg.Namespace, s.cfg.Name, ErrTaken)
	case notFound(err): // somebody has deleted it: nothing is lost by making it anew
		m.ResourceVersion = ""
		saved, err = api.Create(ctx, m, metav1.CreateOptions{FieldManager: s.cfg.Manager})
		return saved, s.call(err, "create")
	}
	return saved, s.call(err, "update")
}
