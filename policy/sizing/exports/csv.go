package exports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/headroom-go/headroom/internal/csvfile"
	"github.com/headroom-go/headroom/policy/sizing"
)

// columns are the names under which exports have what a Size holds, in lower case, without what is not a letter or digit.
var columns = map[string]string{
	"name": "name", "size": "name", "instancetype": "name", "apiname": "name", "machinetype": "name", "sku": "name", "vmsize": "name",
	"family": "family", "instancefamily": "",
	"arch": "arch", "architecture": "arch", "processorarchitecture": "arch",
	"vcpu": "cpu", "vcpus": "cpu", "cpu": "cpu", "cpus": "cpu", "cores": "cpu", "guestcpus": "cpu", "numberofcores": "cpu",
	"memorygib": "memory", "memory": "memory", "instancememory": "memory", "memorygb": "memory", "memorymib": "mib", "memorymb": "mib", "memoryinmb": "mib",
	"networkgbps": "network", "network": "network", "networkperformance": "network",
	"speed": "speed", "boot": "boot", "min": "min", "max": "max", "forbidden": "forbidden", "available": "available",
	"overheadcpu": "overheadcpu", "overheadmemory": "overheadmemory", "overheadmemorygib": "overheadmemory",
	"price": "price", "pricehour": "price", "hourlyprice": "price", "priceperunit": "price", "ondemand": "price", "linuxondemandcost": "price",
	"option": "option", "termtype": "option", "purchaseoption": "option", "discount": "discount",
}

// preamble is how many lines may stand before the header: price lists begin with their version and date.
const preamble = 12

// field is a column of the file: what it holds, and for a price under which option.
type field struct {
	column int
	holds  string
	option string
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, s)
}

// fields finds the columns of a header; nil if it has no name.
func fields(header []string) []field {
	var out []field
	named := ""
	for i, h := range header {
		key := plain(h)
		if holds := columns[key]; holds != "" {
			if holds == "name" {
				// Where a table has a name for people beside the one that orders take, the latter counts.
				if named != "" && key == "name" {
					continue
				}
				out = slices.DeleteFunc(out, func(f field) bool { return f.holds == "name" })
				named = key
			}
			out = append(out, field{column: i, holds: holds})
		} else if option, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(h)), "price_"); ok && option != "" {
			out = append(out, field{column: i, holds: "price", option: option})
		}
	}
	if named == "" {
		return nil
	}
	return out
}

func readCSV(b *bufio.Reader, name string) (c sizing.Catalog, where []string, err error) {
	f, err := csvfile.NewPlainReader(b, name, ',')
	if err != nil {
		return nil, nil, err
	}
	first := f.Header
	have := fields(f.Header)
	for n := 1; have == nil; n++ {
		row, err := f.Next()
		if errors.Is(err, io.EOF) || n > preamble {
			return nil, nil, fmt.Errorf("%s: no column holds the name of a size in %s; wanted one of name, size, instance_type, Instance Type",
				name, strings.Join(first, ","))
		}
		if err != nil {
			return nil, nil, err
		}
		have = fields(row)
	}
	var faults []error
	index := map[string]int{}
	for {
		row, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		s, err := size(f, row, have)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if s.Name == "" { // the products of a price list that are not machines
			continue
		}
		i, again := index[s.Name]
		if !again {
			index[s.Name] = len(c)
			c, where = append(c, s), append(where, fmt.Sprintf("%s:%d", name, f.Line))
			continue
		}
		for _, p := range s.Prices {
			for _, q := range c[i].Prices {
				if p.Option == q.Option {
					faults = append(faults, f.Fault("size %s has a price for %q already, in %s; wanted one row for each purchase option", s.Name, p.Option, where[i]))
				}
			}
		}
		c[i] = merge(c[i], s)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, nil, err
	}
	return c, where, nil
}

