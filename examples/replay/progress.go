package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal, and nothing anywhere else.
type progress struct {
	w   io.Writer
	bar *progressbar.ProgressBar // nil: nothing is shown
	on  bool
}

func newProgress(w io.Writer, quiet bool) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, on: ok && !quiet && term.IsTerminal(int(f.Fd()))}
}

// report is a sim.Options.Progress.
func (p *progress) report(done, total int) {
	if !p.on {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription("replay"),
			progressbar.OptionSetWidth(40),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = p.bar.Set(done) // a bar that cannot be drawn is no reason to stop
}

// clear takes the bar off the terminal, also after a run that failed.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
