package calendar

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/headroom-go/headroom/forecast"
)

// row is a row of a table, without the space around its fields.
type row struct {
	line   int
	fields []string
}

// text returns the field of a column, "" where the row ends before it or the table has no such column.
func (r row) text(column int) string {
	if column < 0 || column >= len(r.fields) {
		return ""
	}
	return r.fields[column]
}

// headerWithin is how many rows may stand above the header line: the name of the plan, the client, the week.
const headerWithin = 20

// maxLinesOfField is how many lines one field may have. A quote that is never closed makes the rest of a file one field.
const maxLinesOfField = 8

// separators are tried in this order: a semicolon never stands in the header line of a file that has commas between fields.
var separators = []rune{';', '\t', ',', '|'}

// mediaPlan reads a table of events.
func (r *reading) mediaPlan(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	for _, separator := range separators {
		rows, _ := readRows(text, separator, headerWithin)
		for i, h := range rows {
			c, ok := r.findColumns(h.fields, h.line)
			if !ok {
				continue
			}
			rows, faults := readRows(text, separator, 0)
			for _, f := range faults {
				r.faults.add(f.Line, f.Field, f.Value, f.Wanted)
			}
			r.table(c, rows[min(i+1, len(rows)):], separator)
			return
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	r.faults.quote(1, "header", strings.TrimSpace(first), "a line, among the first 20, that names the columns: a timestamp, or a date and a time; columns says which they are")
}

// readRows reads rows, at most so many if most is above 0. Blank rows are left out.
func readRows(text string, separator rune, most int) ([]row, []Fault) {
	c := csv.NewReader(strings.NewReader(text))
	c.Comma = separator
	c.FieldsPerRecord = -1
	c.LazyQuotes = true // 30" is how long a spot is
	var rows []row
	var faults []Fault
	for most == 0 || len(rows) < most {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if syntax := (*csv.ParseError)(nil); errors.As(err, &syntax) {
			faults = append(faults, Fault{syntax.Line, "row", syntax.Err.Error(), "CSV"})
			continue
		}
		if err != nil {
			break // a strings.Reader does not fail otherwise
		}
		line, _ := c.FieldPos(0)
		blank := true
		for i, f := range fields {
			if strings.Count(f, "\n") > maxLinesOfField {
				faults = append(faults, Fault{line, fmt.Sprintf("column %d", i+1), "a text over many lines", "the quote that begins it to be closed"})
				fields = nil
				break
			}
			fields[i] = strings.TrimSpace(strings.ReplaceAll(f, "\u00a0", " "))
			blank = blank && fields[i] == ""
		}
		if !blank && fields != nil {
			rows = append(rows, row{line, fields})
		}
	}
	return rows, faults
}

// totals are how rows begin that add up those above them.
var totals = []string{"total", "sum", "subtotal", "summe", "gesamt", "zwischensumme", "zwischentotal"}

// isTotal says whether a row without a time of day adds up others.
func isTotal(r row) bool {
	for _, f := range r.fields {
		if f == "" {
			continue
		}
		f = strings.ToLower(f)
		return slices.ContainsFunc(totals, func(t string) bool { return strings.HasPrefix(f, t) })
	}
	return false
}

// table reads the rows behind the header line.
func (r *reading) table(c columns, rows []row, separator rune) {
	order := r.dateOrder(c, rows)
	comma := decimalComma(c, rows, separator)
	if c.timestamp >= 0 && separator == ',' && strings.EqualFold(c.header[c.timestamp], "timestamp") {
		comma = false // the events of a replay
	}
	lines := make(map[string]int)
	for _, row := range rows {
		if row.text(c.time) == "" && isTotal(row) {
			continue
		}
		before := len(r.faults.List) + r.faults.More
		if len(row.fields) > len(c.header) && slices.ContainsFunc(row.fields[len(c.header):], func(s string) bool { return s != "" }) {
			r.faults.add(row.line, "row", fmt.Sprintf("%d fields long", len(row.fields)), fmt.Sprintf("at most %d, as the header has", len(c.header)))
		}
		e := Entry{Line: row.line, Event: forecast.Event{ID: row.text(c.id), Kind: row.text(c.kind), Window: r.cfg.Window, Duration: r.cfg.Duration}}
		e.Event.Start, e.Note = r.rowStart(c, row, order)
		if s := row.text(c.weight); s != "" {
			weight, ok := parseNumber(s, comma)
			if !ok {
				r.faults.quote(row.line, c.header[c.weight], s, "a number of 0 or more, or nothing where it is not known")
			}
			e.Event.Weight = weight
		}
		for _, span := range []struct {
			column int
			into   *time.Duration
		}{{c.window, &e.Event.Window}, {c.duration, &e.Event.Duration}} {
			if s := row.text(span.column); s != "" {
				d, ok := parseSpan(s)
				if !ok {
					r.faults.quote(row.line, c.header[span.column], s, `a number of seconds, or text such as "90s" or "1:30"`)
				}
				*span.into = d
			}
		}
		for _, l := range c.labels {
			if value := row.text(l.at); value != "" {
				e.Event.Labels = append(e.Event.Labels, forecast.Label{Key: l.key, Value: value})
			}
		}
		if id := e.Event.ID; id != "" {
			if line, taken := lines[id]; taken {
				r.faults.add(row.line, "id", fmt.Sprintf("%q, which is line %d's already", id, line), "one event for each id")
			} else {
				lines[id] = row.line
			}
		}
		if len(r.faults.List)+r.faults.More > before {
			continue
		}
		if isCancelled(row.text(c.status)) {
			if e.Event.ID == "" {
				e.Event.Kind = orText(e.Event.Kind, r.cfg.Kind)
				e.Event.ID = deriveID(r.plan.Name, &e.Event)
			}
			r.plan.Cancelled = append(r.plan.Cancelled, e.Event.ID)
			continue
		}
		r.take(e)
	}
}

func orText(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// isCancelled says whether a status calls an event off.
func isCancelled(status string) bool {
	switch strings.ToLower(status) {
	case "cancelled", "canceled", "deleted", "storniert", "storno", "abgesagt", "entfällt", "gelöscht":
		return true
	}
	return false
}

// rowStart returns when the event of a row begins, and what is odd about that. It notes what is wrong.
func (r *reading) rowStart(c columns, row row, order string) (time.Time, string) {
	date, clock, field := row.text(c.date), row.text(c.time), ""
	if c.timestamp >= 0 {
		s := row.text(c.timestamp)
		if t, ok := parseInstant(s); ok {
			return t, ""
		}
		field = c.header[c.timestamp]
		var both bool
		if date, clock, both = cutDate(s); !both {
			r.faults.quote(row.line, field, s, `RFC 3339 ("2026-03-07T20:13:05Z"), unix seconds, or a date and a time of day`)
			return time.Time{}, ""
		}
	}
	y, m, d, okDate := parseDate(date, order)
	if !okDate {
		wanted := wantedDate
		if _, _, ok := slashed(date); ok && order == "" {
			wanted = "a date that says which is the day; date_order dmy or mdy in the configuration says so for all"
		}
		r.faults.quote(row.line, orText(field, headerAt(c, c.date)), date, wanted)
	}
	hour, minute, second, okClock := parseClock(clock)
	if !okClock {
		r.faults.quote(row.line, orText(field, headerAt(c, c.time)), clock, wantedClock)
	}
	if !okDate || !okClock {
		return time.Time{}, ""
	}
	if hour < r.cfg.DayStart {
		hour += 24
	}
	return wall(time.Date(y, time.Month(m), d, hour, minute, second, 0, time.UTC)).in(r.cfg.Location)
}

func headerAt(c columns, at int) string {
	if at < 0 {
		return "time"
	}
	return c.header[at]
}

// dateOrder finds out whether the day or the month stands first in dates with slashes: "" where no date tells, or dates
// contradict each other. Then those that allow both are faults.
func (r *reading) dateOrder(c columns, rows []row) string {
	order := r.cfg.DateOrder
	for _, row := range rows {
		date := row.text(c.date)
		if c.timestamp >= 0 {
			date, _, _ = cutDate(row.text(c.timestamp))
		}
		found := ""
		switch first, second, ok := slashed(date); {
		case !ok || r.cfg.DateOrder != "":
		case first > 12 && second <= 12:
			found = dayFirst
		case second > 12 && first <= 12:
			found = monthFirst
		}
		switch {
		case found == "" || found == order:
		case order == "":
			order = found
		default:
			return ""
		}
	}
	return order
}
