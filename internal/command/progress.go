package command

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar on a terminal, and nothing anywhere else. It is not safe for concurrent use.
type Progress struct {
	w    io.Writer
	name string
	bar  *progressbar.ProgressBar // nil: nothing is shown
	on   bool
}

// NewProgress returns a bar that stands behind name. It shows nothing if it shall be quiet or w is no terminal.
func NewProgress(w io.Writer, name string, quiet bool) *Progress {
	f, ok := w.(*os.File)
	return &Progress{w: w, name: name, on: ok && !quiet && term.IsTerminal(int(f.Fd()))}
}

// Report draws that done of total is over.
func (p *Progress) Report(done, total int) {
	if !p.on {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(p.name),
			progressbar.OptionSetWidth(40),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = p.bar.Set(done) // a bar that cannot be drawn is no reason to stop
}

// Clear takes the bar off the terminal, also after a run that failed.
func (p *Progress) Clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
