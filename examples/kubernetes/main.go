// Command kubernetes is a controller that runs a deployment file in a Kubernetes cluster: see README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // for containers that have no zones

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/headroom-go/headroom/examples/kubernetes/controller"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stderr io.Writer) error {
	var cfg controller.Config
	var kubeconfig string
	var verbose bool
	f := flag.NewFlagSet("kubernetes", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&cfg.File, "config", "/etc/headroom/headroom.yaml", "the deployment `file`")
	f.StringVar(&cfg.Cluster, "cluster", "", "the `name` of the cluster in the file")
	f.StringVar(&cfg.Namespace, "namespace", os.Getenv("POD_NAMESPACE"), "where leases and snapshots are kept [$POD_NAMESPACE]")
	f.StringVar(&cfg.Identity, "identity", os.Getenv("POD_NAME"), "the `name` of this copy, which no other has [$POD_NAME]")
	f.StringVar(&cfg.Name, "name", "headroom", "what the names of leases and snapshots begin with")
	f.IntVar(&cfg.Shards, "shards", 1, "how many leases the workloads are dealt to")
	f.DurationVar(&cfg.LeaseDuration, "lease-duration", 15*time.Second, "how long a copy that has died keeps its leases")
	f.DurationVar(&cfg.RenewDeadline, "renew-deadline", 10*time.Second, "how long a copy acts without having renewed")
	f.DurationVar(&cfg.RetryPeriod, "retry-period", 2*time.Second, "how often a copy tries")
	f.StringVar(&cfg.Listen, "listen", ":8080", "the `address` for health, metrics and the pages of the file")
	f.StringVar(&kubeconfig, "kubeconfig", "", "a kubeconfig `file`, outside of the cluster [that of the pod]")
	f.BoolVar(&verbose, "verbose", false, "log decisions that change nothing, too")
	if err := f.Parse(args); err != nil {
		return err
	}
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	cfg.Logger = slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	var err error
	if kubeconfig != "" {
		cfg.REST, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	} else {
		cfg.REST, err = rest.InClusterConfig()
	}
	if err != nil {
		return err
	}
	// 70 workloads make some 5 calls each in a minute, and all at once.
	cfg.REST.QPS, cfg.REST.Burst = 50, 100
	cfg.REST.UserAgent = "headroom-controller"
	return controller.Run(ctx, cfg)
}
