package scaler_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/headroom-go/headroom"

// allowed says which packages of the module a package may import; a package that is not here may not exist. "std" alone
// means the standard library only, "any" that foreign modules are fine.
var allowed = map[string][]string{
	"internal/fp":        {"std"},
	"internal/state":     {"std"},
	"internal/reference": {"std"},
	"internal/csvfile":   {"std"},
	"internal/command":   {"any"}, // the frame of commands, not of the core

	"internal/prometheustest": {"any"}, // for tests
	"forecast":                {"std", "internal/fp", "internal/state"},
	"forecast/fit":            {"any", "forecast"}, // off the decision path
	"policy":                  {"std", "internal/fp", "internal/state", "policy/compat"},
	"policy/compat":           {"std", "internal/fp", "internal/state"},
	"policy/sizing":           {"std", "internal/fp", "internal/state", "policy", "policy/compat"},
	"policy/sizing/exports":   {"std", "internal/csvfile", "policy/sizing"},
	"scaler":                  {"std", "forecast", "policy", "policy/compat", "policy/sizing", "internal/state"},

	"scaler/scalertest": {"std", "forecast", "policy", "scaler"},
	"scaler/sim":        {"any", "internal/csvfile", "internal/fp", "forecast", "policy", "policy/compat", "scaler"},
	"scaler/sim/ingest": {"std", "internal/csvfile", "forecast", "scaler/sim"},
	"scaler/sim/report": {"std", "forecast", "scaler", "scaler/sim"},
	"scaler/sim/sizes":  {"any", "forecast", "policy", "policy/compat", "policy/sizing", "scaler", "scaler/sim"},
	"adapters":          {"any", "forecast", "policy", "scaler", "adapters/internal/booting"},
	"adapters/*":        {"any", "forecast", "policy", "scaler", "adapters", "adapters/internal/booting", "adapters/internal/timeline", "adapters/internal/secret", "adapters/internal/refusal", "adapters/internal/fleetform", "adapters/internal/moment"},
	"adapters/deploy": {"any", "forecast", "policy/compat", "policy/sizing", "scaler", "adapters", "adapters/calendar", "adapters/datadog", "adapters/file",
		"adapters/memory", "adapters/prometheus", "adapters/webhook"},
	"bench":      {"any", "forecast", "policy", "scaler", "scaler/sim"},
	"bench/*":    {"any", "internal/command", "internal/csvfile", "forecast", "policy", "scaler", "scaler/sim"},
	"examples/*": {"any", "internal/command", "forecast", "forecast/fit", "policy", "scaler", "scaler/sim", "scaler/sim/ingest", "scaler/sim/report", "scaler/sim/sizes", "policy/sizing", "policy/sizing/exports", "policy/compat", "adapters", "adapters/memory", "adapters/file", "adapters/calendar", "adapters/prometheus", "adapters/deploy"},
}

// core are the packages that decide: no goroutine, channel, clock, environment, file, socket or randomness.
var core = []string{"internal/fp", "internal/state", "forecast", "policy", "policy/compat", "policy/sizing", "scaler"}

type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
	Standard        bool
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err, "the go command is needed to list the packages")
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		require.NoError(t, dec.Decode(&p))
		list = append(list, p)
	}
	require.NotEmpty(t, list)
	return list
}

func ruleFor(name string) (rules []string, ok bool) {
	if rules, ok = allowed[name]; ok {
		return rules, true
	}
	for parent := name; parent != "."; {
		parent = filepath.Dir(parent)
		if rules, ok = allowed[parent+"/*"]; ok {
			return rules, true
		}
	}
	return nil, false
}

func TestWhoMayImportWhom(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		rules, ok := ruleFor(name)
		if !ok {
			t.Errorf("package %s stands in no rule of who may import whom", name)
			continue
		}
		for _, imp := range p.Imports {
			inside, own := strings.CutPrefix(imp, module+"/")
			foreign := !own && strings.Contains(strings.Split(imp, "/")[0], ".")
			switch {
			case own && !slices.Contains(rules, inside):
				t.Errorf("%s imports %s; it may import %v", name, inside, rules)
			case foreign && !slices.Contains(rules, "any"):
				t.Errorf("%s imports %s; it may import the standard library only", name, imp)
			}
		}
	}
}

// impure are the selectors that the core may not use.
var impure = regexp.MustCompile(`^(time\.(Now|Since|Until|After|AfterFunc|Tick|NewTimer|NewTicker|Sleep|LoadLocation|Local)|os\..*|rand\..*|net\..*|syscall\..*|runtime\..*|math\.(Exp|Exp2|Expm1|Log|Log2|Log10|Log1p|Pow|Sin|Cos|Tan|Sinh|Cosh|Tanh|Asinh|Acosh|Atanh|Cbrt|Gamma|Lgamma|Erf|FMA|Hypot))$`)

func TestTheCoreIsPure(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if !slices.Contains(core, name) {
			continue
		}
		fset := token.NewFileSet()
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, file), nil, 0)
			require.NoError(t, err)
			ast.Inspect(f, func(n ast.Node) bool {
				where := func() string { return name + "/" + filepath.Base(fset.Position(n.Pos()).String()) }
				switch n := n.(type) {
				case *ast.GoStmt, *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
					t.Errorf("%s: the core has no goroutines and no channels", where())
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && impure.MatchString(x.Name+"."+n.Sel.Name) {
						t.Errorf("%s: %s.%s is not for the core", where(), x.Name, n.Sel.Name)
					}
				case *ast.FuncDecl:
					if n.Name.Name == "init" && n.Recv == nil {
						t.Errorf("%s: no init", where())
					}
				}
				return true
			})
		}
	}
}

// On arm64 the compiler may fuse x*y + z into one instruction with one rounding; the bits then differ from amd64. The
// source forbids it by converting each product, and the compiler's own listing shows whether one was forgotten.
func TestNothingIsFusedOnARM64(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the standard library for another processor")
	}
	fused := regexp.MustCompile(`\bF(N?M(ADD|SUB))[SD]\b`)
	for _, name := range core {
		cmd := exec.Command("go", "build", "-gcflags=-S", "./"+name)
		cmd.Dir = ".."
		cmd.Env = append(cmd.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		for _, line := range strings.Split(string(out), "\n") {
			if fused.MatchString(line) {
				t.Errorf("%s: %s", name, strings.TrimSpace(line))
			}
		}
	}
}
