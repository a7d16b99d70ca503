package chromium

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browser is a page in a headless Chromium and what went wrong in it.
type browser struct {
	ctx context.Context

	mu       sync.Mutex
	faults   []string // errors of the console and of scripts
	requests []string // all that was asked for, the page itself too
}

// open starts a Chromium with a window of that size and loads the page.
func open(t *testing.T, page []byte, width, height int) *browser {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no Chromium; wanted chromium in the path or its name in CHROMIUM")
		}
		t.Skip("no Chromium in the path, and CHROMIUM does not name one")
	}
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, page, 0o600))

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WindowSize(width, height), chromedp.NoSandbox)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)

	b := &browser{ctx: ctx}
	chromedp.ListenTarget(ctx, b.hear)
	b.do(t, log.Enable(), network.Enable(), chromedp.Navigate("file://"+file), chromedp.WaitVisible("#chart canvas"))
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.faults = append(b.faults, "console: "+string(e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		b.faults = append(b.faults, e.Entry.Source.String()+": "+e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	require.NoError(t, chromedp.Run(b.ctx, actions...))
}

// value evaluates an expression in the page, and waits for what it promises.
func value[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	var out T
	b.do(t, chromedp.Evaluate(expression, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return out
}

// until waits until an expression is true.
func (b *browser) until(t *testing.T, expression string) {
	t.Helper()
	b.do(t, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(20*time.Second)))
}

// clean fails the test if anything went wrong in the page or if it asked for anything but itself.
func (b *browser) clean(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(t, b.faults)
	require.Len(t, b.requests, 1, "the page alone")
}
