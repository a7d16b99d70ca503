package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/headroom-go/headroom/internal/csvfile"
)

// sniffed is how much of a file its format is recognised by.
const sniffed = 64 << 10

// The formats, as reports call them.
const (
	formatCSV        = "CSV"
	formatObjects    = "JSON objects"
	formatExposition = "OpenMetrics text"
	formatAnswer     = "JSON answer"
)

// newDecoder recognises the format of a file and begins to read it.
func newDecoder(r io.Reader, name string, o Options, s *stamps) (decoder, string, error) {
	b, err := csvfile.Unpack(r, sniffed)
	if err != nil {
		return nil, "", faultAt(name, 1, "%w; wanted a file that gzip wrote, or a plain one", err)
	}
	head, err := b.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, "", faultAt(name, 1, "%w; wanted a file that can be read", err)
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return nil, "", faultAt(name, 1, "the file is empty; wanted measurements")
	case bytes.HasPrefix(head, []byte("PAR1")):
		return nil, "", faultAt(name, 1, "a Parquet file; wanted text: the command in adapters/parquet makes CSV of it")
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return nil, "", faultAt(name, 1, "compressed with zstd; wanted gzip or a plain file")
	}
	var d decoder
	err = nil // a short file, or a fault that the decoder will meet with its line
	format := recognise(head)
	switch format {
	case formatAnswer:
		d = newAnswer(b, name)
	case formatObjects:
		d, err = newObjects(b, name, o, s)
	case formatExposition:
		d = newExposition(b, name, s)
	default:
		d, err = newCSV(b, name, o, s)
	}
	if err != nil {
		return nil, "", err
	}
	return d, format, nil
}

// bare is the beginning of a line of the exposition format whose series has no labels.
var bare = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*[ \t]+(?:[-+0-9.eE]+|NaN|[-+]?Inf)(?:[ \t]|$)`)

// labelled is the same for a series with labels.
var labelled = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*[ \t]*\{`)

// recognise tells the format from the beginning of a file.
func recognise(head []byte) string {
	text := bytes.TrimLeft(head, " \t\r\n")
	switch line := firstLine(text); {
	case text[0] == '[':
		inner := bytes.TrimLeft(text[1:], " \t\r\n")
		if keys := topKeys(inner); keys["metric"] != 0 || keys["values"] != 0 || len(inner) > 0 && inner[0] == ']' {
			return formatAnswer
		}
		return formatObjects
	case text[0] == '{' && isJSON(text):
		// Rows may have any fields, these too; but not with such contents.
		keys := topKeys(text)
		_, failed := keys["errors"]
		_, status := keys["status"]
		_, kind := keys["errorType"]
		if keys["data"] == '{' || keys["series"] == '[' || failed || status && kind {
			return formatAnswer
		}
		return formatObjects
	case text[0] == '{' || text[0] == '#' || labelled.Match(line) || bare.Match(line):
		return formatExposition
	}
	return formatCSV
}

func firstLine(head []byte) []byte {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.TrimRight(line, "\r")
}

// isJSON tells an object from the labels of a line of the exposition format, which may be quoted too.
func isJSON(text []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return false
	}
	if _, err := dec.Token(); err != nil { // a key, or }
		return false
	}
	return !dec.More() || strings.HasPrefix(string(bytes.TrimLeft(text[dec.InputOffset():], " \t\r\n")), ":")
}

// topKeys are the keys of the object that text begins with, as far as it goes, with the first byte of their values.
func topKeys(text []byte) map[string]byte {
	keys := map[string]byte{}
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return keys
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			break
		}
		key, _ := t.(string)
		rest := bytes.TrimLeft(text[dec.InputOffset():], " \t\r\n:")
		if len(rest) == 0 {
			break
		}
		keys[key] = rest[0]
		var skipped json.RawMessage
		if dec.Decode(&skipped) != nil {
			break
		}
	}
	return keys
}
