package deploy

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The golden files are the specification of what is refused and how that is said. After a change: go test ./adapters/deploy -run
// Faults -update, and read the difference line by line.
func TestFaultsAreSaidAllAtOnce(t *testing.T) {
	for _, name := range []string{"form", "sense", "parts"} {
		text, err := os.ReadFile("testdata/" + name + ".yaml")
		require.NoError(t, err)
		_, err = Load(text, "eu", nil)
		var faults Faults
		require.True(t, errors.As(err, &faults), "%v", err)
		lines := make([]string, len(faults))
		for i, f := range faults {
			lines[i] = f.String()
			require.Positive(t, f.Line, f)
		}
		got := strings.Join(lines, "\n") + "\n"
		require.NotContains(t, got+err.Error(), "hunter2")
		golden := "testdata/" + name + ".txt"
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got)
	}
}

func TestTextThatIsNoDocument(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "deployment: the document is empty; wanted an object",
		"# nothing":                           "deployment: the document is empty; wanted an object",
		"- a":                                 "deployment: line 1: the whole is a list; wanted an object",
		"version: 1\n  tags: {":               "deployment: line 2: mapping values are not allowed in this context; wanted YAML or JSON",
		"version: 1\n---\nversion: 1":         "deployment: line 2: another document begins; wanted one",
		"version: 1\nversion: 2":              "deployment: line 2: version is there twice; wanted each name once",
		"version: 0x1":                        `deployment: line 1: version is "0x1"; wanted a number as JSON has it, or a text in quotes`,
		"version: 1\ntags: {a: !x b}":         `deployment: line 2: tags.a is marked with !; wanted a value without a mark, or a text in quotes`,
		"version: 1\ntags: &a {b: c, <<: {}}": "deployment: line 2: tags.<< is there; wanted nothing: what << means is not part of YAML any more; use defaults",
		"version: 1\ntags: {? [a] : b}":       "deployment: line 2: tags is an object with a key that is no text; wanted names as keys",
		"{\"version\": 1, \"clusters\": 3}":   "deployment: line 1: clusters is a number; wanted an object",
		"version: *secret":                    "deployment: unknown anchor '...' referenced; wanted YAML or JSON",
		"{\n\"version\": 1,\n\"tags\": {\"a\": \"b\",\n\"a\": 7}}": "deployment: line 4: tags.a is there twice; wanted each name once",
		"{\n\"version\": 1,\n\"tags\": {\"a\":\n 7}}":              "deployment: line 4: tags.a is 7; wanted a text",
		"version: .inf": `deployment: line 1: version is ".inf"; wanted a number as JSON has it, or a text in quotes`,
	} {
		_, err := Parse([]byte(text))
		require.EqualError(t, err, want, text)
	}
}

func TestReferencesOfYAMLAreBounded(t *testing.T) {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		before := "*a" + string(rune('0'+i)) + ", "
		text += "a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.TrimSuffix(strings.Repeat(before, 10), ", ") + "]\n"
	}
	_, err := Parse([]byte(text))
	require.ErrorContains(t, err, "one value too many; wanted at most 200000")
}

func TestJSONIsReadAsJSON(t *testing.T) {
	d, err := Load([]byte("{\n\t\"version\": 1,\n\t\"tags\": {\"a\": \"b\\/c \\ud83d\\ude00 \\u00e4\"}, \"workloads\": [{\"name\": \"a\", \"actuator\": {\"memory\": {}}, "+
		"\"feeds\": [{\"signal\": \"demand\", \"inputs\": [{\"name\": \"a\", \"file\": {\"path\": \"a\"}}]}]}]}"), "", nil)
	require.NoError(t, err)
	require.Equal(t, "b/c \U0001f600 \u00e4", d.Config.Tags["a"])
}

func TestAClusterThatIsUnknown(t *testing.T) {
	_, err := Load(whole(t), "mars", nil)
	require.EqualError(t, err, `deployment: cluster is "mars"; wanted one of eu, staging, us`)
}
