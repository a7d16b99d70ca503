package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader is the header that a signature stands in, such as
//
//	Headroom-Signature: t=1709583300,id=6f0c2b9d1e4a7358,v1=5d41...
//
// t is when it was made, in unix seconds. id is different for each request, 8 to 64 letters, digits, - and _; an answer
// has that of its request. v1 is the HMAC-SHA-256 (RFC 2104) of the text below in hexadecimal, once for each key:
//
//	1709583300
//	6f0c2b9d1e4a7358
//	POST /announcements
//	(the body, byte for byte)
//
// with a line feed after each of the first three lines. The third is the method and the path with its query as they are
// sent; in an answer it is the number of its status, such as 200. So no part of what is sent can be changed, and no
// signature can be used for anything else. The host is not in it, because proxies change it: use different keys for different
// receivers.
const SignatureHeader = "Headroom-Signature"

// signature is what SignatureHeader holds.
type signature struct {
	at   int64 // unix seconds
	id   string
	macs [][]byte
}

// maxSignature is the longest header in bytes: four HMACs, 20 digits and 64 letters have 400.
const maxSignature = 512

const wantedSignature = "t=UNIX SECONDS,id=8 TO 64 LETTERS OR DIGITS,v1=64 HEXADECIMAL DIGITS"

// parseSignature reads a header. The error quotes nothing, so that it can be shown to anybody.
func parseSignature(text string) (signature, error) {
	var s signature
	if len(text) > maxSignature {
		return s, fmt.Errorf("%d bytes long; wanted at most %d", len(text), maxSignature)
	}
	seen := map[string]bool{}
	for i, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		if seen[name] && name != "v1" {
			return s, fmt.Errorf("with %s twice; wanted %s", name, wantedSignature)
		}
		ok := false
		switch name {
		case "t":
			n, err := strconv.ParseUint(value, 10, 40) // past the year 30000
			s.at, ok = int64(n), err == nil && strconv.FormatUint(n, 10) == value
		case "id":
			s.id, ok = value, isID(value)
		case "v1":
			mac, err := hex.DecodeString(value)
			s.macs = append(s.macs, mac)
			ok = err == nil && len(mac) == sha256.Size && len(s.macs) <= maxSignatures
		}
		if !ok {
			return s, fmt.Errorf("not understood from part %d on; wanted %s, at most %d times v1", i+1, wantedSignature, maxSignatures)
		}
		seen[name] = true
	}
	if !seen["t"] || !seen["id"] || !seen["v1"] {
		return s, errors.New("incomplete; wanted " + wantedSignature)
	}
	return s, nil
}

// isID says whether s may be an id: nothing that ends a line or a part of the header.
func isID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return len(s) >= 8 && len(s) <= 64
}

// String writes the header.
func (s *signature) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "t=%d,id=%s", s.at, s.id)
	for _, mac := range s.macs {
		b.WriteString(",v1=" + hex.EncodeToString(mac))
	}
	return b.String()
}

// mac is the HMAC of a message. subject is the third line of what is signed.
func (k *Key) mac(s *signature, subject string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(k.Secret))
	fmt.Fprintf(h, "%d\n%s\n%s\n", s.at, s.id, subject)
	h.Write(body)
	return h.Sum(nil)
}

// sign adds an HMAC for each key.
func (s *signature) sign(keys []Key, subject string, body []byte) {
	for i := range keys {
		s.macs = append(s.macs, keys[i].mac(s, subject, body))
	}
}

// signer returns the index of the key with which s was made, or -1. It takes as long whichever it is.
func (s *signature) signer(keys []Key, subject string, body []byte) int {
	found := -1
	for i := len(keys) - 1; i >= 0; i-- {
		want := keys[i].mac(s, subject, body)
		for _, mac := range s.macs {
			if hmac.Equal(mac, want) {
				found = i
			}
		}
	}
	return found
}

// Sign signs the request r, whose body is body, with each of keys, at the time at: it sets SignatureHeader. A repetition of
// a request is signed anew.
func Sign(r *http.Request, body []byte, at time.Time, keys ...Key) {
	s := signature{at: at.Unix(), id: rand.Text()}
	s.sign(keys, r.Method+" "+r.URL.RequestURI(), body)
	r.Header.Set(SignatureHeader, s.String())
}

// SignAnswer signs the answer to r, which has that status and body: it sets SignatureHeader in h, before the status is
// written. A request without a signature gets an answer without one.
func SignAnswer(h http.Header, r *http.Request, status int, body []byte, at time.Time, keys ...Key) {
	of, err := parseSignature(r.Header.Get(SignatureHeader))
	if err != nil {
		return
	}
	s := signature{at: at.Unix(), id: of.id}
	s.sign(keys, strconv.Itoa(status), body)
	h.Set(SignatureHeader, s.String())
}

// subject is the third line of what is signed of a request that has come. prefix is what a proxy has cut off its path.
func subject(r *http.Request, prefix string) string {
	target := r.RequestURI
	if u, err := url.ParseRequestURI(target); err == nil && u.IsAbs() { // a proxy was asked for it
		target = u.RequestURI()
	}
	return r.Method + " " + prefix + target
}
