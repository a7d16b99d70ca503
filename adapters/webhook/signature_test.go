package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/headroom-go/headroom/adapters/webhook"
)

// sent is a request as a receiver gets it.
func sent(method, target, body string) *http.Request {
	return httptest.NewRequest(method, target, strings.NewReader(body))
}

// signed is one that was signed at a time.
func signed(method, target, body string, at time.Time, keys ...webhook.Key) *http.Request {
	r := sent(method, target, body)
	webhook.Sign(r, []byte(body), at, keys...)
	return r
}

func newVerifier(t testing.TB, change func(c *webhook.VerifierConfig)) *webhook.Verifier {
	cfg := webhook.VerifierConfig{Keys: keys, Clock: func() time.Time { return minute(0) }}
	if change != nil {
		change(&cfg)
	}
	v, err := webhook.NewVerifier(cfg)
	require.NoError(t, err)
	return v
}

// refused demands that r is refused in these words.
func refused(t testing.TB, v *webhook.Verifier, r *http.Request, body string, status int, want string) {
	t.Helper()
	key, err := v.Verify(r, []byte(body))
	require.Empty(t, key)
	require.ErrorContains(t, err, want)
	var why *webhook.SignatureError
	require.ErrorAs(t, err, &why)
	require.Equal(t, status, why.Status)
	requireDiscreet(t, err.Error())
}

// handmade is the header as the documentation says that it is made.
func handmade(secret string, t int64, id, subject, body string) string {
	h := hmac.New(sha256.New, []byte(secret))
	io.WriteString(h, fmt.Sprintf("%d\n%s\n%s\n%s", t, id, subject, body))
	return fmt.Sprintf("t=%d,id=%s,v1=%s", t, id, hex.EncodeToString(h.Sum(nil)))
}

func TestVerifierKnowsWhoHasSent(t *testing.T) {
	v := newVerifier(t, nil)
	for _, k := range keys {
		key, err := v.Verify(signed("POST", "/a?b=%2F", "text", minute(0), k), []byte("text"))
		require.NoError(t, err)
		require.Equal(t, k.Name, key)
	}
	key, err := v.Verify(signed("POST", "/a", "text", minute(0), webhook.Key{Name: "x", Secret: otherKey}, keys[1]), []byte("text"))
	require.NoError(t, err, "a sender that has a key more")
	require.Equal(t, "2025", key)

	r := sent("DELETE", "/announcements?id=tv-1", "")
	r.Header.Set(webhook.SignatureHeader, handmade(newKey, minute(0).Unix(), "0123456789abcdef", "DELETE /announcements?id=tv-1", ""))
	key, err = v.Verify(r, nil)
	require.NoError(t, err)
	require.Equal(t, "2026a", key)
}

// The vectors of RFC 4231 do not begin with a time, as what is signed here does; another program has to say what is right.
func TestSignatureIsThatOfOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		require.Empty(t, os.Getenv("CI"), "openssl is not installed")
		t.Skip("openssl is not installed")
	}
	const id, subject, body = "6f0c2b9d1e4a7358", "POST /announcements", `{"id":"tv-1"}`
	cmd := exec.CommandContext(t.Context(), openssl, "dgst", "-sha256", "-hmac", newKey)
	cmd.Stdin = strings.NewReader("1709583300\n" + id + "\n" + subject + "\n" + body)
	out, err := cmd.Output()
	require.NoError(t, err)
	_, mac, _ := strings.Cut(strings.TrimSpace(string(out)), "= ")
	require.Equal(t, handmade(newKey, 1709583300, id, subject, body), "t=1709583300,id="+id+",v1="+mac)
}

