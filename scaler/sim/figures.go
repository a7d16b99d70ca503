package sim

import "strconv"

// figures are the scores of a run as JSON has them; null is what cannot be computed.
type figures struct {
	Cost            *float64 `json:"cost"`
	Ratio           *float64 `json:"ratio"`
	ReplicaHours    *float64 `json:"replica_hours"`
	Unserved        *float64 `json:"unserved"`
	Violation       *float64 `json:"violation"`
	ChangesPerDay   *float64 `json:"changes_per_day"`
	ReversalsPerDay *float64 `json:"reversals_per_day"`
	EventUnserved   *float64 `json:"event_unserved"`
}

func newFigures(s Scores, ratio float64) figures {
	return figures{Cost: orNull(s.Cost), Ratio: orNull(ratio), ReplicaHours: orNull(s.ReplicaHours), Unserved: orNull(s.Unserved),
		Violation: orNull(s.Violation), ChangesPerDay: orNull(s.ChangesPerDay), ReversalsPerDay: orNull(s.ReversalsPerDay),
		EventUnserved: orNull(s.EventUnserved)}
}

// figureNames are the names of the figures in JSON, for the header of a table.
func figureNames() []string {
	return []string{"cost", "ratio", "replica_hours", "unserved", "violation", "changes_per_day", "reversals_per_day", "event_unserved"}
}

// appendText appends the figures to a row of a table; what cannot be computed is empty.
func (f figures) appendText(row []string) []string {
	for _, v := range []*float64{f.Cost, f.Ratio, f.ReplicaHours, f.Unserved, f.Violation, f.ChangesPerDay, f.ReversalsPerDay, f.EventUnserved} {
		text := ""
		if v != nil {
			text = strconv.FormatFloat(*v, 'g', -1, 64)
		}
		row = append(row, text)
	}
	return row
}
