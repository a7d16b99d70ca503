package calendar

import (
	"fmt"
	"strings"
)

// What an iCalendar file may hold. The library that parses it recurses into components and copies parameters byte by byte.
const (
	mostDepth      = 4 // VCALENDAR, VEVENT, VALARM, and one to spare
	mostContent    = 64 << 10
	mostParameters = 1 << 10
	mostComponents = 50000
)

// spoken are the properties that say something here; others are not handed on, however long they are.
var spoken = map[string]bool{
	"BEGIN": true, "END": true, "METHOD": true, "UID": true, "SEQUENCE": true, "DTSTART": true, "DTEND": true, "DURATION": true, "RRULE": true,
	"RDATE": true, "EXDATE": true, "EXRULE": true, "RECURRENCE-ID": true, "STATUS": true, "SUMMARY": true, "LOCATION": true, "CATEGORIES": true,
	"X-HEADROOM-KIND": true, "X-HEADROOM-WEIGHT": true, "X-HEADROOM-WINDOW": true, "X-HEADROOM-LABEL": true,
}

// contentLines returns the content lines of an iCalendar file that matter, unfolded, and the lines of the file at which its
// VEVENTs begin, in their order. Components in which no event stands, such as the definitions of time zones, are left out.
func (r *reading) contentLines(text string) (clean string, events []int, ok bool) {
	var b strings.Builder
	var open []string
	skipped := 0 // depth at which a component began that is left out, or 0
	sound, components := true, 0
	fault := func(line int, field, value, wanted string) {
		r.faults.quote(line, field, value, wanted)
		sound = false
	}
	handle := func(content string, line int) {
		end := strings.IndexAny(content, ";:")
		if end <= 0 {
			fault(line, "line", content, "NAME:value, as iCalendar has it")
			return
		}
		name := strings.ToUpper(content[:end])
		if !spoken[name] {
			return
		}
		colon := valueAt(content)
		switch {
		case colon < 0:
			fault(line, "line", content, "a colon before the value")
			return
		case colon > mostParameters || len(content) > mostContent:
			fault(line, name, content, fmt.Sprintf("at most %d bytes, parameters at most %d", mostContent, mostParameters))
			return
		}
		value := strings.ToUpper(strings.TrimSpace(content[colon+1:]))
		switch name {
		case "BEGIN":
			components++
			open = append(open, value)
			if len(open) > mostDepth || components > mostComponents {
				fault(line, "BEGIN", value, fmt.Sprintf("components at most %d deep, and at most %d of them", mostDepth, mostComponents))
				return
			}
			if skipped == 0 && (len(open) == 1 && value != "VCALENDAR" || len(open) == 2 && value != "VEVENT" || len(open) > 2) {
				skipped = len(open)
			}
			if skipped == 0 && value == "VEVENT" {
				events = append(events, line)
			}
		case "END":
			if len(open) == 0 || open[len(open)-1] != value {
				fault(line, "END", value, "the component that was begun last")
				return
			}
			open = open[:len(open)-1]
			if skipped > len(open) {
				skipped = 0
				return
			}
		}
		if skipped == 0 {
			b.WriteString(content[:colon+1])
			b.WriteString(strings.TrimRight(content[colon+1:], " "))
			b.WriteString("\r\n")
		}
	}
	var content strings.Builder
	begun, n := 0, 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && begun > 0 {
			if content.Len() <= mostContent { // longer is a fault already
				content.WriteString(line[1:])
			}
			continue
		}
		if begun > 0 && sound {
			handle(content.String(), begun)
		}
		content.Reset()
		begun = 0
		if strings.TrimSpace(line) != "" {
			content.WriteString(line)
			begun = n
		}
	}
	if begun > 0 && sound {
		handle(content.String(), begun)
	}
	if sound && len(open) > 0 {
		fault(n, "file", "ends within "+open[len(open)-1], "END:"+open[len(open)-1]+"; has it been cut off?")
	}
	return b.String(), events, sound
}

// valueAt returns where the colon before the value of a content line stands, which quotes do not hide; -1 for nowhere.
func valueAt(content string) int {
	quoted := false
	for i := range len(content) {
		switch {
		case content[i] == '"':
			quoted = !quoted
		case content[i] == ':' && !quoted:
			return i
		}
	}
	return -1
}
