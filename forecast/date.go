package forecast

import (
	"fmt"
	"time"
)

// Date is a local day, such as a holiday. As text it is "2026-12-25".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String returns the date as text.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// MarshalText returns the date as text, or an error where there is no such day.
func (d Date) MarshalText() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads a date as MarshalText writes it.
func (d *Date) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return fmt.Errorf("date %q: wanted one such as \"2026-12-25\"", b)
	}
	d.Year, d.Month, d.Day = t.Date()
	return nil
}

// Check returns an error where the calendar has no such day, or its year is not between 1700 and 2250.
func (d Date) Check() error {
	y, m, day := d.time().Date()
	if y != d.Year || m != d.Month || day != d.Day || y < 1700 || y > 2250 {
		return fmt.Errorf("date %v: wanted a day of the calendar between 1700 and 2250", d)
	}
	return nil
}

func (d Date) time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// day counts days since 1970.
func (d Date) day() int64 { return floorDiv(d.time().Unix(), 86400) }
