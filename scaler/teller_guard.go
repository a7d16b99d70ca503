package scaler

import (
	"strconv"

	"github.com/headroom-go/headroom/policy"
)

// guarded says why the guard had its way, and what there would be without it.
func (t *teller) guarded() string {
	d, c := t.d, &t.d.grounds.cause
	switch t.rule {
	case policy.RuleFallback:
		s := t.stale() + ", and after " + span(c.span) + " of that the fallback of " + replicas(int(c.count)) + " holds"
		if d.Advised != int(c.count) { // what can still be measured needs more, or a limit is between
			s += ", or what the signals ask for that are left"
		}
		return s + ", where " + strconv.Itoa(t.before) + " " + agree(t.before, "was", "were") + " held"
	case policy.RuleDoubt:
		s := upper(c.doubted) + " has fallen to " + number(c.value) + " where less than " + number(c.low) + " was unlikely"
		if c.by != "" {
			s += ", and " + c.by + " (" + number(c.other) + ") denies it"
		} else {
			s += ", and no other signal confirms it"
		}
		return s + ": until " + t.second(t.at(c.until)) + " it is taken for a gap and nothing is released" + t.orElse()
	case policy.RuleFlap:
		return "The count has changed direction " + times(int(c.count)) + " within an hour, no more are allowed (reversals), and the release waits, " + t.though()
	case policy.RuleUnit:
		s := "Replicas come in units of " + strconv.Itoa(int(c.unit))
		if c.zones > 1 {
			s += " over " + strconv.Itoa(int(c.zones)) + " zones"
		}
		return s + ", and " + strconv.Itoa(t.before) + " " + agree(t.before, "is", "are") + " rounded up"
	case policy.RuleZero:
		return "Demand has been below " + number(c.zeroBelow) + " since " + t.clock(t.at(c.since)) + ", and " + span(c.zeroAfter) + " of idling cost as much as the cold start that may follow"
	case policy.RuleWindowMin:
		return "A window of the day asks for " + replicas(d.Advised) + " at least until " + t.clock(t.at(c.until)) + ", " + t.though()
	case policy.RuleWindowMax:
		return "A window of the day allows no more until " + t.clock(t.at(c.until)) + ", " + t.though()
	case policy.RuleFreeze:
		if t.before > d.Advised {
			return "Nothing is ordered before " + t.clock(t.at(c.freezeUp)) + " (freeze of a window), " + t.though()
		}
		return "Nothing is released before " + t.clock(t.at(c.freezeDown)) + " (freeze of a window), " + t.though()
	case policy.RulePause:
		s := "An operator has paused the engine"
		if c.until != 0 {
			s += " until " + t.second(t.at(c.until))
		}
		return s + ", " + t.though()
	}
	return "The rule " + t.rule.String() + " decides, where " + strconv.Itoa(t.before) + " would have been the count"
}

// unlessGuard says what would change what the guard decides, "" where that is demand.
func (t *teller) unlessGuard() string {
	d, c := t.d, &t.d.grounds.cause
	switch t.rule {
	case policy.RuleFallback:
		return "the next fresh sample of " + c.signal + " ends the fallback, and demand decides again"
	case policy.RuleDoubt:
		s := "a value above " + number(float64(policy.Fallen*c.low)) + " ends the doubt"
		if c.all > 1 {
			s += ", and so does the fall of another signal, which confirms it"
		}
		return s + "; at " + t.second(t.at(c.until)) + " it is believed; " + t.more()
	case policy.RuleFlap:
		return "the release may go ahead at " + t.second(t.at(c.until)) + ", when the oldest change is an hour old; orders do not wait: " + t.more()
	case policy.RuleZero:
		return "it comes back as soon as the newest value, or the forecast for " + span(d.Lead) + " ahead 1 time in 20, reaches " + number(c.zeroBelow) + ", or for an announced event; it serves " + span(d.Lead) + " later"
	case policy.RuleWindowMin:
		return "fewer are allowed at " + t.clock(t.at(c.until)) + "; " + t.more()
	case policy.RuleWindowMax:
		return "more are allowed at " + t.clock(t.at(c.until)) + "; " + t.less()
	case policy.RuleFreeze:
		if t.before > d.Advised {
			return "what is wanted at " + t.clock(t.at(c.freezeUp)) + " is ordered then; " + t.less()
		}
		return "what does not have to stay at " + t.clock(t.at(c.freezeDown)) + " is released then; " + t.more()
	case policy.RulePause:
		s := "the engine decides again when it is resumed"
		if c.until != 0 {
			s += ", or by itself at " + t.second(t.at(c.until))
		}
		return s
	}
	return ""
}

// unlessFresh says what would change a fleet that is held because it is not measured.
func (t *teller) unlessFresh() string {
	d, c := t.d, &t.d.grounds.cause
	s := "The next fresh sample of " + c.signal + " changes this; until then replicas may be added but not released"
	if c.both {
		s = "The next fresh sample of " + c.signal + " changes this; until then the fleet stays as it is"
	}
	switch {
	case c.until > d.Time.UnixNano():
		s += ", and at " + t.second(t.at(c.until)) + " the fallback of " + replicas(int(c.count)) + " holds"
	case c.until != 0 && int(c.count) == d.Advised:
		s += ", as the fallback of " + replicas(int(c.count)) + " has it"
	case c.until != 0:
		s += ", not by the fallback of " + replicas(int(c.count)) + " either"
	}
	return s + "."
}

// held is what does not happen to a fleet that is not measured.
func (t *teller) held() string {
	if t.before > t.d.Advised {
		return "ordered"
	}
	return "released"
}

// though says which count the rule stands in the way of.
func (t *teller) though() string { return "though " + t.wanted() }

// orElse is though where the rule may have stood in nobody's way.
func (t *teller) orElse() string {
	if t.before == t.d.Advised {
		return ""
	}
	return ", " + t.though()
}

// wanted says what there would be without the rule.
func (t *teller) wanted() string {
	if t.before > t.d.Replicas {
		return are(t.before) + " wanted"
	}
	return t.wouldDo(t.before)
}

// max names the limit that grounds.max is.
func (t *teller) max() string {
	if t.d.grounds.cause.windowMax {
		return "max of a window"
	}
	return "max"
}

// times writes how often.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}
