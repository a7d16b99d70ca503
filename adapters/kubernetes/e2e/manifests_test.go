package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/headroom-go/headroom/adapters"
	"github.com/headroom-go/headroom/adapters/deploy"
	"github.com/headroom-go/headroom/adapters/kubernetes/e2e"
	"github.com/headroom-go/headroom/examples/kubernetes/controller"
)

// apply makes all objects of a file of manifests, strictly: what the server does not know it refuses.
func apply(t *testing.T, path string) (kinds []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	groups, err := restmapper.GetAPIGroupResources(admin.Discovery())
	require.NoError(t, err)
	mapper := restmapper.NewDiscoveryRESTMapper(groups)
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		u := &unstructured.Unstructured{}
		if err := decoder.Decode(&u.Object); errors.Is(err, io.EOF) {
			return kinds
		} else {
			require.NoError(t, err)
		}
		if len(u.Object) == 0 {
			continue
		}
		mapping, err := mapper.RESTMapping(u.GroupVersionKind().GroupKind(), u.GroupVersionKind().Version)
		require.NoError(t, err, u.GetKind())
		_, err = dyn.Resource(mapping.Resource).Namespace(u.GetNamespace()).Create(t.Context(), u, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		require.NoError(t, err, "%s %s", u.GetKind(), u.GetName())
		kinds = append(kinds, u.GetKind())
	}
}

// TestTheManifests applies those of the controller, has it roll out, and runs it with the rights of their service account and no
// others.
func TestTheManifests(t *testing.T) {
	for _, name := range []string{"headroom", "shop"} {
		_, err := admin.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = admin.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{}) })
	}
	kinds := apply(t, filepath.FromSlash("../../../examples/kubernetes/install.yaml"))
	t.Log(strings.Join(kinds, ", "))
	t.Cleanup(func() {
		_ = admin.RbacV1().ClusterRoles().Delete(context.Background(), "headroom-workloads", metav1.DeleteOptions{})
	})
	at := func(namespace string) *space { return &space{t: t, name: namespace} }
	own, shop := at("headroom"), at("shop")
	own.until("it is rolled out", func() bool { return own.ready("headroom") == 2 })

	shop.deployment("web", 2)
	shop.hpa("web", "web", 2, 20)
	shop.deployment("feed", 2)
	d := newDemand(t, 15)
	text := document(func(i int) string {
		return []string{"{type: floor, settings: {namespace: shop, name: web}}", "{type: scale, settings: {kind: Deployment, namespace: shop, name: feed}}"}[i]
	}, 2)
	file := filepath.Join(t.TempDir(), "headroom.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	config := rest.CopyConfig(plane.Config(e2e.Admin))
	config.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:headroom:headroom", Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	logs := &logged{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- controller.Run(ctx, controller.Config{
			REST: config, Namespace: "headroom", Identity: "headroom-0", File: file,
			Parts: deploy.Parts{Sources: map[string]func(deploy.Part) (adapters.Source, error){
				"demand": func(deploy.Part) (adapters.Source, error) { return d.Source, nil },
			}},
			Logger: slog.New(slog.NewTextHandler(logs, nil)),
		})
	}()
	shop.until("it drives", func() bool { return strings.Contains(logs.String(), "lease acquired") })
	d.now.Store(75)
	shop.until("the floor is up", func() bool { low, base, _ := shop.minimum("web"); return low >= 8 && base == "2" })
	shop.until("the scale is up", func() bool { return shop.wanted("feed") >= 8 })
	events := map[string]int{}
	shop.until("both have their events", func() bool {
		list, err := admin.CoreV1().Events("shop").List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		for i := range list.Items {
			events[list.Items[i].InvolvedObject.Kind+" "+list.Items[i].Reason]++
		}
		return events["HorizontalPodAutoscaler FloorRaised"] > 0 && events["Deployment ScaledUp"] > 0
	})
	cancel()
	require.NoError(t, <-ended)
	for _, name := range []string{"headroom-snapshot-web-000", "headroom-snapshot-web-001"} {
		_, err := admin.CoreV1().ConfigMaps("headroom").Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err, "saved at the end")
	}
	for line := range strings.Lines(logs.String()) {
		require.NotContains(t, line, "forbidden", "a right is missing")
	}
}