func TestVerifierRefuses(t *testing.T) {
	const body = `{"id":"tv-1"}`
	good := func() *http.Request { return signed("POST", "/announcements", body, minute(0), keys[1]) }
	header := func(text ...string) *http.Request {
		r := sent("POST", "/announcements", body)
		r.Header[webhook.SignatureHeader] = text
		return r
	}
	mac := strings.Repeat("0", 64)
	change := func(f func(r *http.Request)) *http.Request { r := good(); f(r); return r }
	cases := map[string]struct {
		r    *http.Request
		want string
	}{
		"nothing":            {header(), "header Headroom-Signature is missing; wanted t=UNIX SECONDS,id="},
		"twice":              {header("a", "b"), "is there 2 times; wanted once"},
		"an empty one":       {header(""), "not understood from part 1 on"},
		"a bare HMAC":        {header(mac), "not understood from part 1 on"},
		"no time":            {header("id=12345678,v1=" + mac), "is incomplete; wanted t="},
		"no id":              {header("t=1709582400,v1=" + mac), "is incomplete"},
		"no HMAC":            {header("t=1709582400,id=12345678"), "is incomplete"},
		"two times":          {header("t=1709582400,t=1709582400,id=12345678,v1=" + mac), "is with t twice"},
		"two ids":            {header("t=1709582400,id=12345678,id=12345678,v1=" + mac), "is with id twice"},
		"a time with a +":    {header("t=+1709582400,id=12345678,v1=" + mac), "not understood from part 1 on"},
		"a time with zeros":  {header("t=01709582400,id=12345678,v1=" + mac), "not understood from part 1 on"},
		"a negative time":    {header("t=-1709582400,id=12345678,v1=" + mac), "not understood from part 1 on"},
		"a huge time":        {header("t=99999999999999,id=12345678,v1=" + mac), "not understood from part 1 on"},
		"a short id":         {header("t=1709582400,id=1234567,v1=" + mac), "not understood from part 2 on"},
		"a long id":          {header("t=1709582400,id=" + strings.Repeat("1", 65) + ",v1=" + mac), "not understood from part 2 on"},
		"an id of two lines": {header("t=1709582400,id=1234\n5678,v1=" + mac), "not understood from part 2 on"},
		"half an HMAC":       {header("t=1709582400,id=12345678,v1=" + mac[:62]), "not understood from part 3 on"},
		"no HMAC at all":     {header("t=1709582400,id=12345678,v1="), "not understood from part 3 on"},
		"five":               {header("t=1709582400,id=12345678" + strings.Repeat(",v1="+mac, 5)), "not understood from part 7 on"},
		"another version":    {header("t=1709582400,id=12345678,v2=" + mac), "not understood from part 3 on"},
		"too long":           {header(strings.Repeat("v1="+mac+",", 20)), "bytes long; wanted at most 512"},
		"zeros":              {header("t=1709582400,id=12345678,v1=" + mac), `made with no key of this receiver, or of something else; wanted that of "POST /announcements", time, id and the 13 bytes of the body`},
		"another key":        {signed("POST", "/announcements", body, minute(0), webhook.Key{Name: "x", Secret: otherKey}), "made with no key"},
		"another body":       {signed("POST", "/announcements", `{"id":"tv-2"}`, minute(0), keys[0]), "made with no key"},
		"another path":       {change(func(r *http.Request) { r.RequestURI = "/announcement" }), "made with no key"},
		"another query":      {change(func(r *http.Request) { r.RequestURI += "?a=1" }), "made with no key"},
		"another method":     {change(func(r *http.Request) { r.Method = "DELETE" }), "made with no key"},
		"another time": {change(func(r *http.Request) {
			r.Header.Set(webhook.SignatureHeader, strings.Replace(r.Header.Get(webhook.SignatureHeader), "t=1709582400", "t=1709582401", 1))
		}), "made with no key"},
		"the signature of an answer": {change(func(r *http.Request) {
			webhook.SignAnswer(r.Header, r, 200, []byte(body), minute(0), keys[0])
		}), "made with no key"},
		"too old":   {signed("POST", "/announcements", body, minute(-5).Add(-time.Second), keys[0]), "is of 1709582099, which is 5m1s behind; wanted at most 5m0s from the clock of this receiver, 1709582400"},
		"too early": {signed("POST", "/announcements", body, minute(5).Add(time.Second), keys[0]), "is of 1709582701, which is 5m1s ahead; wanted at most 5m0s"},
	}
	v := newVerifier(t, nil)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { refused(t, v, c.r, body, http.StatusUnauthorized, c.want) })
	}
	for _, at := range []time.Time{minute(-5), minute(5)} {
		_, err := v.Verify(signed("POST", "/announcements", body, at, keys[0]), []byte(body))
		require.NoError(t, err, "as far from the clock as it may be")
	}
}

