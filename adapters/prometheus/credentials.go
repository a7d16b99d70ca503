package prometheus

import (
	"fmt"
	"net/http"
	"os"
	"strings"
)

// credentials are what one request is sent with.
type credentials struct {
	header map[string]string
	hide   []string // what no message may hold
}

// newCredentials returns the credentials of the next request. It reads the token file.
func newCredentials(cfg SourceConfig) (credentials, error) {
	c := credentials{header: map[string]string{}}
	for name, value := range cfg.Header {
		c.header[name] = string(value)
		c.hide = append(c.hide, string(value))
	}
	token := string(cfg.Token)
	if cfg.TokenFile != "" {
		text, err := os.ReadFile(cfg.TokenFile)
		if err != nil {
			return c, fmt.Errorf("token file: %w", err)
		}
		if token = strings.TrimSpace(string(text)); token == "" {
			return c, fmt.Errorf("token file %s is empty; wanted a token", cfg.TokenFile)
		}
	}
	if token != "" {
		c.header["Authorization"] = "Bearer " + token
		c.hide = append(c.hide, token)
	}
	if cfg.User != "" || cfg.Password != "" {
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(cfg.User, string(cfg.Password))
		basic := req.Header.Get("Authorization")
		c.header["Authorization"] = basic
		c.hide = append(c.hide, string(cfg.Password), strings.TrimPrefix(basic, "Basic "))
	}
	return c, nil
}
