package adapters_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// linked are the foreign modules whose packages the programs and packages of the root module link, tests aside. Each stands in a note
// of docs/decisions; more than twenty would be too heavy for a library that others import.
var linked = []string{
	"github.com/DataDog/datadog-go/v5",
	"github.com/adhocore/gronx",
	"github.com/cenkalti/backoff/v5",
	"github.com/emersion/go-ical",
	"github.com/mitchellh/colorstring",
	"github.com/rivo/uniseg",
	"github.com/schollz/progressbar/v3",
	"github.com/stretchr/testify",
	"github.com/teambition/rrule-go",
	"go.yaml.in/yaml/v2",
	"go.yaml.in/yaml/v3",
	"golang.org/x/sys",
	"golang.org/x/term",
	"golang.org/x/time",
	"golang.org/x/tools",
	"gonum.org/v1/gonum",
	"sigs.k8s.io/yaml",
}

const mostLinked = 20

func TestLinkedModules(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err, "the go command is needed to list the packages")
	got := strings.Fields(string(out))
	slices.Sort(got)
	got = slices.Compact(got)
	require.Equal(t, linked, got)
	require.LessOrEqual(t, len(got), mostLinked)
}
