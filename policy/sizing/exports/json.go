package exports

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/headroom-go/headroom/policy/sizing"
)

// described is what a cloud's description of its machines has (AWS: aws ec2 describe-instance-types).
type described struct {
	InstanceType string
	VCPUInfo     struct {
		DefaultVCPUs float64 `json:"DefaultVCpus"`
	} `json:"VCpuInfo"`
	MemoryInfo struct {
		SizeInMiB float64
	}
	NetworkInfo struct {
		NetworkPerformance string
	}
	ProcessorInfo struct {
		SupportedArchitectures []string
	}
}

func readJSON(r io.Reader, name string) (c sizing.Catalog, where []string, err error) {
	var raw json.RawMessage
	if err := json.NewDecoder(r).Decode(&raw); err != nil {
		return nil, nil, fmt.Errorf("%s: %w; wanted JSON", name, err)
	}
	var file struct {
		Sizes         json.RawMessage `json:"sizes"`
		InstanceTypes []described
	}
	list := raw
	if raw[0] == '{' {
		if err := json.Unmarshal(raw, &file); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		list = file.Sizes
	}
	switch {
	case file.InstanceTypes != nil:
		for _, d := range file.InstanceTypes {
			c = append(c, d.size())
		}
	case list != nil:
		var items []json.RawMessage
		if err := json.Unmarshal(list, &items); err != nil {
			return nil, nil, fmt.Errorf("%s: %w; wanted a list of sizes", name, err)
		}
		for i, item := range items {
			var s sizing.Size
			d := json.NewDecoder(strings.NewReader(string(item)))
			d.DisallowUnknownFields()
			if err := d.Decode(&s); err != nil {
				return nil, nil, fmt.Errorf("%s: size %d: %w", name, i+1, err)
			}
			c = append(c, s)
		}
	default:
		return nil, nil, fmt.Errorf("%s: neither sizes nor InstanceTypes; wanted a list of sizes under one of these names", name)
	}
	for i := range c {
		where = append(where, fmt.Sprintf("%s: size %d", name, i+1))
	}
	return c, where, nil
}

func (d *described) size() sizing.Size {
	s := sizing.Size{Name: d.InstanceType, Family: family(d.InstanceType), CPU: d.VCPUInfo.DefaultVCPUs, Memory: d.MemoryInfo.SizeInMiB / 1024}
	s.Network, _ = gigabits(d.NetworkInfo.NetworkPerformance)
	if a := d.ProcessorInfo.SupportedArchitectures; len(a) > 0 {
		s.Arch = a[len(a)-1]
	}
	return s
}

// family is what stands before the dot of a name such as m7i.2xlarge.
func family(name string) string {
	before, _, dot := strings.Cut(name, ".")
	if !dot {
		return ""
	}
	return before
}
