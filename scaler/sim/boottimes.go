package sim

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// BootTimes says how the boot times of replicas scatter: by quantiles, or as a log-normal distribution. The zero value says
// nothing, and then every replica takes Options.Boot.
//
// As text, "60s:0.5,120s:0.9,300s:0.99" are quantiles (half of all replicas serve after a minute at most) and
// "lognormal:60s,180s" is a log-normal distribution with that median and that 0.95 quantile.
type BootTimes struct {
	// Quantiles are points of the distribution, by rising share and by time that does not fall. Between two points time is
	// interpolated; up to the share of the first all replicas take the time of the first, and beyond the last the last's.
	Quantiles []BootQuantile
	// Median and P95 are those of a log-normal distribution, where there are no Quantiles. Nothing is drawn beyond the
	// thousandth and the 999 thousandths: no start serves at once, and none takes for ever (FailedStarts do).
	Median, P95 time.Duration
}

// BootQuantile says that a share of all replicas, over 0 up to 1, serves after Time or sooner.
type BootQuantile struct {
	Share float64
	Time  time.Duration
}

// normal95 is the 0.95 quantile of the standard normal distribution.
const normal95 = 1.6448536269514722

// scattered says whether there is a distribution at all.
func (b BootTimes) scattered() bool { return len(b.Quantiles) > 0 || b.Median != 0 || b.P95 != 0 }

// At returns the boot time that a share of all replicas, 0..1, does not exceed. The distribution must be valid.
func (b BootTimes) At(share float64) time.Duration {
	if len(b.Quantiles) == 0 {
		z := math.Sqrt2 * math.Erfinv(2*min(max(share, .001), .999)-1)
		spread := math.Log(b.P95.Seconds()/b.Median.Seconds()) / normal95
		// Whole milliseconds: what processors make of the last bits of a logarithm is no part of the result.
		return time.Duration(b.Median.Seconds() * math.Exp(spread*z) * float64(time.Second)).Round(time.Millisecond)
	}
	for i, to := range b.Quantiles {
		if share > to.Share {
			continue
		}
		if i == 0 {
			return to.Time
		}
		from := b.Quantiles[i-1]
		part := (share - from.Share) / (to.Share - from.Share)
		return (from.Time + time.Duration(part*float64(to.Time-from.Time))).Round(time.Millisecond)
	}
	return b.Quantiles[len(b.Quantiles)-1].Time
}

// Validate reports the first fault of b.
func (b BootTimes) Validate() error {
	if len(b.Quantiles) == 0 {
		switch {
		case !b.scattered():
			return nil
		case b.Median < time.Millisecond || b.Median > maxBoot:
			return fmt.Errorf("median %v: wanted 1ms to %v", b.Median, maxBoot)
		case b.P95 < b.Median || b.P95 > maxBoot:
			return fmt.Errorf("0.95 quantile %v: wanted the median, %v, to %v", b.P95, b.Median, maxBoot)
		}
		return nil
	}
	if b.Median != 0 || b.P95 != 0 {
		return errors.New("quantiles and a log-normal distribution: wanted one of them")
	}
	before := BootQuantile{}
	for _, q := range b.Quantiles {
		if !(q.Share > before.Share && q.Share <= 1) {
			return fmt.Errorf("share %v: wanted over %v and at most 1", q.Share, before.Share)
		}
		if q.Time < before.Time || q.Time > maxBoot {
			return fmt.Errorf("time %v: wanted %v to %v", q.Time, before.Time, maxBoot)
		}
		before = q
	}
	return nil
}

// maxBoot is the longest boot time of a distribution: no start takes a month.
const maxBoot = 31 * 24 * time.Hour

var errBootTimes = errors.New(`wanted quantiles such as "60s:0.5,120s:0.9", or "lognormal:60s,180s" (median and 0.95 quantile)`)

const lognormal = "lognormal:"

// UnmarshalText reads the text form; nothing is the zero value.
func (b *BootTimes) UnmarshalText(text []byte) error {
	var read BootTimes
	if s, ok := strings.CutPrefix(string(text), lognormal); ok {
		median, p95, _ := strings.Cut(s, ",")
		var errs [2]error
		read.Median, errs[0] = time.ParseDuration(median)
		read.P95, errs[1] = time.ParseDuration(p95)
		if errors.Join(errs[:]...) != nil || !read.scattered() {
			return errBootTimes
		}
	} else if len(text) > 0 {
		for point := range strings.SplitSeq(string(text), ",") {
			at, share, _ := strings.Cut(point, ":")
			var q BootQuantile
			var errs [2]error
			q.Time, errs[0] = time.ParseDuration(at)
			q.Share, errs[1] = strconv.ParseFloat(share, 64)
			if errors.Join(errs[:]...) != nil {
				return errBootTimes
			}
			read.Quantiles = append(read.Quantiles, q)
		}
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*b = read
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (b BootTimes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String returns the text form, "" for the zero value.
func (b BootTimes) String() string {
	if len(b.Quantiles) == 0 {
		if !b.scattered() {
			return ""
		}
		return lognormal + b.Median.String() + "," + b.P95.String()
	}
	points := make([]string, len(b.Quantiles))
	for i, q := range b.Quantiles {
		points[i] = q.Time.String() + ":" + strconv.FormatFloat(q.Share, 'g', -1, 64)
	}
	return strings.Join(points, ",")
}
