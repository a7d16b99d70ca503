package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExitCode(t *testing.T) {
	usage := func(w io.Writer) { fmt.Fprint(w, "usage") }
	for _, c := range []struct {
		err            error
		code           int
		stdout, stderr string
	}{
		{nil, 0, "", ""},
		{flag.ErrHelp, 0, "usage", ""},
		{errors.Join(errors.New("a is 1"), errors.New("b is 2")), ExitBadInput, "", "x: a is 1; b is 2\n"},
		{fmt.Errorf("trace: %w", context.Canceled), ExitInterrupted, "", "x: trace: context canceled\n"},
		{fmt.Errorf("%w: %w", ErrOutput, os.ErrClosed), ExitFailed, "", "x: cannot write the results: file already closed\n"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, c.code, ExitCode(c.err, "x", &out, &errs, usage), "%v", c.err)
		require.Equal(t, c.stdout, out.String())
		require.Equal(t, c.stderr, errs.String())
	}
}

type refuses struct{}

func (refuses) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWrite(t *testing.T) {
	err := Write(refuses{}, []byte("x"))
	require.ErrorIs(t, err, ErrOutput)
	require.ErrorIs(t, err, os.ErrClosed)
	var out bytes.Buffer
	require.NoError(t, Write(&out, []byte("x")))
	require.Equal(t, "x", out.String())
}

// Away from a terminal, in a pipe or a log, not a byte is drawn.
func TestNoBarAwayFromATerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/log")
	require.NoError(t, err)
	defer file.Close()
	var buffer bytes.Buffer
	for _, w := range []io.Writer{file, &buffer} {
		p := NewProgress(w, "x", false)
		p.Report(1, 2)
		p.Report(2, 2)
		p.Clear()
	}
	there, err := file.Stat()
	require.NoError(t, err)
	require.Zero(t, there.Size())
	require.Empty(t, buffer.String())
}
