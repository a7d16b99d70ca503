// Package exports reads catalogues of machine sizes: JSON and CSV of our own, and the lists that clouds export, by the names
// that they give their columns and fields.
package exports

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/headroom-go/headroom/internal/csvfile"
	"github.com/headroom-go/headroom/policy/sizing"
)

// ahead is how far Read looks for a brace or bracket that says JSON.
const ahead = 4096

// Read reads a catalogue, which name stands for in errors: JSON where it begins with a brace or bracket, else CSV; either may be
// compressed with gzip. The error has every fault of every row. Sizes that are written more than once, one row for each
// purchase option, become one. A list without prices (a cloud's description of its machines) is no fault: see Prices.
func Read(r io.Reader, name string) (sizing.Catalog, error) {
	b, err := csvfile.Unpack(r, ahead)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; wanted a file that gzip wrote, or plain text", name, err)
	}
	c, where, err := read(b, name)
	if err != nil {
		return nil, err
	}
	priced := make(sizing.Catalog, len(c))
	copy(priced, c)
	for i := range priced {
		if len(priced[i].Prices) == 0 {
			priced[i].Prices = []sizing.Price{{Hour: 1}} // told by Prices, not here
		}
	}
	if err := priced.Validate(func(i int) string { return where[i] }); err != nil {
		return nil, err
	}
	return c, nil
}

func read(b *bufio.Reader, name string) (c sizing.Catalog, where []string, err error) {
	start, _ := b.Peek(ahead)
	for _, ch := range start {
		switch ch {
		case ' ', '\t', '\r', '\n':
			continue
		case '{', '[':
			return readJSON(b, name)
		}
		break
	}
	return readCSV(b, name)
}

// Prices gives sizes the prices, and whatever else they lack, that another list has for their names. The error names the
// sizes that have no price then.
func Prices(sizes, prices sizing.Catalog) (sizing.Catalog, error) {
	out := make(sizing.Catalog, 0, len(sizes))
	var faults []error
	for _, s := range sizes {
		if i := prices.Find(s.Name); i >= 0 {
			s = merge(s, prices[i])
		}
		if len(s.Prices) == 0 {
			faults = append(faults, fmt.Errorf("size %s: no price; wanted one in the list of prices", s.Name))
		}
		out = append(out, s)
	}
	return out, errors.Join(faults...)
}

// merge fills in what s lacks from o.
func merge(s, o sizing.Size) sizing.Size {
	text := func(v *string, w string) {
		if *v == "" {
			*v = w
		}
	}
	number := func(v *float64, w float64) {
		if *v == 0 {
			*v = w
		}
	}
	text(&s.Family, o.Family)
	text(&s.Arch, o.Arch)
	number(&s.CPU, o.CPU)
	number(&s.Memory, o.Memory)
	number(&s.Network, o.Network)
	number(&s.Speed, o.Speed)
	if s.Boot == 0 {
		s.Boot = o.Boot
	}
	s.Prices = append(s.Prices[:len(s.Prices):len(s.Prices)], o.Prices...)
	return s
}
