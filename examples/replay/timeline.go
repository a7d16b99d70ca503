package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/headroom-go/headroom/scaler/sim"
)

// writeTimeline writes the engine's ordered count at every step of the trace as CSV, with the times as the trace spells
// them. The file appears whole or not at all.
func writeTimeline(path string, c *sim.Comparison) error {
	r, ok := c.Result(sim.Headroom)
	if !ok {
		return fmt.Errorf("%s: no run of %s", path, sim.Headroom)
	}
	return writeWhole(path, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		fmt.Fprintln(b, "time,desired")
		for i, at := range c.Case.Trace.Spelling {
			fmt.Fprintf(b, "%s,%d\n", at, r.Ordered[i])
		}
		return b.Flush() // it remembers the first error
	})
}

// writeWhole writes a file beside its place and then moves it there, so that nobody ever sees half of it. What is not a
// plain file, such as a terminal or a pipe, is written to as it is.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if there, err := os.Stat(path); err == nil && !there.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := write(f); err != nil {
			_ = f.Close() // the first error is the one to tell
			return err
		}
		return f.Close()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil { // a temporary file is for its owner alone
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
