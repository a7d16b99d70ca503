package calendar

import (
	"fmt"
	"slices"
	"strings"
)

// What a column of a media plan means.
const (
	roleTimestamp = "timestamp"
	roleDate      = "date"
	roleTime      = "time"
	roleID        = "id"
	roleKind      = "kind"
	roleWeight    = "weight"
	roleWindow    = "window"
	roleDuration  = "duration"
	roleStatus    = "status"
	roleLabel     = "label" // under the name of the column, or label:KEY
	roleIgnore    = "ignore"
)

var roles = []string{roleTimestamp, roleDate, roleTime, roleID, roleKind, roleWeight, roleWindow, roleDuration, roleStatus, roleLabel, roleIgnore}

// columnNames are the names that columns have in the media plans of agencies and in the lists of broadcasters, in English
// and German, as plainName leaves them. Where a plan has several columns of a role, the name that stands first counts; of
// the weights that is what was paid, net before gross, before what was reached.
var columnNames = []struct {
	role  string
	names []string
}{
	{roleTimestamp, []string{"timestamp", "startsat", "datetime", "startdatetime", "airdatetime", "dateandtime", "zeitstempel", "zeitpunkt", "datumuhrzeit", "datumzeit"}},
	{roleDate, []string{"date", "airdate", "broadcastdate", "transmissiondate", "txdate", "startdate", "datum", "sendedatum", "sendetag", "ausstrahlungsdatum", "ausstrahlung", "startdatum"}},
	{roleTime, []string{"time", "airtime", "broadcasttime", "transmissiontime", "txtime", "starttime", "spottime", "uhrzeit", "sendezeit", "ausstrahlungszeit", "startzeit", "zeit", "beginn", "start"}},
	{roleID, []string{"id", "eventid", "spotid", "spotnr", "spotno", "spotnumber", "bookingid", "bookingnumber", "buchungsid", "buchungsnr", "buchungsnummer", "spotnummer"}},
	{roleKind, []string{"kind", "eventkind", "eventtype", "mediatype", "medium", "gattung", "mediengattung", "medientyp"}},
	{roleWeight, []string{"weight", "gewicht", "spendusd", "spend", "netspend", "netcost", "netprice", "net", "nettokosten", "nettopreis", "netto", "cost", "price", "budget", "kosten", "preis",
		"grossspend", "grosscost", "grossprice", "gross", "bruttokosten", "bruttopreis", "brutto", "trp", "trps", "grp", "grps", "tvr", "recipients", "empfaenger"}},
	{roleDuration, []string{"durations", "duration", "length", "spotlength", "lengthsec", "len", "sec", "laenge", "spotlaenge", "spotdauer", "dauer", "sekunden", "sek"}},
	{roleWindow, []string{"window", "uncertainty", "tolerance", "unschaerfe", "toleranz"}},
	{roleStatus, []string{"status", "bookingstatus", "buchungsstatus"}},
	{roleLabel + ":network", []string{"network", "channel", "station", "broadcaster", "sender", "kanal", "programmveranstalter"}},
	{roleLabel + ":creative", []string{"creative", "spot", "motif", "commercial", "copy", "spottitle", "film", "motiv", "spotmotiv", "motivname"}},
	{roleLabel + ":feed", []string{"feed", "region", "split"}},
	{roleLabel + ":daypart", []string{"daypart", "zeitschiene", "zeitzone"}},
	{roleLabel + ":block", []string{"block", "break", "adbreak", "breakid", "blockid", "blocknr", "werbeblock", "werbeinsel"}},
	{roleLabel + ":programme", []string{"programme", "program", "show", "sendung", "umfeld", "programmumfeld"}},
	{roleLabel + ":campaign", []string{"campaign", "kampagne"}},
	{roleLabel + ":product", []string{"product", "produkt"}},
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "(s)", "", "[s]", "")

// plainName is a column's name in small letters and digits alone, without what stands in brackets: "Länge (Sek.)" is
// laenge.
func plainName(s string) string {
	s = umlauts.Replace(strings.ToLower(s))
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			depth = max(0, depth-1)
		case depth == 0 && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
			return r
		}
		return -1
	}, s)
}

// roleOf returns what the name of a column suggests, and its place among the names of that role.
func roleOf(header string) (role string, rank int) {
	if strings.ContainsAny(header, ";,|\t") {
		return "", 0 // a header line that is parted by another separator is no name
	}
	plain := plainName(header)
	for _, c := range columnNames {
		if rank := slices.Index(c.names, plain); rank >= 0 {
			return c.role, rank
		}
	}
	return "", 0
}

