package prometheus

import (
	"errors"
	"fmt"
	"time"
)

// silence remembers how long the server wants to be left alone, if err says so.
func (s *Source) silence(err error) {
	var answer *APIError
	if !errors.As(err, &answer) || answer.RetryAfter <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit, s.until = answer, time.Now().Add(answer.RetryAfter)
}

// silenced returns an error while the server wants to be left alone.
func (s *Source) silenced() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Until(s.until)
	if wait <= 0 {
		return nil
	}
	return fmt.Errorf("not asked, %v too early, since the last answer was %w", wait.Round(time.Millisecond), s.limit)
}
