package ingest

import (
	"io"
	"strings"

	"github.com/headroom-go/headroom/internal/csvfile"
)

// IsContract says whether the file at path is one that sim.OpenTrace reads as it stands: CSV with columns timestamp and
// value, or with two columns, and times that are RFC 3339 or unix seconds. A file that has no such time in its first row,
// or is no CSV, is for Open. What cannot be read at all is taken for one, so that its faults are those of the contract.
func IsContract(path string) bool {
	file, err := csvfile.Open(path)
	if err != nil {
		return true
	}
	defer func() { _ = file.Close() }() // it was only read
	return isContract(file)
}

func isContract(r io.Reader) bool {
	b, err := csvfile.Unpack(r, sniffed)
	if err != nil {
		return true
	}
	head, _ := b.Peek(sniffed)
	if len(strings.TrimSpace(string(head))) == 0 {
		return true
	}
	if strings.HasPrefix(string(head), "PAR1") || strings.HasPrefix(string(head), "\x28\xb5\x2f\xfd") || recognise(head) != formatCSV {
		return false
	}
	line := firstLine(head)
	if separatorOf(line) != ',' || strings.HasPrefix(string(line), "sep=") {
		return false
	}
	f, err := csvfile.NewPlainReader(b, "", ',')
	if err != nil {
		return true
	}
	at, value := -1, -1
	for i, h := range f.Header {
		if strings.EqualFold(h, "timestamp") {
			at = i
		}
		if strings.EqualFold(h, "value") {
			value = i
		}
	}
	if len(f.Header) > 2 && (at < 0 || value < 0) {
		return false
	}
	if at < 0 {
		at = 0
	}
	row, err := f.Next()
	if err != nil || at >= len(row) {
		return true
	}
	// The contract knows no other spelling; what nobody can read has its fault told by it.
	var s stamps
	if _, ok := s.number(row[at]); ok {
		return s.unit == unitOf(0)
	}
	if _, err := s.parse(row[at]); err != nil {
		return true
	}
	return s.layout == 0 && !strings.HasSuffix(row[at], " UTC")
}
