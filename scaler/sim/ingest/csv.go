package ingest

import (
	"bufio"
	"strings"

	"github.com/headroom-go/headroom/internal/csvfile"
)

// csvRows are the rows of a CSV file.
type csvRows struct {
	file  *csvfile.Reader
	above int // lines before those that file counts
}

func newCSV(b *bufio.Reader, name string, o Options, s *stamps) (decoder, error) {
	r := &csvRows{}
	head, _ := b.Peek(sniffed)
	line := firstLine(head)
	separator := separatorOf(line)
	if spelled, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "sep="); ok && len(spelled) == 1 {
		// The line that tells a spreadsheet the separator; Grafana writes it on request.
		separator = rune(spelled[0])
		if _, err := b.ReadSlice('\n'); err != nil {
			return nil, faultAt(name, 1, "%w; wanted a header line after %q", err, line)
		}
		r.above = 1
	}
	var err error
	if r.file, err = csvfile.NewPlainReader(b, name, separator); err != nil {
		return nil, err
	}
	return newTable(name, r.file.Header, r, o, s)
}

// separatorOf is the sign that is most frequent outside quotes.
func separatorOf(line []byte) rune {
	count := map[byte]int{}
	quoted := false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			count[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if count[c] > count[best] {
			best = c
		}
	}
	return rune(best)
}

func (r *csvRows) Next() ([]string, int, error) {
	for {
		row, err := r.file.Next()
		if err != nil {
			return nil, 0, err
		}
		if len(row) == 1 && row[0] == "" { // a blank line is no row
			continue
		}
		return row, r.file.Line + r.above, nil
	}
}
