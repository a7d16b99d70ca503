package controller

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/scaler"
)

// Config says what Run runs. A zero field means the value in brackets.
type Config struct {
	// REST is how the API server is reached. Required, unless Client and Dynamic are there, which are used in its place.
	REST    *rest.Config
	Client  kubernetes.Interface
	Dynamic dynamic.Interface

	// Namespace has the leases and the snapshots. Required.
	Namespace string
	// Name is what the names of leases and snapshots begin with: controllers of different names know nothing of each
	// other ["headroom"].
	Name string
	// Identity is the name of this copy, such as that of its pod. No two copies may have the same. Required.
	Identity string

	// File is the path of the deployment file. Required. It is read again every Reload.
	File string
	// Cluster is the name of the cluster in the file [none].
	Cluster string
	// Lookup finds the secrets that the file names [os.LookupEnv].
	Lookup deploy.Lookup
	// Reload is how often the file is looked at [10s].
	Reload time.Duration

	// Shards is how many leases the workloads are dealt to [1]. All copies that run at the same time should have the same number: a
	// copy with another one waits until these have ended.
	Shards int
	// LeaseDuration is how long a copy that has died keeps its leases, RenewDeadline how long one acts without having renewed, and
	// RetryPeriod how often it tries [15s, 10s, 2s]. Clocks need not agree; they must run at about the same speed: what
	// LeaseDuration is longer than RenewDeadline is what remains for calls that are under way.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration

	// Listen is the address for health, metrics and the pages of the file, such as ":8080"; Listener is used in its place [none].
	Listen   string
	Listener net.Listener

	// Parts are what the file's other parts are made of, besides those of this package [none].
	Parts deploy.Parts
	// Logger takes what there is to say [nobody].
	Logger *slog.Logger
}

const (
	defaultName   = "headroom"
	defaultReload = 10 * time.Second
	maxShards     = 64 // so many renewals in two seconds; each shard may have hundreds of workloads
)

// complete returns c with its defaults. The error is scaler.Faults, with every fault.
func (c Config) complete() (Config, error) {
	var faults scaler.Faults
	need := func(ok bool, field, value, wanted string) {
		if !ok {
			faults = append(faults, scaler.Fault{Field: field, Value: value, Wanted: wanted})
		}
	}
	standard := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	standard(&c.Reload, defaultReload)
	standard(&c.LeaseDuration, 15*time.Second)
	standard(&c.RenewDeadline, 10*time.Second)
	standard(&c.RetryPeriod, 2*time.Second)
	if c.Name == "" {
		c.Name = defaultName
	}
	if c.Shards == 0 {
		c.Shards = 1
	}
	if c.Lookup == nil {
		c.Lookup = os.LookupEnv
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("identity", c.Identity)
	need(c.REST != nil || c.Client != nil && c.Dynamic != nil, "rest", "nil", "how the API server is reached, or a client and a dynamic client")
	need(c.Namespace != "", "namespace", `""`, "the namespace of the leases")
	need(c.Identity != "", "identity", `""`, "a name of its own for each copy, such as that of the pod")
	need(c.File != "", "file", `""`, "the path of a deployment file")
	need(len(validation.IsDNS1123Subdomain(c.Name)) == 0 && len(c.Name) <= 40, "name", strconv.Quote(c.Name), "the name of an object of Kubernetes, of 40 letters at most")
	need(c.Shards > 0 && c.Shards <= maxShards, "shards", strconv.Itoa(c.Shards), fmt.Sprintf("1 to %d", maxShards))
	need(c.Reload > 0, "reload", c.Reload.String(), "more than 0s")
	need(c.LeaseDuration >= time.Second && c.LeaseDuration%time.Second == 0, "lease_duration", c.LeaseDuration.String(), "whole seconds, as the API has it, 1s at least")
	need(c.RenewDeadline > 0 && c.RenewDeadline < c.LeaseDuration, "renew_deadline", c.RenewDeadline.String(), fmt.Sprintf("less than the lease duration, %v", c.LeaseDuration))
	need(c.RetryPeriod > 0 && 2*c.RetryPeriod <= c.RenewDeadline, "retry_period", c.RetryPeriod.String(), fmt.Sprintf("half of the renew deadline, %v, at most", c.RenewDeadline))
	if len(faults) > 0 {
		return c, fmt.Errorf("controller: %w", faults)
	}
	return c, nil
}

// connect makes the clients that are not there.
func (c *Config) connect() error {
	var err error
	if c.Client == nil {
		if c.Client, err = kubernetes.NewForConfig(c.REST); err != nil {
			return err
		}
	}
	if c.Dynamic == nil {
		c.Dynamic, err = dynamic.NewForConfig(c.REST)
	}
	return err
}