// size reads one row.
func size(f *csvfile.Reader, row []string, have []field) (sizing.Size, error) {
	var s sizing.Size
	var faults []error
	option, discount := "", 0.0
	for _, h := range have {
		if h.column >= len(row) || row[h.column] == "" {
			continue
		}
		text := row[h.column]
		number := func(v *float64, parse func(string) (float64, bool), wanted string) {
			x, ok := parse(text)
			if !ok {
				faults = append(faults, f.Fault("%s %q: wanted %s", h.holds, text, wanted))
			}
			*v = x
		}
		count := func(v *int) {
			n, err := strconv.Atoi(text)
			if err != nil {
				faults = append(faults, f.Fault("%s %q: wanted a whole number", h.holds, text))
			}
			*v = n
		}
		switch h.holds {
		case "name":
			s.Name = text
			s.Family = family(text)
		case "family":
			s.Family = text
		case "arch":
			s.Arch = text
		case "option":
			option = text
		case "cpu":
			number(&s.CPU, leading, "a number of cores")
		case "memory":
			number(&s.Memory, gibibytes, "GiB, such as 8 or 8 GiB")
		case "mib":
			number(&s.Memory, leading, "MiB")
			s.Memory /= 1024
		case "network":
			number(&s.Network, func(t string) (float64, bool) { v, ok := gigabits(t); return v, ok }, "Gbit/s, such as 10 or Up to 10 Gigabit")
		case "speed":
			number(&s.Speed, leading, "a number")
		case "available":
			number(&s.Available, leading, "a share")
		case "overheadcpu":
			number(&s.Overhead.CPU, leading, "a number of cores")
		case "overheadmemory":
			number(&s.Overhead.Memory, gibibytes, "GiB")
		case "discount":
			number(&discount, share, "a share such as 0.3 or 30%")
		case "min":
			count(&s.Min)
		case "max":
			count(&s.Max)
		case "forbidden":
			v, err := strconv.ParseBool(text)
			if err != nil {
				faults = append(faults, f.Fault("forbidden %q: wanted true or false", text))
			}
			s.Forbidden = v
		case "boot":
			if err := s.Boot.UnmarshalText([]byte(text)); err != nil {
				faults = append(faults, f.Fault("boot: %w", err))
			}
		case "price":
			p := sizing.Price{Option: h.option}
			number(&p.Hour, money, "a price for an hour such as 0.085 or $0.0850 hourly")
			if p.Hour > 0 || s.Name == "" { // a price list has rows of nothing for what a reservation includes
				s.Prices = append(s.Prices, p)
			}
		}
	}
	for i := range s.Prices {
		p := &s.Prices[i]
		if p.Option == "" {
			p.Option = option
		}
		p.Discount = discount
	}
	return s, errors.Join(faults...)
}

// leading reads the number at the beginning of a text.
func leading(s string) (float64, bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), ",", "")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || strings.IndexByte("+-.eE", s[end]) >= 0) {
		end++
	}
	for ; end > 0; end-- { // "4e" of "4eth" is no number
		if v, err := strconv.ParseFloat(s[:end], 64); err == nil {
			return v, !math.IsInf(v, 0)
		}
	}
	return 0, false
}

func money(s string) (float64, bool) {
	return leading(strings.TrimLeft(strings.TrimSpace(s), "$€£ "))
}

func share(s string) (float64, bool) {
	v, ok := leading(s)
	if strings.HasSuffix(strings.TrimSpace(s), "%") {
		v /= 100
	}
	return v, ok
}

// gibibytes reads "8", "8 GiB" or "512 MiB"; what calls itself GB is taken as it is meant in these lists.
func gibibytes(s string) (float64, bool) {
	v, ok := leading(s)
	switch unit := strings.ToLower(s); {
	case strings.Contains(unit, "mi") || strings.Contains(unit, "mb"):
		v /= 1024
	case strings.Contains(unit, "ti") || strings.Contains(unit, "tb"):
		v *= 1024
	}
	return v, ok
}

// gigabits reads "10", "25 Gigabit" or "Up to 10 Gigabit"; what is only called low or moderate is not known, 0.
func gigabits(s string) (float64, bool) {
	t := strings.ToLower(strings.TrimSpace(s))
	t = strings.TrimPrefix(t, "up to ")
	switch t {
	case "", "very low", "low", "low to moderate", "moderate", "high", "na":
		return 0, true
	}
	v, ok := leading(t)
	if strings.Contains(t, "megabit") || strings.Contains(t, "mbps") {
		v /= 1000
	}
	return v, ok
}
