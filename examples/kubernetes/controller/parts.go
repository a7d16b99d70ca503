package controller

import (
	"fmt"
	"hash/crc32"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/kubernetes"
	"github.com/headroom-go/headroom/adapters/prometheus"
)

// What the document calls other, and this package makes.
const (
	typeScale     = "scale"
	typeFloor     = "floor"
	typeConfigMap = "configmap"
	typeMetrics   = "controller-metrics"
	typeEvents    = "controller-events"
)

// targetSettings are those of the actuator scale; a floor has namespace and name of the HorizontalPodAutoscaler alone.
type targetSettings struct {
	APIVersion string `json:"api_version,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Resource   string `json:"resource,omitempty"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	Min        int    `json:"min,omitempty"`
	Max        int    `json:"max,omitempty"`
}

func (s *targetSettings) target() kubernetes.Target {
	return kubernetes.Target{APIVersion: s.APIVersion, Kind: s.Kind, Resource: s.Resource, Namespace: s.Namespace, Name: s.Name}
}

// parts are those of Config and of this package, behind the fence of a shard. What is to be shown at /metrics is added to meters.
func (c *controller) parts(f *fence, meters *[]*prometheus.Observer) deploy.Parts {
	p := c.cfg.Parts
	if p.Logger == nil {
		p.Logger = c.cfg.Logger
	}
	p.Actuators, p.Stores, p.Observers = clone(p.Actuators), clone(p.Stores), clone(p.Observers)
	p.Actuators[typeScale] = func(part deploy.Part) (adapters.Actuator, error) {
		var s targetSettings
		if err := part.Decode(&s); err != nil {
			return nil, err
		}
		made, err := kubernetes.NewScale(kubernetes.ScaleConfig{
			Target: s.target(), Client: c.cfg.Client, Dynamic: c.cfg.Dynamic, Min: s.Min, Max: s.Max, Manager: c.cfg.Name, Logger: part.Logger,
		})
		return fenced{made, f}, err
	}
	p.Actuators[typeFloor] = func(part deploy.Part) (adapters.Actuator, error) {
		var s struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		}
		if err := part.Decode(&s); err != nil {
			return nil, err
		}
		made, err := kubernetes.NewFloor(kubernetes.FloorConfig{
			Namespace: s.Namespace, Name: s.Name, Client: c.cfg.Client, Dynamic: c.cfg.Dynamic, Manager: c.cfg.Name, Logger: part.Logger,
		})
		return fenced{made, f}, err
	}
	p.Stores[typeConfigMap] = func(part deploy.Part) (adapters.Store, error) {
		made, err := kubernetes.NewStore(kubernetes.StoreConfig{
			Client: c.cfg.Client, Namespace: c.cfg.Namespace, Name: c.snapshotName(part.Name), Manager: c.cfg.Name,
			Labels: map[string]string{"app.kubernetes.io/managed-by": c.cfg.Name},
		})
		return fencedStore{made, f}, err
	}
	p.Observers[typeMetrics] = func(part deploy.Part) (adapters.Observer, error) {
		made, err := prometheus.NewObserver(part.Tags)
		*meters = append(*meters, made)
		return made, err
	}
	p.Observers[typeEvents] = c.newEvents
	return p
}

// clone returns a map that can be added to.
func clone[T any](m map[string]T) map[string]T {
	out := map[string]T{}
	maps.Copy(out, m)
	return out
}

// snapshotName is the name of the ConfigMap for what is kept under a name. Names that Kubernetes would refuse, such as Shop_1, have
// other letters and a sum in their place.
func (c *controller) snapshotName(name string) string {
	full := c.cfg.Name + "-snapshot-" + name
	if len(validation.IsDNS1123Subdomain(full)) == 0 {
		return full
	}
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	if len(plain) > 150 {
		plain = plain[:150]
	}
	return fmt.Sprintf("%s-snapshot-%s-%08x", c.cfg.Name, strings.Trim(plain, "-"), crc32.ChecksumIEEE([]byte(name)))
}
