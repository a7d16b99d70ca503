package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// controller is one copy.
type controller struct {
	cfg    Config
	file   document
	shards []*shard
}

// shutdown is how long requests may take that are under way at the end.
const shutdown = 5 * time.Second

// Run drives workloads until ctx ends, and then stops them, saves their snapshots, gives the leases back and returns nil. What
// was ordered stays, and so do floors. The error says what is wrong with cfg or with the file, or that nothing could be
// listened to. What it starts ends before it.
func Run(ctx context.Context, cfg Config) error {
	c, err := newController(ctx, cfg)
	if err != nil {
		return err
	}
	return c.run(ctx)
}

// newController reads the file and asks nobody.
func newController(ctx context.Context, cfg Config) (*controller, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if err := cfg.connect(); err != nil {
		return nil, err
	}
	c := &controller{cfg: cfg}
	if err := c.read(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	for i := range cfg.Shards {
		c.shards = append(c.shards, c.newShard(i))
	}
	return c, nil
}

// run does what Run says.
func (c *controller) run(ctx context.Context) error {
	listener, err := c.listener(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	tasks := []func() error{func() error { c.watch(ctx); return nil }}
	for _, s := range c.shards {
		tasks = append(tasks, func() error { return s.run(ctx) })
	}
	serving, served := context.WithCancel(context.WithoutCancel(ctx)) // health and metrics are shown until the end
	defer served()
	pages := make(chan error, 1)
	if listener == nil {
		pages <- nil
	} else {
		c.cfg.Logger.InfoContext(ctx, "listening", "address", listener.Addr().String())
		go func() {
			defer stop() // nothing runs on that cannot be looked at
			pages <- c.listen(serving, listener)
		}()
	}
	ended := make(chan error)
	for _, task := range tasks {
		go func() {
			err := task()
			if err != nil {
				stop()
			}
			ended <- err
		}()
	}
	var faults []error
	for range tasks {
		faults = append(faults, <-ended)
	}
	served()
	return errors.Join(append(faults, <-pages)...)
}

// listener is where the pages are asked for, nil for nowhere.
func (c *controller) listener(ctx context.Context) (net.Listener, error) {
	if c.cfg.Listener != nil || c.cfg.Listen == "" {
		return c.cfg.Listener, nil
	}
	var listen net.ListenConfig
	return listen.Listen(ctx, "tcp", c.cfg.Listen)
}

// listen serves the pages until ctx ends.
func (c *controller) listen(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: c, ReadHeaderTimeout: shutdown}
	finished := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
		defer cancel()
		finished <- server.Shutdown(ending)
	})
	err := server.Serve(listener)
	if stop() {
		return err // it was not told to end
	}
	return <-finished
}

// held is how many leases this copy holds.
func (c *controller) held() int {
	n := 0
	for _, s := range c.shards {
		if s.fence.held() {
			n++
		}
	}
	return n
}
