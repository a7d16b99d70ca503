package scaler

import (
	"strconv"
	"strings"

	"github.com/headroom-go/headroom/policy/sizing"
)

// sizes tells what becomes of the nodes, and in money why; "" for an engine without sizes.
func (t *teller) sizes() string {
	z := &t.d.Sizing
	if z.Swing == "" {
		return ""
	}
	var b strings.Builder
	switch {
	case z.From != "":
		b.WriteString("Size " + z.Swing + " instead of " + z.From + ": since it was last cheaper to stay " + z.Swing + " would have cost " +
			number(z.Saved) + " less, and a change costs " + number(z.Price))
	case z.Moved > 0:
		b.WriteString(nodes(z.Fixed, z.Base) + " for what is always needed, " + strconv.Itoa(z.Moved) + " more than before: they are cheaper for what they carry")
	case z.Moved < 0:
		b.WriteString(strconv.Itoa(-z.Moved) + " fewer of " + z.Base + " for what is always needed: they have stood idle for as much as an exchange costs")
	default:
		b.WriteString(t.stays())
	}
	b.WriteString(". " + upper(t.pools()) + ".")
	return b.String()
}

// stays says why the size is what it is.
func (t *teller) stays() string {
	z := &t.d.Sizing
	s := "Nodes are of size " + z.Swing
	if z.Base != "" {
		s += " beside " + nodes(z.Fixed, z.Base) + " for what is always needed"
	}
	if z.Other == "" {
		return s
	}
	if z.Veto != sizing.VetoNone {
		return s + ", though " + z.Other + " would have cost " + number(z.Saved) + " less so far and a change costs " + number(z.Price) + ": " + vetoed(z.Veto)
	}
	if z.Saved > 0 {
		return s + ": with " + z.Other + " it would have cost " + number(z.Saved) + " less so far, which does not pay for a change at " + number(z.Price)
	}
	if z.Cost > 0 && z.Beside > z.Cost {
		return s + ", at " + number(z.Cost) + " an hour; with " + z.Other + " it would be " + number(z.Beside)
	}
	return s
}

// vetoed says why a change waits that has paid for itself.
func vetoed(v sizing.Veto) string {
	switch v {
	case sizing.VetoEvent:
		return "no nodes are exchanged near an announced event"
	case sizing.VetoEmergency:
		return "what is missing comes first"
	case sizing.VetoPaused:
		return "the fleet is frozen or paused"
	case sizing.VetoHorizon:
		return "what it would save within the horizon does not pay for it"
	case sizing.VetoDisruption:
		return "it would replace more of the nodes than what it saves is worth (tolerance)"
	case sizing.VetoUnknown:
		return "nothing is known of what it carries, and one node of it is tried first"
	case sizing.VetoBudget:
		return "the sizes have changed often enough in the last seven days (weekly)"
	}
	return v.String()
}

// pools lists what is done to the nodes.
func (t *teller) pools() string {
	z := &t.d.Sizing
	var order, release, keep []string
	for _, p := range z.Pools() {
		was := p.Ready + p.Starting
		switch {
		case p.Nodes > was:
			order = append(order, nodes(p.Nodes-was, p.Size))
		case p.Nodes < was:
			release = append(release, nodes(was-p.Nodes, p.Size))
		}
		if n := min(p.Nodes, was); n > 0 {
			keep = append(keep, nodes(n, p.Size))
		}
	}
	var parts []string
	for _, x := range []struct {
		verb string
		list []string
	}{{"order ", order}, {"release ", release}, {"keep ", keep}} {
		if len(x.list) > 0 {
			parts = append(parts, x.verb+strings.Join(x.list, " and "))
		}
	}
	s := strings.Join(parts, ", ")
	if s == "" {
		s = "there are no nodes"
	}
	if z.Left > 0 {
		s += "; " + strconv.Itoa(z.Left) + " more are exchanged within about " + span(z.Done) + " for " + number(z.Rest) + ", and each can be exchanged back"
	}
	return s
}

// nodes is so many nodes of a size.
func nodes(n int, size string) string { return strconv.Itoa(n) + " " + size }
