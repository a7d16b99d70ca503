package csvfile

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(s))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

func TestRows(t *testing.T) {
	const text = "\xef\xbb\xbf a ,b\n1, 2 \n\n3,4,5\n"
	for _, s := range []string{text, zipped(t, text)} {
		f, err := NewReader(strings.NewReader(s), "x")
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b"}, f.Header)
		row, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, []string{"1", "2"}, row)
		row, err = f.Next()
		require.NoError(t, err)
		require.Equal(t, []string{"3", "4", "5"}, row)
		require.Equal(t, 4, f.Line, "blank lines are no rows and count")
		_, err = f.Next()
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestFaultsNameTheLine(t *testing.T) {
	_, err := NewReader(strings.NewReader(""), "x")
	require.EqualError(t, err, "x:1: the file is empty; wanted a header line")
	_, err = NewReader(strings.NewReader("\x1f\x8bnonsense!!"), "x")
	require.ErrorContains(t, err, "x:1: gzip: invalid header; wanted")
	f, err := NewReader(strings.NewReader("a,b\n1,2\n1\"2\n"), "x")
	require.NoError(t, err)
	_, err = f.Next()
	require.NoError(t, err)
	_, err = f.Next()
	require.EqualError(t, err, `x:3: bare " in non-quoted-field; wanted CSV`)
	cut := zipped(t, "a,b\n"+strings.Repeat("1,2\n", 9))
	f, err = NewReader(strings.NewReader(cut[:len(cut)-9]), "x")
	for err == nil {
		_, err = f.Next()
	}
	require.ErrorContains(t, err, "unexpected EOF; wanted a CSV file")
	_, err = Open(t.TempDir())
	require.ErrorContains(t, err, "is a directory; wanted a CSV file, plain or .gz")
}
