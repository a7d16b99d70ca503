package main

import (
	"os"

	"github.com/headroom-go/headroom/internal/csvfile"
)

// csvFile is a CSV file that is open.
type csvFile struct {
	*csvfile.Reader
	file *os.File
}

// openCSV opens a file and reads its header.
func openCSV(path string) (*csvFile, error) {
	file, err := csvfile.Open(path)
	if err != nil {
		return nil, err
	}
	rows, err := csvfile.NewReader(file, path)
	if err != nil {
		_ = file.Close() // it was only read
		return nil, err
	}
	return &csvFile{Reader: rows, file: file}, nil
}

func (f *csvFile) close() { _ = f.file.Close() } // it was only read
