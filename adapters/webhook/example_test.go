package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/webhook"
	"github.com/headroom-go/headroom/forecast"
)

// engine stands for an adapters.Runner.
type engine struct{}

func (engine) Announce(ev forecast.Event) error {
	fmt.Println("announced:", ev.ID, ev.Start.Format(time.TimeOnly), ev.Duration)
	return nil
}

func (engine) Withdraw(id string) error {
	fmt.Println("withdrawn:", id)
	return nil
}

// An as-run feed announces a spot, and takes it back.
func ExampleAnnouncements() {
	key := webhook.Key{Name: "playout", Secret: "8d1f3c5e7a9b2d4f6081a3c5e7f90b2d"}
	receiver, err := webhook.NewAnnouncements(webhook.AnnouncementsConfig{Announcer: engine{}, Verify: webhook.VerifierConfig{Keys: []webhook.Key{key}}})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/announcements", receiver)
	server := httptest.NewServer(mux)
	defer server.Close()

	send := func(method, target string, body []byte) {
		r, err := http.NewRequestWithContext(context.Background(), method, server.URL+target, bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Content-Type", "application/json")
		webhook.Sign(r, body, time.Now(), key)
		answer, err := server.Client().Do(r)
		if err != nil {
			panic(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, _ := io.ReadAll(answer.Body)
		fmt.Print(answer.StatusCode, " ", string(text))
	}
	start := time.Now().Truncate(24 * time.Hour).Add(20*time.Hour + 15*time.Minute)
	body, err := webhook.EncodeEvents(forecast.Event{ID: "tv-17", Kind: "tv", Start: start, Duration: 30 * time.Second})
	if err != nil {
		panic(err)
	}
	send("POST", "/announcements", body)
	send("POST", "/announcements", body)
	send("DELETE", "/announcements?id=tv-17", nil)

	// Output:
	// announced: tv-17 20:15:00 30s
	// 200 {"events":[{"id":"tv-17","state":"announced"}]}
	// announced: tv-17 20:15:00 30s
	// 200 {"events":[{"id":"tv-17","state":"unchanged"}]}
	// withdrawn: tv-17
	// 200 {"events":[{"id":"tv-17","state":"withdrawn"}]}
}

// script returns the lines of the package's documentation that announce an event.
func script(t *testing.T) string {
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok && (strings.HasPrefix(code, "t=$(") || len(lines) > 0) {
			lines = append(lines, code)
		} else if len(lines) > 0 {
			break
		}
	}
	require.Len(t, lines, 6)
	return strings.Join(lines, "")
}

// What the documentation shows is what a shell does, and what is believed.
func TestScriptOfTheDocumentation(t *testing.T) {
	for _, name := range []string{"sh", "openssl", "curl"} {
		if _, err := exec.LookPath(name); err != nil {
			require.Empty(t, os.Getenv("CI"), "%s is not installed", name)
			t.Skipf("%s is not installed", name)
		}
	}
	d := newDesk(t, func(c *webhook.AnnouncementsConfig) {
		c.Verify.Clock = time.Now
		c.Behind = 100 * 365 * 24 * time.Hour // the spot of the documentation is over
	})
	server := newServer(t, d.ServeHTTP)
	run := func(key, text string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", text)
		cmd.Env = append(os.Environ(), "KEY="+key, "URL="+server.URL, "TARGET=/announcements", "no_proxy=127.0.0.1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run(oldKey, script(t))
	require.NoError(t, err, out)
	require.Equal(t, `{"events":[{"id":"tv-17","state":"announced"}]}`+"\n", out)
	require.Equal(t, forecast.Event{ID: "tv-17", Kind: "tv", Start: minute(15), Duration: 30 * time.Second}, d.event("tv-17"))

	out, err = run(otherKey, script(t))
	require.Error(t, err)
	require.Contains(t, out, "made with no key of this receiver")

	replaced := strings.NewReplacer(`POST $TARGET`, `DELETE $TARGET?id=tv-17`, `$URL$TARGET`, `$URL$TARGET?id=tv-17`, `--data-binary "$body"`, "--request DELETE", `{"id":"tv-17","kind":"tv","start":"2024-03-04T20:15:00Z","duration":"30s"}`, "").Replace(script(t))
	out, err = run(newKey, replaced)
	require.NoError(t, err, out)
	require.Zero(t, d.event("tv-17"))
}
