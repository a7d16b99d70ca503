package controller

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/headroom-go/headroom/adapters/calendar"
)

// installed is the deployment file of the manifests.
func installed(t *testing.T) string {
	manifests, err := os.ReadFile("../install.yaml")
	require.NoError(t, err)
	for _, doc := range strings.Split(string(manifests), "\n---\n") {
		var m corev1.ConfigMap
		if yaml.Unmarshal([]byte(doc), &m) == nil && m.Kind == "ConfigMap" {
			return m.Data["headroom.yaml"]
		}
	}
	t.Fatal("install.yaml has no ConfigMap")
	return ""
}

// The file of the manifests can be run, also with the calendar that the Terraform example speaks of, whose plan can be read.
func TestInstalledFile(t *testing.T) {
	p := newPlane(t, 1)
	_, err := newController(t.Context(), p.config("a", p.file(installed(t))))
	require.NoError(t, err)

	terraform, err := os.ReadFile("../terraform/main.tf")
	require.NoError(t, err)
	found := regexp.MustCompile(`(?s)<<-EOT\n(.*?)\n  EOT`).FindSubmatch(terraform)
	require.NotNil(t, found)
	calendars := regexp.MustCompile(`(?m)^    `).ReplaceAllString(string(found[1]), "")
	c, err := newController(t.Context(), p.config("a", p.file(installed(t)+"\n"+calendars+"\n")))
	require.NoError(t, err)
	document, _ := c.file.current()
	require.Equal(t, "/etc/headroom/plans/mediaplan.csv", document.Config.Calendars.List[0].File)

	plan, err := os.ReadFile("../terraform/mediaplan.csv")
	require.NoError(t, err)
	from := time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)
	read, err := calendar.Read(plan, "mediaplan.csv", calendar.ReadConfig{Kind: "tv", Location: time.UTC, From: from, To: from.AddDate(0, 1, 0)})
	require.NoError(t, err)
	require.Len(t, read.Entries, 3)
	require.Empty(t, read.Ignored)
}

// A file that is wrong is refused and what runs goes on; one that is right is taken, and the log says whose engine is another one.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlane(t, 1)
		p.replicas["shop"], p.replicas["feed"] = 6, 6
		cfg := p.config("a", p.file(text("shop", "feed")))
		a := p.start(cfg)
		pass(5 * time.Minute)
		before := p.scaleOf("shop")
		write := func(document string) {
			require.NoError(t, os.WriteFile(cfg.File, []byte(document), 0o600))
			pass(20 * time.Second)
		}
		write("version: 1\nworkloads: [{name: shop}]\n")
		require.Contains(t, a.logs.String(), "the deployment file is refused")
		assembly, _ := a.shards[0].look()
		require.Len(t, assembly.Group.Runners(), 2)

		changed := strings.Replace(text("shop", "feed"), "- {name: shop,", "- {name: shop, engine: {min: 9},", 1)
		write(changed)
		logs := a.logs.String()
		require.Contains(t, logs, "the engine of the workload is another one")
		require.Contains(t, logs, "workload=shop")
		require.Equal(t, 1, strings.Count(logs, "snapshot restored"), "feed goes on")
		require.NotEqual(t, before, p.scaleOf("shop"))
		require.GreaterOrEqual(t, p.scaleOf("shop"), 9)
		require.Equal(t, []string{"a"}, p.holders())

		write(text("feed"))
		require.Contains(t, a.logs.String(), "workload is gone")
		assembly, _ = a.shards[0].look()
		require.Len(t, assembly.Group.Runners(), 1)
		p.end(a)
	})
}

// Everything that is wrong is said at once.
func TestConfigThatIsWrong(t *testing.T) {
	_, err := newController(t.Context(), Config{Shards: 65, LeaseDuration: 5 * time.Second, Name: "Head Room"})
	require.Error(t, err)
	for _, field := range []string{"rest", "namespace", "identity", "file", "name", "shards", "renew_deadline"} {
		require.Contains(t, err.Error(), field)
	}
	p := newPlane(t, 2)
	for _, wrong := range []struct{ document, wanted string }{
		{strings.Replace(text("shop"), "{other: {type: scale, settings: {kind: Deployment, namespace: shop, name: shop}}}", "{memory: {start: 3}}", 1), "knows of no lease"},
		{text("shop") + "announcements: [{name: live, keys: [{name: a, secret: \"${file:" + filepath.Join(t.TempDir(), "none") + "}\"}]}]\n", "announcements"},
		{strings.Replace(text("shop"), "kind: Deployment, ", "", 1), "kind"},
		{strings.Replace(text("shop"), "kind: Deployment", "kinds: Deployment", 1), "kinds"},
	} {
		_, err := newController(t.Context(), p.config("a", p.file(wrong.document)))
		require.ErrorContains(t, err, wrong.wanted)
	}
}

// Names of ConfigMaps are names that Kubernetes takes, and two workloads have two.
func TestSnapshotNames(t *testing.T) {
	c := &controller{cfg: Config{Name: "headroom"}}
	require.Equal(t, "headroom-snapshot-shop.calendars", c.snapshotName("shop.calendars"))
	a, b := c.snapshotName("Shop_1"), c.snapshotName("shop_1")
	require.NotEqual(t, a, b)
	require.Regexp(t, `^headroom-snapshot-shop-1-[0-9a-f]{8}$`, a)
}
