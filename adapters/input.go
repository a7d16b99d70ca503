package adapters

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/headroom-go/headroom/scaler"
)

// Feed says where the samples of one signal come from: its inputs, in the order of preference.
//
// Each tick reads the first. If that has failed SwitchAfter times in a row, or its newest sample is too old, the same tick
// reads the next, and so on; the samples of whoever answers are taken. The first is asked first again in the next tick,
// so that it is back as soon as it answers. All inputs of a feed measure the same thing in the same unit.
type Feed struct {
	Inputs []Input
	// SwitchAfter is how many reads in a row of an input must fail before the next is read [3].
	SwitchAfter int
}

// Input is a Source with what is to be known about it. A zero field means the default in brackets.
type Input struct {
	// Name stands in errors, logs and reports. A feed of several inputs needs different ones [none].
	Name string
	// Source is read.
	Source Source
	// Delay is how long after the end of an interval its sample may still change; what is younger is not taken [what the
	// Source says, see Timed; 0s if it does not]. It cannot be shorter than what the Source says. The Delay of the
	// engine should be as long, which the Runner's log says if it is not.
	Delay time.Duration
	// MaxAge is the age of the newest sample, counted from the start of its interval, beyond which this input counts as one
	// that does not answer, if it answers or not: its feed reads the next, and reports name it [what the Source says; the
	// MaxAge of the engine if it does not]. What a decision makes of an old sample the engine alone says: its own MaxAge
	// and Guard hold whatever stands here.
	MaxAge time.Duration
	// Timeout is how long a read may take, attempts and waiting for Limiter included [half of the Interval, shared out
	// among the inputs of the feed]. The first read of a feed, which brings the backfill, may take a minute; an input that
	// has failed SwitchAfter times in a row gets a tenth, and one attempt, but for every tenth read.
	Timeout time.Duration
	// Limiter is what each attempt waits for; inputs that ask the same system share one [any number].
	Limiter *rate.Limiter

	ahead time.Duration // how much earlier than now a window ends for the sake of Delay: the Source sees to the rest
}

const (
	defaultSwitchAfter = 3
	// backfillTimeout holds for the first read of a feed. Eight days of minutes are one query of Prometheus and eight of
	// Datadog, which take seconds; a system that needs longer for them is in trouble.
	backfillTimeout = time.Minute
)

// complete returns f with its defaults; fault takes what is wrong with it.
func (f Feed) complete(path string, engine *scaler.Config, interval time.Duration, fault func(field, value, wanted string)) Feed {
	f.Inputs = slices.Clone(f.Inputs)
	if f.SwitchAfter == 0 {
		f.SwitchAfter = defaultSwitchAfter
	}
	if f.SwitchAfter < 0 {
		fault(path+".switch_after", strconv.Itoa(f.SwitchAfter), "0 (3) or more reads")
	}
	if len(f.Inputs) == 0 {
		fault(path+".inputs", "an empty list", "at least one input")
	}
	for i := range f.Inputs {
		in := &f.Inputs[i]
		at := fmt.Sprintf("%s.inputs[%d]", path, i)
		same := func(other Input) bool { return other.Name == in.Name }
		if len(f.Inputs) > 1 && (in.Name == "" || slices.ContainsFunc(f.Inputs[:i], same)) {
			fault(at+".name", strconv.Quote(in.Name), "a name of its own, since there are several inputs")
		}
		in.complete(at, engine, interval/2/time.Duration(len(f.Inputs)), fault)
	}
	return f
}

func (in *Input) complete(path string, engine *scaler.Config, timeout time.Duration, fault func(field, value, wanted string)) {
	var own Timing
	if in.Source == nil {
		fault(path+".source", "nil", "a source")
	} else if timed, ok := in.Source.(Timed); ok {
		own = timed.Timing()
	}
	in.Delay = cmp.Or(in.Delay, own.Delay)
	switch {
	case in.Delay < 0 || in.Delay > maxDelay:
		fault(path+".delay", in.Delay.String(), fmt.Sprintf("0s (as the source says) to %v", maxDelay))
	case in.Delay < own.Delay:
		fault(path+".delay", in.Delay.String(), fmt.Sprintf("at least %v, which the source itself waits", own.Delay))
	}
	in.ahead = in.Delay - own.Delay
	in.MaxAge = cmp.Or(in.MaxAge, own.MaxAge, engine.MaxAge.Std())
	if in.MaxAge < 0 {
		fault(path+".max_age", in.MaxAge.String(), "0s (as the source or the engine says) or more")
	}
	in.Timeout = cmp.Or(in.Timeout, timeout)
	if in.Timeout < 0 {
		fault(path+".timeout", in.Timeout.String(), "0s (a share of half the interval) or more")
	}
}
