// Command deploy runs what a deployment file says: with -check it only reads it, for all clusters and without secrets; with -diff
// it says in what two clusters differ; with -schema it prints the JSON Schema of such files. headroom.yaml is one, with comments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
	_ "time/tzdata" // for containers that have no zones

	"github.com/DataDog/datadog-go/v5/statsd"

	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/internal/command"
)

const name = "deploy"

func main() {
	command.Main(func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		var o options
		flags := o.flags()
		err := flags.Parse(args)
		if err == nil {
			err = o.run(ctx, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
		}
		return command.ExitCode(err, name, stdout, stderr, func(w io.Writer) {
			flags.SetOutput(w)
			flags.Usage()
		})
	})
}

// options are what the flags say.
type options struct {
	config, cluster string
	check           bool
	diff            string
	schema          bool
	listen, statsd  string

	parts deploy.Parts // what this program adds to the file; one with Kubernetes would put its actuator here
}

func (o *options) flags() *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.config, "config", "headroom.yaml", "the deployment `file`")
	f.StringVar(&o.cluster, "cluster", "", "the `name` of the cluster that this is")
	f.BoolVar(&o.check, "check", false, "check the file for all clusters, without secrets, and end")
	f.StringVar(&o.diff, "diff", "", "say in what this cluster differs from the one of that `name`, and end")
	f.BoolVar(&o.schema, "schema", false, "print the JSON Schema of deployment files, and end")
	f.StringVar(&o.listen, "listen", "", "serve metrics, announcements and recommendations at this `address`, such as :8080")
	f.StringVar(&o.statsd, "statsd", "", "the `address` of a Datadog agent, such as unix:///var/run/datadog/dsd.socket, if the file has an observer for it [DD_AGENT_HOST]")
	return f
}

func (o *options) run(ctx context.Context, stdout io.Writer, logger *slog.Logger) error {
	if o.schema {
		return command.Write(stdout, deploy.Schema())
	}
	text, err := os.ReadFile(o.config)
	if err != nil {
		return err
	}
	document, err := deploy.Parse(text)
	if err != nil {
		return err
	}
	switch {
	case o.check:
		return check(stdout, document)
	case o.diff != "":
		here, e1 := document.Deployment(o.cluster, nil)
		there, e2 := document.Deployment(o.diff, nil)
		if err := errors.Join(e1, e2); err != nil {
			return err
		}
		return command.Write(stdout, []byte(deploy.Diff(here, there).String()))
	}
	deployment, err := document.Deployment(o.cluster, os.LookupEnv)
	if err != nil {
		return err
	}
	o.parts.Logger = logger
	if sends(deployment) && o.parts.Statsd == nil {
		client, err := statsd.New(o.statsd)
		if err != nil {
			return fmt.Errorf("statsd: %w", err)
		}
		defer func() { _ = client.Close() }() // it was told of everything; the agent may be gone
		o.parts.Statsd = client
	}
	assembly, err := deployment.Build(o.parts)
	if err != nil {
		return err
	}
	return o.serve(ctx, assembly)
}

// sends says whether something is sent to a Datadog agent.
func sends(d *deploy.Deployment) bool {
	return slices.ContainsFunc(d.Config.Workloads, func(w deploy.Workload) bool {
		return slices.ContainsFunc(w.Observers, func(o deploy.Observer) bool { return o.Datadog != nil })
	})
}

// check reads all clusters and prints the fingerprints of their engines.
func check(stdout io.Writer, document *deploy.Document) error {
	clusters := document.Clusters()
	if len(clusters) == 0 {
		clusters = []string{""}
	}
	var faults []error
	var text []byte
	for _, cluster := range clusters {
		d, err := document.Deployment(cluster, nil)
		if err != nil {
			faults = append(faults, fmt.Errorf("cluster %q: %w", cluster, err))
			continue
		}
		for i := range d.Config.Workloads {
			w := &d.Config.Workloads[i]
			text = fmt.Appendf(text, "%s %s %s\n", cluster, w.Name, w.Engine.Fingerprint())
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	return command.Write(stdout, text)
}

// shutdown is how long requests may take that are under way at the end.
const shutdown = 5 * time.Second

// serve runs an assembly until ctx ends, with its pages if there is an address for them.
func (o *options) serve(ctx context.Context, assembly *deploy.Assembly) error {
	if o.listen == "" {
		return assembly.Run(ctx)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: assembly, ReadHeaderTimeout: shutdown}
	served := make(chan error, 1)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop() // nothing runs on that cannot be looked at
		served <- server.Serve(listener)
	}()
	o.parts.Logger.InfoContext(ctx, "listening", "address", listener.Addr().String())
	failed := assembly.Run(ctx)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		failed = errors.Join(failed, err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		failed = errors.Join(failed, err)
	}
	return failed
}
