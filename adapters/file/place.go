package file

import (
	"bytes"
	"io"
)

// place is where in a file reading goes on: behind the last complete line.
//
// It knows the file again by the bytes before it and not by its inode, so that a file that is written anew with the same
// rows and some more, as exports do, just goes on, and one that was cut off and has grown longer than before does not.
type place struct {
	offset int64
	line   int     // number of the last complete line
	header columns // valid once line is above 0
	before []byte  // the last bytes before offset, at most beforeBytes
}

// beforeBytes is enough for the last row, whose time is its own.
const beforeBytes = 64

// holds says whether the file r of this size is the one that p is a place in.
func (p *place) holds(r io.ReaderAt, size int64) (bool, error) {
	if size < p.offset {
		return false, nil
	}
	got := make([]byte, len(p.before))
	if _, err := r.ReadAt(got, p.offset-int64(len(got))); err != nil && len(got) > 0 {
		return false, err
	}
	return bytes.Equal(got, p.before), nil
}

// remember notes what lies before the place.
func (p *place) remember(r io.ReaderAt) error {
	n := min(p.offset, beforeBytes)
	before := make([]byte, n)
	if n > 0 {
		if _, err := r.ReadAt(before, p.offset-n); err != nil {
			return err
		}
	}
	p.before = before
	return nil
}
