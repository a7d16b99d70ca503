package charttest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

const (
	dir      = "../chart"
	manifest = "../install.yaml"
)

// rendered is the chart with values laid upon its own.
func rendered(t *testing.T, values map[string]any) (string, error) {
	c, err := loader.Load(dir)
	require.NoError(t, err)
	options := chartutil.ReleaseOptions{Name: "headroom", Namespace: "headroom", IsInstall: true}
	full, err := chartutil.ToRenderValues(c, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return "", err
	}
	files, err := engine.Render(c, full)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("# The chart with its own values, for those who have no Helm: go test ./examples/kubernetes/charttest with UPDATE=1 writes it.\n")
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if text := strings.TrimSpace(files[name]); text != "" && strings.HasSuffix(name, ".yaml") {
			out.WriteString("---\n" + text + "\n")
		}
	}
	return out.String(), nil
}

// types are those of all objects that the chart may have.
var types = map[string]func() any{
	"ServiceAccount":      func() any { return new(corev1.ServiceAccount) },
	"ConfigMap":           func() any { return new(corev1.ConfigMap) },
	"Service":             func() any { return new(corev1.Service) },
	"Deployment":          func() any { return new(appsv1.Deployment) },
	"Role":                func() any { return new(rbacv1.Role) },
	"ClusterRole":         func() any { return new(rbacv1.ClusterRole) },
	"RoleBinding":         func() any { return new(rbacv1.RoleBinding) },
	"PodDisruptionBudget": func() any { return new(policyv1.PodDisruptionBudget) },
}

// objects reads manifests; a field that the API does not have is an error.
func objects(t *testing.T, text string) map[string][]any {
	out := map[string][]any{}
	for _, doc := range strings.Split(text, "\n---\n") {
		var meta struct{ Kind string }
		require.NoError(t, yaml.Unmarshal([]byte(doc), &meta))
		if meta.Kind == "" {
			continue
		}
		require.Contains(t, types, meta.Kind)
		object := types[meta.Kind]()
		require.NoError(t, yaml.UnmarshalStrict([]byte(doc), object), doc)
		out[meta.Kind] = append(out[meta.Kind], object)
	}
	return out
}

func TestLint(t *testing.T) {
	for _, m := range lint.AllWithKubeVersion(dir, nil, "headroom", nil).Messages {
		if m.Severity > support.InfoSev {
			t.Error(m)
		}
	}
}

// The manifests are the chart with its own values.
func TestManifests(t *testing.T) {
	text, err := rendered(t, nil)
	require.NoError(t, err)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(manifest, []byte(text), 0o600))
	}
	written, err := os.ReadFile(manifest)
	require.NoError(t, err)
	require.Equal(t, text, string(written))
	all := objects(t, text)
	require.Len(t, all["Deployment"], 1)
	pod := all["Deployment"][0].(*appsv1.Deployment).Spec
	for name, value := range pod.Selector.MatchLabels {
		require.Equal(t, value, pod.Template.Labels[name])
		require.Equal(t, value, all["Service"][0].(*corev1.Service).Spec.Selector[name])
	}
}

func TestValues(t *testing.T) {
	text, err := rendered(t, map[string]any{
		"replicas": 1, "shards": 4, "cluster": "eu", "namespaces": []any{"shop", "search"}, "secret": "keys", "existingConfigMap": "mine",
		"actuators": map[string]any{"scale": false, "floor": true}, "priorityClassName": "high", "nodeSelector": map[string]any{"a": "b"},
		"tolerations": []any{map[string]any{"key": "a"}}, "imagePullSecrets": []any{map[string]any{"name": "pull"}},
	})
	require.NoError(t, err)
	all := objects(t, text)
	require.Len(t, all["RoleBinding"], 3)
	require.Empty(t, all["ConfigMap"])
	require.Empty(t, all["PodDisruptionBudget"])
	for _, rule := range all["ClusterRole"][0].(*rbacv1.ClusterRole).Rules {
		if slices.Contains(rule.Resources, "deployments/scale") {
			require.Equal(t, []string{"get"}, rule.Verbs)
		}
	}
	container := all["Deployment"][0].(*appsv1.Deployment).Spec.Template.Spec.Containers[0]
	require.Contains(t, container.Args, "-shards=4")
	require.Contains(t, container.Args, "-cluster=eu")
	require.Equal(t, "keys", container.EnvFrom[0].SecretRef.Name)
}

// Values that mean nothing are refused, and not passed over.
func TestValuesThatAreWrong(t *testing.T) {
	for _, wrong := range []map[string]any{{"shard": 2}, {"shards": 0}, {"namespaces": []any{}}, {"replicas": "two"}} {
		_, err := rendered(t, wrong)
		require.Error(t, err, "%v", wrong)
	}
}

func TestTerraform(t *testing.T) {
	files, err := filepath.Glob("../terraform/*.tf")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	parser := hclparse.NewParser()
	for _, f := range files {
		_, diagnostics := parser.ParseHCLFile(f)
		require.False(t, diagnostics.HasErrors(), diagnostics.Error())
	}
}