func TestVerifierTakesARequestOnce(t *testing.T) {
	now := minute(-5).Add(10 * time.Second)
	v := newVerifier(t, func(c *webhook.VerifierConfig) { c.Clock = func() time.Time { return now } })
	_, err := v.Verify(signed("GET", "/", "", now, keys[0]), nil)
	require.NoError(t, err)
	now = minute(0)
	first := signed("POST", "/a", "x", minute(4), keys...)
	_, err = v.Verify(first, []byte("x"))
	require.NoError(t, err)
	for now = minute(0); !now.After(minute(9)); now = now.Add(10 * time.Second) {
		refused(t, v, first, "x", http.StatusConflict, "is that of a request that was here before; wanted a new id and time for each request")
		_, err := v.Verify(signed("GET", "/", "", now, keys[0]), nil) // others come meanwhile
		require.NoError(t, err)
	}
	now = minute(9).Add(time.Second)
	refused(t, v, first, "x", http.StatusUnauthorized, "behind")

	now = minute(20)
	both := signed("POST", "/a", "x", now, keys...)
	_, err = v.Verify(both, []byte("x"))
	require.NoError(t, err)
	text := both.Header.Get(webhook.SignatureHeader)
	both.Header.Set(webhook.SignatureHeader, text[:len(text)-68]) // without the HMAC of the other key
	refused(t, v, both, "x", http.StatusConflict, "before")
}

// A request that is refused for its signature must not use up the id of one that is right.
func TestVerifierRemembersOnlyWhatItBelieves(t *testing.T) {
	v := newVerifier(t, func(c *webhook.VerifierConfig) { c.Memory = 2 })
	good := signed("POST", "/a", "x", minute(0), keys[0])
	for range 5 {
		refused(t, v, good, "y", http.StatusUnauthorized, "made with no key")
	}
	_, err := v.Verify(good, []byte("x"))
	require.NoError(t, err)
}

func TestVerifierRefusesWhatItCannotRemember(t *testing.T) {
	now := minute(0)
	v := newVerifier(t, func(c *webhook.VerifierConfig) {
		c.Memory, c.Clock = 3, func() time.Time { return now }
	})
	for range 3 {
		_, err := v.Verify(signed("POST", "/a", "", now, keys[0]), nil)
		require.NoError(t, err)
	}
	now = minute(4)
	late := signed("POST", "/a", "", now, keys[0])
	refused(t, v, late, "", http.StatusTooManyRequests, "3 requests within 10m0s; wanted fewer")
	var why *webhook.SignatureError
	_, err := v.Verify(late, nil)
	require.ErrorAs(t, err, &why)
	require.Equal(t, 6*time.Minute+time.Second, why.RetryAfter)
	now = now.Add(why.RetryAfter)
	_, err = v.Verify(signed("POST", "/a", "", now, keys[0]), nil)
	require.NoError(t, err)
}

func TestVerifierBehindAProxy(t *testing.T) {
	v := newVerifier(t, func(c *webhook.VerifierConfig) { c.Prefix = "/headroom" })
	r := signed("POST", "/headroom/a?b=1", "x", minute(0), keys[0])
	r.RequestURI = "/a?b=1"
	_, err := v.Verify(r, []byte("x"))
	require.NoError(t, err)
	r = signed("POST", "/headroom/a?b=1", "x", minute(0), keys[0])
	r.RequestURI = "http://shop/a?b=1" // as a client writes it to a forward proxy
	_, err = v.Verify(r, []byte("x"))
	require.NoError(t, err)
	refused(t, v, signed("POST", "/a?b=1", "x", minute(0), keys[0]), "x", http.StatusUnauthorized, `wanted that of "POST /headroom/a?b=1"`)
}

