package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const hidden = "hunter2-hunter2-hunter2-hunter2"

// env knows all variables, and all of them are the same.
func env(string) (string, bool) { return hidden, true }

// secretive is whole.yaml with a file that is there, loaded with secrets.
func secretive(t *testing.T) *Deployment {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("  "+hidden+"\n"), 0o600))
	text := strings.ReplaceAll(string(whole(t)), "/run/secrets/prometheus", file)
	d, err := Load([]byte(text), "eu", env)
	require.NoError(t, err)
	return d
}

func TestSecretsAreLookedUp(t *testing.T) {
	d := secretive(t)
	require.Equal(t, hidden, d.Config.Datadog[0].APIKey.Reveal())
	require.Equal(t, hidden, d.Config.Workloads[0].Feeds[0].Inputs[1].Prometheus.Password.Reveal())
	require.Equal(t, hidden, d.Config.Workloads[0].Feeds[0].Inputs[1].Prometheus.Header["X-Scope-OrgID"].Reveal())
}

func TestSecretsAreNotPrinted(t *testing.T) {
	d := secretive(t)
	assembly, err := d.Build(constructors())
	require.NoError(t, err)
	var out bytes.Buffer
	for _, v := range []any{d.Config.Datadog[0].APIKey, &d.Config.Datadog[0].APIKey, d.Config, d, *d, assembly, assembly.Group, Diff(d, d), struct{ s Secret }{d.Config.Datadog[0].APIKey}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, _ := json.Marshal(v)
		out.Write(b)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	b, err := yaml.Marshal(d.Config)
	require.NoError(t, err)
	out.Write(b)
	require.NotContains(t, out.String(), "hunter2")
	require.NotContains(t, out.String(), fmt.Sprintf("%x", "hunter2"))
	require.Contains(t, out.String(), "${env:DD_API_KEY}")
}

func TestSecretsThatCannotBeHad(t *testing.T) {
	long := filepath.Join(t.TempDir(), "long")
	require.NoError(t, os.WriteFile(long, bytes.Repeat([]byte("x"), mostSecret+1), 0o600))
	for name, want := range map[string]string{
		"${env:NOT_SET}":        "wanted the name of an environment variable that is set",
		"${env:BLANK}":          "wanted the name of a secret that is not empty",
		"${file:/does/not/be}":  "wanted the name of a file that can be read: open /does/not/be: no such file or directory",
		"${file:" + long + "}":  "it has more than 65536 bytes",
		"${file:relative/path}": "and not the secret itself",
		"${ENV:A}":              "and not the secret itself",
		"x${env:A}":             "and not the secret itself",
		"${env:A} ":             "and not the secret itself",
		hidden:                  "and not the secret itself",
	} {
		text := "version: 1\ndatadog: [{name: main, application_key: \"${env:A}\", api_key: \"" + name + "\"}]"
		_, err := Load([]byte(text), "", func(name string) (string, bool) {
			return map[string]string{"A": hidden, "BLANK": " "}[name], name != "NOT_SET"
		})
		require.ErrorContains(t, err, want, name)
		require.ErrorContains(t, err, "line 2: datadog[main].api_key is ", name)
		require.NotContains(t, err.Error(), hidden)
	}
}

// Wherever in the file a literal secret is, and whatever is wrong with the text around it, no error shows it.
func TestLiteralSecretsAreInNoError(t *testing.T) {
	for _, text := range []string{
		"version: 1\ndatadog: [{name: main, api_key: %s",
		"version: 1\ndatadog: [{name: main, api_key: \"%s}]",
		"version: 1\ndatadog: [{name: main, api_key: [%s]}]",
		"version: 1\ndatadog: [{name: main, api_key: {%s: 1}}]",
		"version: 1\ndatadog: [{name: main, api_key: '%s', api_key: '%[1]s'}]",
		"version: 1\ndatadog:\n- name: main\n   api_key: %s",
		"version: 1\ndatadog:\n- name: main\n  api_key: !secret %s",
		"version: 1\ndatadog:\n- name: main\n  api_key: *%s",
		"version: 1\ndatadog:\n- name: main\n  api_key: !%s",
		"version: 1\ndatadog:\n- name: main\n  api_key: &%s",
		"version: 1\ndatadog:\n- name: main\n  api_key: \"%s\\q\"",
		"version: 1\ndatadog:\n- name: main\n  api_key: %%%s",
		"version: 1\ndatadog:\n- name: main\n  api_key: %s: a",
		"version: 1\ndatadog:\n- name: main\n  api_key: |\n  %s",
		"version: 1\nworkloads: [{name: a, feeds: [{signal: a, inputs: [{name: a, prometheus: {header: {A: %s}}}]}]}]",
		"version: 1\nclusters: {a: {announcements: [{name: a, keys: [{name: k, secret: %s}]}]}}",
	} {
		_, err := Load(fmt.Appendf(nil, text, hidden), "a", env)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hunter2", text)
	}
}
