// Package refusal has what adapters make of the answers of HTTP servers that do not answer the question.
package refusal

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MaxRetryAfter bounds what a server may ask for: a header that is a year off must not make the engine blind for a year.
const MaxRetryAfter = 5 * time.Minute

// RetryAfter reads the header Retry-After, which is a number of seconds or a date (RFC 9110, section 10.2.3); 0 where it says
// nothing.
func RetryAfter(value string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), MaxRetryAfter)
}

const maxMessage = 300

// Clip returns the beginning of text, at most 300 bytes, on one line.
func Clip(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "..."
	}
	return text
}

// Address returns the parts of text, and false where it is no address of HTTP that says all but who asks: a password has no
// place in it. Nothing is to be said of a wrong one, because a password may stand anywhere in it.
func Address(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, false
	}
	return u, true
}

// Silence remembers how long a server wants to be left alone. The zero value is ready; its methods are safe for concurrent
// use.
type Silence struct {
	mu    sync.Mutex
	until time.Time
	said  error // with which it said so
}

// Heed keeps to the time that err wants, if it has a method Wait() time.Duration in its chain.
func (s *Silence) Heed(err error) {
	var says interface{ Wait() time.Duration }
	if !errors.As(err, &says) || says.Wait() <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said, s.until = err, time.Now().Add(says.Wait())
}

// Err returns an error while the server wants to be left alone. It wraps that of the last answer.
func (s *Silence) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Until(s.until)
	if wait <= 0 {
		return nil
	}
	return fmt.Errorf("not asked, %v too early, since the last answer was %w", wait.Round(time.Millisecond), s.said)
}