// The memory is a list of all requests, looked through for each.
func TestMemoryIsItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := minute(0)
		v, err := webhook.NewVerifier(webhook.VerifierConfig{Keys: keys, Tolerance: time.Minute, Clock: func() time.Time { return now }})
		require.NoError(t, err)
		type request struct {
			r     *http.Request
			taken bool
			at    time.Time
		}
		var all []*request
		for range rapid.IntRange(1, 60).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(-1, 40).Draw(t, "seconds")) * time.Second)
			if len(all) == 0 || rapid.Bool().Draw(t, "new") {
				at := now.Add(time.Duration(rapid.IntRange(-70, 70).Draw(t, "skew")) * time.Second)
				all = append(all, &request{r: signed("GET", "/", "", at, keys[0]), at: at})
			}
			x := all[rapid.IntRange(0, len(all)-1).Draw(t, "which")]
			_, err := v.Verify(x.r, nil)
			want := 0
			switch {
			case x.at.Sub(now).Abs() > time.Minute:
				want = http.StatusUnauthorized
			case x.taken:
				want = http.StatusConflict
			default:
				x.taken = true
			}
			var why *webhook.SignatureError
			if errors.As(err, &why) {
				require.Equal(t, want, why.Status)
			} else {
				require.Zero(t, want)
			}
		}
	})
}

func TestNewVerifierReportsEveryFault(t *testing.T) {
	_, err := webhook.NewVerifier(webhook.VerifierConfig{Tolerance: time.Millisecond, Memory: -1, Prefix: "a/"})
	require.EqualError(t, err, `config: 4 faults: keys is an empty list; wanted at least one key`+
		` | tolerance is 1ms; wanted 0s (5m0s), or 1s to 1h0m0s | memory is -1; wanted 0 (10000) to 1000000 | prefix is "a/"; wanted a path such as /headroom`)
}

// FuzzVerify demands that no header is believed but those that are made by the rule.
func FuzzVerify(f *testing.F) {
	f.Add("t=1709582400,id=12345678,v1="+strings.Repeat("0", 64), "POST", "/a", []byte("x"))
	f.Add(handmade(newKey, minute(0).Unix(), "0123456789abcdef", "POST /a", "x"), "POST", "/a", []byte("x"))
	f.Add("t=1709582400,id=a,v1=,v1=,", "GET", "/", []byte{})
	f.Fuzz(func(t *testing.T, header, method, target string, body []byte) {
		v := newVerifier(t, nil)
		r := &http.Request{Method: method, RequestURI: target, Header: http.Header{webhook.SignatureHeader: {header}}}
		_, err := v.Verify(r, body)
		if err != nil {
			var why *webhook.SignatureError
			require.ErrorAs(t, err, &why)
			requireDiscreet(t, err.Error())
			return
		}
		// Whoever is believed has said so with one of the keys, over this text.
		part := map[string]string{}
		for _, p := range strings.Split(header, ",") {
			name, value, _ := strings.Cut(p, "=")
			part[name] += "v1=" + strings.ToLower(value)
			if name != "v1" {
				part[name] = value
			}
		}
		at, err := strconv.ParseInt(part["t"], 10, 64)
		require.NoError(t, err)
		made := func(secret string) bool {
			_, want, _ := strings.Cut(handmade(secret, at, part["id"], method+" "+target, string(body)), ",v1=")
			return strings.Contains(part["v1"], "v1="+want)
		}
		require.True(t, made(newKey) || made(oldKey), "%q is believed", header)
	})
}
