package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// findTraces returns the paths of the traces in dir, by name: the files .csv and .gz whose header names a column value.
// Other tables are skipped with a note; folders and hidden files are not looked at.
func findTraces(dir string, notes lines) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("-traces: %w; wanted a folder", err)
	}
	var paths []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".csv") && !strings.HasSuffix(name, ".gz") {
			continue
		}
		path := filepath.Join(dir, name)
		if there, err := os.Stat(path); err == nil && there.IsDir() {
			continue
		}
		is, err := isTrace(path)
		if err != nil {
			return nil, err
		}
		if !is {
			notes.note("%s is skipped: no column is named value", path)
			continue
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("-traces %s: no trace is there; wanted CSV files with columns timestamp and value, plain or .gz", dir)
	}
	return paths, nil
}

// isTrace says whether the header of a file names a column value. A file that begins with data instead of a header is
// taken for a trace, whose reader will say what is wrong with it.
func isTrace(path string) (bool, error) {
	f, err := openCSV(path)
	if err != nil {
		return false, err
	}
	defer f.close()
	for _, name := range f.Header {
		if strings.EqualFold(name, "value") {
			return true, nil
		}
	}
	first, _ := utf8.DecodeRuneInString(f.Header[0])
	return unicode.IsDigit(first) || first == '-', nil
}