// checkColumns notes what is wrong with c.Columns.
func (c *ReadConfig) checkColumns(faults *Faults) {
	names := make([]string, 0, len(c.Columns))
	for name := range c.Columns {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		key, labelled := strings.CutPrefix(c.Columns[name], roleLabel+":")
		if labelled && key == "" || !labelled && !slices.Contains(roles, c.Columns[name]) {
			faults.quote(0, fmt.Sprintf("columns[%q]", name), c.Columns[name], "one of "+strings.Join(roles, ", ")+", or label:KEY")
		}
	}
}

// labelColumn is a column whose values are labels.
type labelColumn struct {
	at  int
	key string
}

// columns are the places of the columns of a table; -1 where it has none.
type columns struct {
	header                                                            []string
	timestamp, date, time, id, kind, weight, window, duration, status int
	labels                                                            []labelColumn
	ignored                                                           []string
}

// timed says whether the columns tell when something happens.
func (c *columns) timed() bool { return c.timestamp >= 0 || c.date >= 0 && c.time >= 0 }

// findColumns says what the columns of a header line mean. Faults are added only if it is one, which is to say timed.
func (r *reading) findColumns(header []string, line int) (columns, bool) {
	c := columns{header: header, timestamp: -1, date: -1, time: -1, id: -1, kind: -1, weight: -1, window: -1, duration: -1, status: -1}
	place := map[string]*int{roleTimestamp: &c.timestamp, roleDate: &c.date, roleTime: &c.time, roleID: &c.id, roleKind: &c.kind,
		roleWeight: &c.weight, roleWindow: &c.window, roleDuration: &c.duration, roleStatus: &c.status}
	type claim struct{ at, rank int }
	best := make(map[string]claim)
	var faults Faults
	meanings := make([]string, len(header))
	replay := slices.ContainsFunc(header, func(h string) bool { return strings.EqualFold(h, "timestamp") })
	for i, name := range header {
		role, rank := roleOf(name)
		if replay {
			role, rank = replayRole(name)
		}
		for configured, wanted := range r.cfg.Columns {
			if strings.EqualFold(strings.TrimSpace(configured), name) {
				role, rank = wanted, -1
			}
		}
		if role == roleLabel {
			role += ":" + name
		}
		if name == "" || role == roleIgnore {
			role = ""
		}
		meanings[i] = role
		if role == "" {
			continue
		}
		switch earlier, taken := best[role]; {
		case taken && earlier.rank == rank:
			faults.add(line, "columns", fmt.Sprintf("%q and %q, both the %s", header[earlier.at], name, role), "one; say in columns which to ignore")
		case !taken || rank < earlier.rank:
			best[role] = claim{i, rank}
		}
	}
	for i, role := range meanings {
		switch at := place[role]; {
		case role == "" || best[role].at != i:
			if name := header[i]; replay && name != "" && !configured(r.cfg.Columns, name) {
				c.labels = append(c.labels, labelColumn{i, name}) // a weight that does not count is a label there
			} else if name != "" {
				c.ignored = append(c.ignored, name)
			}
		case at != nil:
			*at = i
		default:
			c.labels = append(c.labels, labelColumn{i, strings.TrimPrefix(role, roleLabel+":")})
		}
	}
	if !c.timed() {
		return c, false
	}
	if !replay {
		// An engine learns from the first six labels: those that tell most stand first, whatever the order of the columns.
		slices.SortStableFunc(c.labels, func(a, b labelColumn) int { return labelRank(a.key) - labelRank(b.key) })
	}
	r.faults.List = append(r.faults.List, faults.List...)
	r.plan.Ignored = c.ignored
	return c, true
}

func configured(columns map[string]string, name string) bool {
	for c := range columns {
		if strings.EqualFold(strings.TrimSpace(c), name) {
			return true
		}
	}
	return false
}

// replayRole is what a column means in the events of a replay (examples/replay -events), which begin with a column
// timestamp: the columns that it knows, and everything else is a label.
func replayRole(name string) (role string, rank int) {
	switch name = strings.ToLower(name); name {
	case roleTimestamp, roleID, roleKind, roleWeight, roleWindow:
		return name, 0
	case "duration_s":
		return roleDuration, 0
	case "spend_usd":
		return roleWeight, 1
	case "grp":
		return roleWeight, 2
	}
	return roleLabel, 0
}

// labelRank is the place of a label among those that names suggest; others stand behind them.
func labelRank(key string) int {
	for i, c := range columnNames {
		if c.role == roleLabel+":"+key {
			return i
		}
	}
	return len(columnNames)
}
